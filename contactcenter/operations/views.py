"""For operators: is the process up, may it serve, how is it. For administrators: the same as a page."""

from __future__ import annotations

import hmac
import uuid
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from contactcenter.lib.address import client_address
from contactcenter.operations.doctor import examine
from contactcenter.operations.health import look_at_everything
from contactcenter.operations.metrics import as_text, read_figures
from contactcenter.operations.models import Heartbeat
from contactcenter.operations.versions import versions

INSTANCE = str(uuid.uuid4())


async def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process answers at all."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


async def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 503 when this process must not serve, else 200; operators also read each check."""
    checks = await sync_to_async(look_at_everything)()
    may_serve = all(check.is_well for check in checks if check.is_vital)
    is_whole = all(check.is_well for check in checks)
    answer: dict[str, Any] = {
        "status": "ok" if is_whole else "degraded" if may_serve else "unavailable",
        "instance": INSTANCE,
    }
    if is_operator(request):
        answer["checks"] = {check.name: "ok" if check.is_well else check.mend for check in checks}
    return JsonResponse(answer, status=200 if may_serve else 503, headers={"Cache-Control": "no-store"})


async def metrics(request: HttpRequest) -> HttpResponse:
    """Give operators the figures of all processes in Prometheus' text format; to others there is no such page."""
    if not is_operator(request):
        raise Http404
    try:
        figures = await sync_to_async(read_figures)(at=timezone.now())
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(as_text(figures), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


@require_safe
@login_required
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Every check in words with what to mend, the figures of `/metrics`, signs of life, versions."""
    if not request.user.is_superuser:
        raise PermissionDenied(_("This page is for administrators. Ask one of them for the role."))
    at = timezone.localtime()
    checks = sorted(examine(), key=lambda check: (check.is_well, not check.is_vital))
    context = {
        "checks": checks,
        "troubles": sum(not check.is_well for check in checks),
        "figures": read_figures(at=at),
        "heartbeats": Heartbeat.objects.order_by("name"),
        "versions": versions(),
        "at": at,
        "room": "health",
    }
    return render(request, "operations/health.html", context)


def is_operator(request: HttpRequest) -> bool:
    """Say whether details may be shown: to an address of `OPS_ALLOW`, or to who bears `OPS_TOKEN`."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if settings.OPS_TOKEN and scheme.lower() == "bearer":
        return hmac.compare_digest(token.encode(), settings.OPS_TOKEN.encode())
    address = client_address(request)
    return address is not None and any(address in network for network in settings.OPS_ALLOW)
