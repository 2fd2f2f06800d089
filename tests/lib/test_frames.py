"""JSON from outside."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactcenter.lib.errors import DomainError, Invalid
from contactcenter.lib.frames import MAX_BYTES, parse_object


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=5))
@settings(derandomize=True, max_examples=200)
def test_an_object_is_read_as_it_was_written_unless_it_cannot_be_stored(value: dict[str, str]) -> None:
    raw = json.dumps(value)
    texts = [*value, *value.values()]
    if any("\0" in text or any(0xD800 <= ord(char) < 0xE000 for char in text) for text in texts):
        with pytest.raises(Invalid):
            parse_object(raw)
    else:
        assert parse_object(raw) == value == parse_object(raw.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "raw",
    [
        '{"text": "a\\u0000b"}',
        '{"a\\u0000b": 1}',
        '{"text": "\\ud800"}',
        '{"deep": [{"er": "\\udfff"}]}',
        '{"n": NaN}',
        '{"n": Infinity}',
        '{"n": -Infinity}',
        '{"n": ' + "9" * 5000 + "}",
        "[" * 30_000,
        '{"a":' * 10_000,
        "[]",
        "1",
        "null",
        '"text"',
        "",
        "{",
        "{'a': 1}",
        b"\xff\xfe{}",
        b'{"a": "\xc3\x28"}',
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(raw: str | bytes) -> None:
    with pytest.raises(Invalid) as refused:
        parse_object(raw)
    assert refused.value.code == "invalid"
    assert refused.value.detail.endswith(".")


@pytest.mark.parametrize("char", ["x", "é", "😀"])
def test_the_size_is_counted_in_bytes(char: str) -> None:
    room = MAX_BYTES - len(b'{"t":""}')
    fits = char * (room // len(char.encode()))
    assert parse_object(f'{{"t":"{fits}"}}') == {"t": fits}
    with pytest.raises(DomainError) as refused:
        parse_object(f'{{"t":"{fits}{char}"}}' + " " * 4)
    assert refused.value.code == "too_large"
