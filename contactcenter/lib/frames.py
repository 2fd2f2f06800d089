"""JSON that came from outside: read strictly, refused with a sentence."""

from __future__ import annotations

import json
from typing import Any

from contactcenter.lib.errors import DomainError, Invalid

MAX_BYTES = 65_536
_SURROGATES = range(0xD800, 0xE000)


def parse_object(raw: str | bytes) -> dict[str, Any]:
    """Return the JSON object in `raw` (text, or UTF-8 bytes).

    Refuses what PostgreSQL or a client could not bear: NUL, lone surrogates,
    NaN and infinities, numbers and nestings beyond measure, anything that is
    no object. Raises `Invalid` or `DomainError("too_large")`.
    """
    text = _decode(raw)
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise Invalid("This is nested too deeply. Send a flat JSON object.", field="body") from None
    except ValueError:
        raise Invalid("This is not valid JSON. Send one JSON object.", field="body") from None
    if not isinstance(value, dict):
        raise Invalid("Send one JSON object.", field="body")
    check_text(value)
    return value


def check_text(value: Any, field: str = "body") -> None:
    """Refuse NUL and lone surrogates in every text of `value`. Raises `Invalid` with the field's name."""
    pending: list[tuple[str, Any]] = [(field, value)]
    while pending:
        name, part = pending.pop()
        if isinstance(part, str):
            _check_string(part, name)
        elif isinstance(part, dict):
            for key, inner in part.items():
                _check_string(key, name)
                pending.append((key if name == "body" else name, inner))
        elif isinstance(part, list):
            pending.extend((name, inner) for inner in part)


def dump(value: Any) -> str:
    """Return compact JSON text."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _check_string(text: str, field: str) -> None:
    if text.isascii():
        if "\0" in text:
            raise Invalid("The text holds a NUL character. Remove it and send again.", field=field)
        return
    if "\0" in text or any(ord(char) in _SURROGATES for char in text):
        raise Invalid("The text holds a character that cannot be stored. Remove it and send again.", field=field)


def _decode(raw: str | bytes) -> str:
    if len(raw) > MAX_BYTES or (isinstance(raw, str) and not raw.isascii() and len(_encoded(raw)) > MAX_BYTES):
        raise DomainError("too_large", f"This is larger than {MAX_BYTES:,} bytes. Send less at a time.")
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Invalid("This is not valid UTF-8. Send JSON in UTF-8.", field="body") from None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
