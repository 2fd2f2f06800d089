"""What every template may use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def city(_request: HttpRequest) -> dict[str, str]:
    """Return `city`, the name of the city whose pages these are."""
    return {"city": settings.CITY_NAME}
