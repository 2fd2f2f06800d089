"""The agent's console. What happens on it goes over the socket `/ws/desk/`."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agents.models import Department, Language, Presence
from agents.permissions import may_work_the_desk
from chat.models import Transfer
from chat.rules import MAX_TEXT
from chat.states import AGENT_OUTCOMES, Outcome
from contactcenter.cases.models import Topic

OF_THE_RESIDENT = Transfer.Reason.CHOICE


@require_safe
@login_required
@never_cache
def desk(request: HttpRequest) -> HttpResponse:
    """The desk, for agents, trainees and supervisors who may work it now."""
    if not may_work_the_desk(request.user):
        raise PermissionDenied(
            _("The desk is for agents, trainees and supervisors. Ask an administrator for the role.")
        )
    context = {
        "presences": Presence.choices,
        "outcomes": [outcome for outcome in Outcome.choices if outcome[0] in AGENT_OUTCOMES],
        "all_outcomes": Outcome.choices,
        "transfer_reasons": [reason for reason in Transfer.Reason.choices if reason[0] != OF_THE_RESIDENT],
        "departments": Department.objects.order_by("name"),
        "languages": Language.objects.order_by("name"),
        "topics": Topic.objects.filter(is_active=True).order_by("name"),
        "tasks_page": reverse("desk:tasks"),
        "max_text": MAX_TEXT,
        "room": "desk",
    }
    return render(request, "desk/desk.html", context)
