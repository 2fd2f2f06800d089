"""The demo's local mail page."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contactcenter.notices.models import DemoMail
from contactcenter.notices.permissions import may_read_demo_mail

SHOWN = 100


@require_safe
@never_cache
def mailbox(request: HttpRequest) -> HttpResponse:
    """What the demo sent, newest first."""
    _guard(request)
    return render(request, "notices/mailbox.html", {"mails": DemoMail.objects.all()[:SHOWN]})


@require_safe
@never_cache
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail of the demo."""
    _guard(request)
    return render(request, "notices/mail.html", {"mail": get_object_or_404(DemoMail, pk=pk)})


def _guard(request: HttpRequest) -> None:
    if not may_read_demo_mail(request.META, is_demo=settings.DEMO):
        raise Http404
