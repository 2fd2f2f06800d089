"""The documentation names what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))
OURS = ("chat/", "agents/", "contactcenter/", "static/", "templates/", "tests/", "bench/", "docs/")
DECISIONS = sorted(path.name for path in (DOCS / "decisions").glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    words = re.findall(r"`([\w./-]+)`", (ROOT / page).read_text(encoding="utf-8"))
    named = {word for word in words if word.startswith(OURS) and not word.startswith("bench/results")}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_between_pages_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(((?!https?:)[^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", ["docs/architecture.md"])
def test_every_name_of_the_code_in_the_architecture_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    names = set(re.findall(r"`((?:[A-Z][a-z]+){2,}|[A-Z]+_[A-Z]+|[a-z]+_[a-z]+)`", text))
    code = "\n".join(
        path.read_text(encoding="utf-8") for room in ("chat", "agents") for path in (ROOT / room).rglob("*.py")
    )
    code += "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "contactcenter").rglob("*.py"))
    assert names
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", code)) == []


def test_decisions_are_numbered_one_after_the_other_and_fit_on_a_page() -> None:
    assert [int(name[:4]) for name in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for name in DECISIONS:
        lines = (DOCS / "decisions" / name).read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"# {int(name[:4])}. ")
        assert len(lines) <= 70


def test_the_glossary_is_in_the_order_of_the_alphabet() -> None:
    words = re.findall(r"^\| \*\*([\w -]+)\*\*", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(words) > 20
    assert words == sorted(words, key=str.lower)
