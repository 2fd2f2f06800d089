"""With what a chat can be ended, as the room that ends chats has told."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise

Choice = tuple[str, str | Promise]
_known: list[Choice] = []


def register_outcomes(choices: Iterable[Choice]) -> None:
    """Tell with what agents end chats. Called from `AppConfig.ready()`."""
    _known[:] = choices


def outcomes() -> list[Choice]:
    """Return value and label of each."""
    return list(_known)
