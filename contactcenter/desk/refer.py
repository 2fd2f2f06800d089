"""How to refer somebody, for the desk's own programs. Reads only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import Agent, Department, OutsideBody
from chat.refer import Contact, contact_of, help_to_refer
from contactcenter.desk.tasks import json_for_the_desk
from contactcenter.lib.api import refusal_response
from contactcenter.lib.errors import DomainError, NotFound


@json_for_the_desk
def refer(request: HttpRequest) -> HttpResponse:
    """Answer what to do, in which order, for who is referred to a department or an outside body.

    Source: EM-COM-B, EM-REF.
    """
    agent = Agent.objects.get(user=request.user.pk)
    try:
        contact, department = _whom(request)
        language = request.GET.get("language")
        told = help_to_refer(contact, department, agent_id=agent.pk, language=language, at=timezone.now())
    except DomainError as refusal:
        return refusal_response(refusal)
    return JsonResponse(told)


def _whom(request: HttpRequest) -> tuple[Contact, Department | None]:
    code = request.GET.get("body")
    if code is not None:
        body = OutsideBody.objects.filter(code=code, is_active=True).first()
        if body is None:
            raise NotFound(_("There is no such body in the directory."))
        return Contact(body.name, body.phone, body.email, body.page), None
    department = Department.objects.filter(code=request.GET.get("department", ""), is_active=True).first()
    if department is None:
        raise NotFound(_("There is no such department."))
    return contact_of(department), department
