"""Scripts for the desk, as JSON for who is logged in there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agents.models import User
from agents.permissions import may_work_the_desk
from contactcenter.knowledge import actions
from contactcenter.knowledge.permissions import access_as_agent
from contactcenter.knowledge.scripts import offered_to
from contactcenter.lib.api import refusal_response
from contactcenter.lib.errors import DomainError, NotFound, Unauthorized

View = Callable[..., HttpResponse]


def for_the_desk(view: View) -> View:
    """Let in who may work the desk now; every refusal becomes its JSON body and status."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, **which: Any) -> HttpResponse:
        try:
            if not isinstance(request.user, User):
                raise Unauthorized(_("Log in first."))
            if not may_work_the_desk(request.user):
                raise NotFound(_("Scripts are for agents, trainees and supervisors."))
            return view(request, **which)
        except DomainError as refusal:
            return refusal_response(refusal)

    return answer


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
