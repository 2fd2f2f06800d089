"""Secrets: how they are made, and what of them is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.conf import settings

SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new URL-safe secret of 256 bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> str:
    """Return what is stored of a random secret: its SHA-256, 64 hex digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def keyed_hash(purpose: str, value: str) -> str:
    """Return an HMAC of a guessable value under a key of this installation, 64 hex digits.

    The same value under another `purpose` gives another hash, so that two tables cannot be joined by it.
    """
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
