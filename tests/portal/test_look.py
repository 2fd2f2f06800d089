"""The design system holds what it promises: one dark list, and colours that can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
BASE = (STATIC / "base.css").read_text()
TEXT, EDGE = 4.5, 3.0

TEXT_PAIRS = [
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("paper", "surface", "raised", "sunken")],
    *[("brook", ground) for ground in ("paper", "surface", "raised", "brook-soft")],
    *[("brook-strong", ground) for ground in ("paper", "surface", "brook-soft")],
    *[("rule", ground) for ground in ("paper", "surface", "rule-soft")],
    *[("bad", ground) for ground in ("paper", "surface", "bad-soft")],
    ("ink", "brook-soft"), ("ink-2", "brook-soft"), ("ink", "rule-soft"), ("ink", "warn-soft"), ("ink", "bad-soft"),
    ("on-bar", "bar"), ("on-bar-2", "bar"), ("on-brook", "brook"), ("on-brook", "brook-strong"), ("on-bad", "bad"),
    ("note-ink", "note"), ("ok", "ok-soft"), ("ok", "surface"), ("warn", "warn-soft"), ("warn", "surface"),
]  # fmt: skip
EDGE_PAIRS = [
    *[("line-strong", ground) for ground in ("paper", "surface", "sunken")],
    *[("focus", ground) for ground in ("paper", "surface", "raised", "sunken")],
    *[("rule", ground) for ground in ("paper", "surface", "rule-soft")],
    *[("brook", ground) for ground in ("paper", "surface")],
    ("note-line", "note"),
    ("bad", "surface"),
    ("ok", "surface"),
    ("warn", "surface"),
]


def block(start: str) -> dict[str, str]:
    """Return the custom properties of the block that begins with `start`, and its colour scheme."""
    body = BASE.split(start, 1)[1].split("}", 1)[0]
    return {name: value.strip() for name, value in re.findall(r"(--[\w-]+|color-scheme):([^;]+);", body)}


LIGHT = block(":root {")
DARK_BY_SYSTEM = block(':root:not([data-theme="light"]) {')
DARK_BY_CHOICE = block(':root[data-theme="dark"] {')
SCHEMES = {"light": LIGHT, "dark": LIGHT | DARK_BY_CHOICE}


def test_dark_by_the_system_and_dark_by_choice_are_the_same_list() -> None:
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE
    assert DARK_BY_CHOICE["color-scheme"] == "dark"


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the ratio of WCAG 2, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("front", "ground", "least"),
    [(*pair, TEXT) for pair in TEXT_PAIRS] + [(*pair, EDGE) for pair in EDGE_PAIRS],
)
def test_colours_that_meet_can_be_told_apart(scheme: str, front: str, ground: str, least: float) -> None:
    colours = SCHEMES[scheme]
    assert contrast(colours[f"--{front}"], colours[f"--{ground}"]) >= least


def test_every_icon_that_a_template_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', (STATIC / "icons.svg").read_text()))
    templates = Path(settings.BASE_DIR) / "templates"
    named = {
        name
        for path in templates.rglob("*.html")
        for name in re.findall(r'_icon\.html" with name="([a-z-]+)"|icon="([a-z-]+)"', path.read_text())
        for name in name
        if name
    }
    assert named - drawn == set()


def test_no_template_holds_inline_style_or_script() -> None:
    templates = Path(settings.BASE_DIR) / "templates"
    wrong = re.compile(r"""\sstyle=|\son[a-z]+=["']|<style|<script(?![^>]*\ssrc=)""")
    assert [path.name for path in templates.rglob("*.html") if wrong.search(path.read_text())] == []


def test_every_word_that_a_module_asks_for_stands_on_the_page() -> None:
    shared = "".join((STATIC / "chat" / name).read_text() for name in ("bubbles.js", "links.js"))
    templates = Path(settings.BASE_DIR) / "templates"
    for room, brings in {"chat": ["chat"], "desk": ["desk", "knowledge"]}.items():
        modules = shared + "".join(path.read_text() for path in (STATIC / room).glob("*.js"))
        asked = set(re.findall(r"\bword\('(\w+)'", modules))
        html = "".join(path.read_text() for each in brings for path in (templates / each).glob("*.html"))
        brought = {re.sub(r"-(\w)", lambda m: m[1].upper(), key) for key in re.findall(r"data-t-([\w-]+)=", html)}
        assert asked - brought == set()
