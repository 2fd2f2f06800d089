# ruff: noqa: F401  (the fixture `city` comes from the tests of the chat)
from collections.abc import Iterator

import pytest

from policies.models import ProfanityWord
from policies.words import forget_words
from tests.chat.conftest import city


@pytest.fixture
def damn(db: None) -> Iterator[None]:
    """A word that stops what agents write; a street of this name does not."""
    for kind, phrase in [("profanity", "damn"), ("name", "Damn Street")]:
        ProfanityWord.objects.create(language="en", kind=kind, phrase=phrase)
    forget_words()
    yield
    forget_words()
