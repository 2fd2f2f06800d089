"""Texts as they are compared, counted and stored."""

from __future__ import annotations


def normal_text(text: str) -> str:
    """Return the text with CRLF as LF; nothing is trimmed."""
    return text.replace("\r\n", "\n")
