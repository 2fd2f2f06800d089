"""Who may read the demo's mail: whoever sits at this machine, and nobody through a proxy."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

FORWARDING = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_CF_CONNECTING_IP")


def may_read_demo_mail(meta: Mapping[str, Any], *, is_demo: bool) -> bool:
    """Say whether a request with this `META` comes from this machine itself, unforwarded, in the demo."""
    if not is_demo or any(name in FORWARDING or name.startswith("HTTP_X_FORWARDED") for name in meta):
        return False
    try:
        return ipaddress.ip_address(meta.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False
