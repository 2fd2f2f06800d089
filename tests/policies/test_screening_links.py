"""Links in a text, and which may be pressed. No database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.screening import find_links, live_links

pytestmark = pytest.mark.rule("EM-LINK")
DOMAINS = frozenset({"maplebrook.example"})


def live(text: str) -> list[str]:
    return [url for _, _, url in live_links(text, DOMAINS)]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("See https://maplebrook.example.", "https://maplebrook.example"),
        ("(https://www.maplebrook.example/pay/)", "https://www.maplebrook.example/pay/"),
        ("HTTPS://Maplebrook.Example/A", "HTTPS://Maplebrook.Example/A"),
        ("here:https://a.b.maplebrook.example/x?y=1&z=(2)#q, or", "https://a.b.maplebrook.example/x?y=1&z=(2)#q"),
        ("https://maplebrook.example:443/", "https://maplebrook.example:443/"),
    ],
)
def test_a_link_over_https_to_a_listed_domain_or_under_it_is_live(text, url):
    [(start, end, found)] = live_links(text, DOMAINS)
    assert (found, text[start:end]) == (url, url)


@pytest.mark.parametrize(
    "text",
    [
        "http://maplebrook.example/",
        "maplebrook.example",
        "www.maplebrook.example",
        "https://evil.example/",
        "https://maplebrook.example.evil.example/",
        "https://evilmaplebrook.example/",
        "https://maplebrook.example@evil.example/",
        "https://user:secret@maplebrook.example/",
        "https://evil.example\\@maplebrook.example/",
        "https://evil.example/https://maplebrook.example/",
        "https://maplebrook.example:8443/",
        "https:///maplebrook.example/",
        "https://maplebrook.exampleа/",  # a Cyrillic letter
        "https://maplebrook.example\u202e/moc",
        "https://maplebrook.example/••••",
        "xhttps://maplebrook.example/",
        "https://maplebrook.example:x/",
        "https://[::1/",
        "https://",
    ],
)
def test_every_other_link_is_plain_text(text):
    assert live(text) == []


def test_without_a_listed_domain_no_link_is_live():
    assert live_links("https://maplebrook.example/", frozenset()) == []


def test_several_links_of_a_text_are_told_apart():
    text = "https://maplebrook.example/a https://evil.example/ https://maplebrook.example/b!"
    assert live(text) == ["https://maplebrook.example/a", "https://maplebrook.example/b"]


def test_links_of_residents_are_found_whatever_their_kind():
    text = "look: http://evil.example/x?y, www.bad.example. and (https://ok.example/a_(b))"
    assert find_links(text) == ["http://evil.example/x?y", "www.bad.example", "https://ok.example/a_(b)"]
    assert find_links("no link, a.b@c.example, 1.2") == []


@given(st.text(max_size=120), st.text("ahtps:/.@\\?#maplebrook.example ", max_size=60))
def test_whatever_is_live_lies_on_a_listed_domain(before, after):
    text = f"{before}https://{after}"
    for start, end, url in live_links(text, DOMAINS):
        host = url[len("https://") :].split("/")[0].split("?")[0].split("#")[0].lower()
        assert text[start:end] == url
        assert host.removesuffix(":443") == "maplebrook.example" or host.endswith(".maplebrook.example")
