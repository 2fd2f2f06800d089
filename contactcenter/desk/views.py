"""The agent's console. What happens on it goes over the socket `/ws/desk/`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from agents.models import Department, Language, Presence
from chat.models import Transfer
from chat.rules import MAX_TEXT
from chat.states import AGENT_OUTCOMES, Outcome
from contactcenter.cases.models import Topic
from contactcenter.desk.tasks import for_the_desk

OF_THE_RESIDENT = Transfer.Reason.CHOICE


@require_safe
@for_the_desk
def desk(request: HttpRequest) -> HttpResponse:
    """The desk, for agents, trainees and supervisors who may work it now."""
    context = {
        "presences": Presence.choices,
        "outcomes": [outcome for outcome in Outcome.choices if outcome[0] in AGENT_OUTCOMES],
        "all_outcomes": Outcome.choices,
        "transfer_reasons": [reason for reason in Transfer.Reason.choices if reason[0] != OF_THE_RESIDENT],
        "departments": Department.objects.order_by("name"),
        "languages": Language.objects.order_by("name"),
        "topics": Topic.objects.filter(is_active=True).select_related("department").order_by("name"),
        "tasks_page": reverse("desk:tasks"),
        "max_text": MAX_TEXT,
        "room": "desk",
    }
    return render(request, "desk/desk.html", context)
