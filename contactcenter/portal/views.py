"""Residents' pages: the city's home, the chat as a page, and the chat in a frame of another site."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from agents.actions.service import RULE as BACK_UP
from agents.directory import offered_departments
from agents.hours import hours_in_words
from agents.models import Department, Incident, Language
from agents.service import incidents_of
from chat.opening import backup_under
from chat.rules import MAX_NAME, MAX_TEXT, TOKEN_AFTERLIFE
from contactcenter.knowledge.menus import menu_context
from contactcenter.portal import styleguide as guide
from contactcenter.portal.languages import choices, own_name
from policies.versions import rules_in_force


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The city's home: what one can do here, and whom to call."""
    departments, at = _departments(), timezone.now()
    backup = backup_under(rules_in_force([BACK_UP], at=at))
    context = {
        "department": _main(departments),
        "departments": departments,
        "backup": backup.as_frame(get_language() or "en") if backup else None,
        "incidents": [_incident_as_read(each) for each in incidents_of(None, at=at)],
    }
    return render(request, "portal/home.html", context)


@require_safe
def chat(request: HttpRequest) -> HttpResponse:
    """The chat as a page of its own.

    It may be opened by the widget, which hands the running chat over to it:
    for that the page keeps its opener.
    """
    response = render(request, "chat/chat.html", _chat_context(request, framed=False))
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


@require_safe
@xframe_options_exempt
def widget(request: HttpRequest) -> HttpResponse:
    """The chat for an iframe, on our own pages and on the sites of `EMBED_SITES`."""
    response = render(request, "chat/widget.html", _chat_context(request, framed=True))
    response._csp_replace = {"frame-ancestors": ["'self'", *settings.EMBED_SITES]}  # type: ignore[attr-defined]
    return response


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component once; with debug on only."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "portal/styleguide.html", guide.context())


def _chat_context(request: HttpRequest, *, framed: bool) -> dict[str, Any]:
    departments = _departments()
    wanted = request.GET.get("department", "")
    chosen = next((department for department in departments if department.code == wanted), _main(departments))
    return {
        "department": chosen,
        "departments": departments,
        "is_chosen": bool(chosen and chosen.code == wanted),
        "languages": _languages(),
        "language_choices": choices(request),
        "menu_address": reverse("chat-menu"),
        **(menu_context(chosen, get_language() or "en", at=timezone.now()) if chosen else {}),
        "embed_sites": settings.EMBED_SITES,
        "framed": framed,
        "heading": "h2" if framed else "h3",
        "element": "main" if framed else "section",
        "afterlife_seconds": int(TOKEN_AFTERLIFE.total_seconds()),
        "max_name": MAX_NAME,
        "max_text": MAX_TEXT,
    }


def _incident_as_read(incident: Incident) -> tuple[str, str]:
    """Return whose notice it is, empty where it is everybody's, and what it says."""
    language = get_language() or "en"
    name = incident.department.name_in(language) if incident.department is not None else ""
    return name, incident.text_in(language)


def _languages() -> list[dict[str, str]]:
    """Return the languages in which the city chats, each by its own name."""
    rows = Language.objects.filter(is_active=True).order_by("name")
    return [{"code": row.code, "name": own_name(row.code, row.name)} for row in rows]


def _departments() -> list[Department]:
    """Return the departments that residents may choose, the main one first, named and with hours as they read them."""
    language = get_language() or "en"
    departments = offered_departments(language)
    hours = hours_in_words(departments, at=timezone.now())
    for department in departments:
        department.name = department.name_in(language)
        department.hours_text = hours[department.pk]
    return departments


def _main(departments: list[Department]) -> Department | None:
    """Return the department that answers where none is named."""
    return next((department for department in departments if department.is_default), next(iter(departments), None))
