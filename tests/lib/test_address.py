"""Whose address it is."""

from __future__ import annotations

import ipaddress

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from contactcenter.lib.address import address_block, client_address

PROXIES = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:1::/48")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, nonsense, 10.2.3.4", "10.2.3.4"),
        ("10.0.0.1", "10.9.9.9", "10.9.9.9"),
        ("2001:db8:1::1", "[2001:db8:2::7]", "2001:db8:2::7"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
    ],
)
def test_proxies_are_believed_from_the_right(settings: Settings, peer: str, forwarded: str, client: str) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert str(client_address(request)) == client
    assert str(client_address(scope)) == client


def test_nobody_is_believed_without_trusted_proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = []
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert str(client_address(request)) == "10.0.0.1"


def test_a_unix_socket_has_no_address() -> None:
    assert client_address({"client": None, "headers": []}) is None


@pytest.mark.parametrize(
    ("address", "block"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8:2:3:4:5:6:7", "2001:db8:2:3::/64")],
)
def test_limits_count_by_address_or_by_a_64_network(address: str, block: str) -> None:
    assert address_block(ipaddress.ip_address(address)) == block
