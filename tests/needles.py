"""Looking for what must not be anywhere: in every text of the database, and in everything that Valkey holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

import redis
from django.conf import settings
from django.db import connection

_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
    USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
    AND data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'ARRAY', 'bytea')
ORDER BY 1, 2
"""
_DIGEST = re.compile(r"\b[0-9a-f]{32,}\b")


def digits_of(text: str) -> str:
    """Return the digits of a text, of whatever script, as ASCII and without what stands between them."""
    return "".join(str(unicodedata.digit(letter)) for letter in text if unicodedata.digit(letter, -1) >= 0)


def texts_in_database() -> Iterator[tuple[str, str]]:
    """Return place and value of every text and JSON value of every table."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column in cursor.fetchall():
            cursor.execute(f"SELECT {quote(column)}::text FROM {quote(table)} WHERE {quote(column)} IS NOT NULL")
            yield from ((f"{table}.{column}", value) for (value,) in cursor.fetchall())


def texts_in_valkey(url: str = "") -> Iterator[tuple[str, str]]:
    """Return key and content of everything that Valkey holds, in all its databases."""
    url = url or settings.REDIS_URL
    for number in range(16):
        with redis.from_url(url, db=number) as client:
            for key in client.scan_iter(count=1000):
                name = key.decode(errors="replace")
                yield name, name
                yield from ((name, part.decode(errors="replace")) for part in _content(client, key))


def _content(client: redis.Redis, key: bytes) -> Iterable[bytes]:
    kind = client.type(key).decode()
    if kind == "string":
        return [client.get(key) or b""]
    if kind == "list":
        return client.lrange(key, 0, -1)
    if kind == "set":
        return client.smembers(key)
    if kind == "zset":
        return client.zrange(key, 0, -1)
    if kind == "hash":
        return [part for pair in client.hgetall(key).items() for part in pair]
    return [repr(client.xrange(key)).encode()]


def where(needle: str, texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return the places whose text bears the needle."""
    return [place for place, text in texts if needle in text]


def where_digits(numbers: Iterable[str], texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return the places that bear one of these runs of digits, whatever stands between the digits.

    Digests are left out: they are random, and now and then a piece of a number stands in one.
    """
    read = [(place, digits_of(_DIGEST.sub(" ", text))) for place, text in texts]
    return [f"{number} in {place}" for number in numbers for place, text in read if number in text]
