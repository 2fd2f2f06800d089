# ruff: noqa: F401  (the fixture `city` comes from the tests of the chat)
from tests.chat.conftest import city
