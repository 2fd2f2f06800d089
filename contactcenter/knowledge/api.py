"""Scripts for the desk, as JSON for who is logged in there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from agents.gates import answer_for
from agents.permissions import may_work_the_desk
from contactcenter.knowledge import actions
from contactcenter.knowledge.permissions import access_as_agent
from contactcenter.knowledge.scripts import offered_to

for_the_desk = answer_for(
    may_work_the_desk,
    unknown=gettext_lazy("Log in first."),
    sorry=gettext_lazy("Scripts are for agents, trainees and supervisors."),
)


@require_safe
@for_the_desk
def scripts(request: HttpRequest) -> HttpResponse:
    """Answer the scripts and sequences that this person may insert. Source: EM-SCR."""
    return JsonResponse(offered_to(access_as_agent(request.user), at=timezone.now()))


@require_POST
@for_the_desk
def used(request: HttpRequest, pk: int) -> HttpResponse:
    """Count that a script was inserted. Source: EM-SCR."""
    actions.count_use(pk, by=access_as_agent(request.user), at=timezone.now())
    return HttpResponse(status=204)
