"""Each request and each socket has an id."""

from __future__ import annotations

import ipaddress
import uuid

import pytest
from django.test import Client
from pytest_django import Settings

from contactcenter.lib.request_id import id_of, request_id, with_request_id

GIVEN = "0123456789abcdef0123456789abcdef"


def test_each_answer_bears_an_id_of_its_own() -> None:
    ids = [Client().get("/healthz")["X-Request-ID"] for _ in range(2)]
    assert ids[0] != ids[1]
    assert uuid.UUID(ids[0])
    assert request_id.get() == ""


def test_a_trusted_proxy_gives_the_id_and_nobody_else(settings: Settings) -> None:
    assert Client(headers={"X-Request-ID": GIVEN}).get("/healthz")["X-Request-ID"] != GIVEN
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1/32")]
    assert Client(headers={"X-Request-ID": GIVEN}).get("/healthz")["X-Request-ID"] == GIVEN


@pytest.mark.parametrize("given", ["", "short", "Dana Whitfield, 18 Millrace Court", GIVEN * 3, f"{GIVEN}\n"])
def test_an_id_that_could_be_words_is_not_taken(settings: Settings, given: str) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1/32")]
    scope = {"client": ("127.0.0.1", 1), "headers": [(b"x-request-id", given.encode())]}
    assert uuid.UUID(id_of(scope))


@pytest.mark.asyncio
async def test_a_socket_has_one_id_for_its_life() -> None:
    heard: list[str] = []

    async def socket(*_asgi: object) -> None:
        heard.append(request_id.get())

    for _ in range(2):
        await with_request_id(socket)({"client": None, "headers": []}, socket, socket)  # type: ignore[arg-type]
    assert uuid.UUID(heard[0])
    assert heard[0] != heard[1]
    assert request_id.get() == ""
