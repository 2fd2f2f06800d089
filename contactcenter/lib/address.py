"""The one place that says from which address a request or socket comes."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from django.conf import settings
from django.http import HttpRequest

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(source: HttpRequest | Mapping[str, Any]) -> Address | None:
    """Return the client's address of a request or an ASGI scope, or None where there is none (a unix socket).

    Proxies of `TRUSTED_PROXIES` are believed, from the right: the first address of
    `X-Forwarded-For` that is no trusted proxy is the client. What a client itself
    wrote to the left of it is ignored.
    """
    peer, forwarded = _peer_and_forwarded(source)
    address = _parse(peer)
    if address is None or not _is_trusted(address):
        return address
    for part in reversed(forwarded):
        hop = _parse(part)
        if hop is None:
            return address
        address = hop
        if not _is_trusted(hop):
            return hop
    return address


def comes_from_a_trusted_proxy(source: HttpRequest | Mapping[str, Any]) -> bool:
    """Say whether the peer itself, who may have set any header, is one of `TRUSTED_PROXIES`."""
    address = _parse(_peer_and_forwarded(source)[0])
    return address is not None and _is_trusted(address)


def address_block(address: Address) -> str:
    """Return what limits and bans count by: an IPv4 address, or the /64 of an IPv6 address."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)


def _peer_and_forwarded(source: HttpRequest | Mapping[str, Any]) -> tuple[str, list[str]]:
    if isinstance(source, HttpRequest):
        return source.META.get("REMOTE_ADDR") or "", _hops([source.META.get("HTTP_X_FORWARDED_FOR", "")])
    headers = [value.decode("latin-1") for name, value in source["headers"] if name == b"x-forwarded-for"]
    client = source.get("client")
    return (client[0] if client else ""), _hops(headers)


def _hops(headers: Sequence[str]) -> list[str]:
    return [part.strip() for header in headers for part in header.split(",") if part.strip()]


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _is_trusted(address: Address) -> bool:
    networks: Sequence[Network] = settings.TRUSTED_PROXIES
    return any(address in network for network in networks)
