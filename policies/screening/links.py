"""Web addresses in a text, and which of them may be pressed.

Source: EM-LINK.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

SCHEME = "https://"
_LINK = re.compile(r"(?<![^\s(\[{<\"'“‘«:,;])(?:https?://|www\.)[^\s<>\"“”«»]{1,2000}", re.IGNORECASE)
# Letters of other scripts look like ours; and browsers read a backslash as a slash, and drop what they cannot see.
_LIVE = re.compile(r"(?<![^\s(\[{<\"'“‘«:,;])https://[!#-;=?-Z_a-z~\[\]]{1,2000}(?=[\s)>\]}\"'”’»]|\Z)", re.IGNORECASE)
_ENDS = ".,;:!?'\"*_"
_PAIRS = {")": "(", "]": "["}

Link = tuple[int, int, str]


def find_links(text: str) -> list[str]:
    """Return what looks like a web address in a text, whether over https or not."""
    return [_without_end(match[0]) for match in _LINK.finditer(text)]


def live_links(text: str, domains: Collection[str]) -> list[Link]:
    """Return the links of a text that may be pressed: from, to, address. Over https to one of the domains, or under it.

    Source: EM-LINK.
    """
    if SCHEME not in text.lower():
        return []
    found = []
    for match in _LIVE.finditer(text):
        url = _without_end(match[0])
        if is_allowed(url, domains):
            found.append((match.start(), match.start() + len(url), url))
    return found


def is_allowed(url: str, domains: Collection[str]) -> bool:
    """Say whether an address is one over https whose host is a listed domain, or lies under one. Source: EM-LINK."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or "@" in parts.netloc or port not in (None, 443):
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _without_end(url: str) -> str:
    """Return an address without the punctuation of the sentence in which it stands."""
    while url and (url[-1] in _ENDS or (url[-1] in _PAIRS and url.count(url[-1]) > url.count(_PAIRS[url[-1]]))):
        url = url[:-1]
    return url
