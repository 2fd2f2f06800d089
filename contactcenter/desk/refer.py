"""How to refer somebody, and a message that is passed on meanwhile, for the desk's own programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agents.models import Agent, Department, OutsideBody
from chat.actions.referring import PassedOn, pass_message_on
from chat.fields import optional_text_of, text_of, uuid_of
from chat.refer import Contact, contact_of, help_to_refer
from contactcenter.cases.contacts import email_of, phone_of
from contactcenter.desk.tasks import answer_desk
from contactcenter.lib.api import json_body
from contactcenter.lib.errors import NotFound


@require_safe
@answer_desk
def refer(request: HttpRequest) -> HttpResponse:
    """Answer what to do, in which order, for who is referred to a department or an outside body.

    Source: EM-COM-B, EM-REF.
    """
    agent = Agent.objects.get(user=request.user.pk)
    contact, department = _whom(request)
    language = request.GET.get("language")
    told = help_to_refer(contact, department, agent_id=agent.pk, language=language, at=timezone.now())
    return JsonResponse(told)


def _whom(request: HttpRequest) -> tuple[Contact, Department | None]:
    code = request.GET.get("body")
    if code is not None:
        body = OutsideBody.objects.filter(code=code, is_active=True).first()
        if body is None:
            raise NotFound(_("There is no such body in the directory."))
        return Contact(body.name, body.phone, body.email, body.page), None
    department = _department(request.GET.get("department", ""))
    return contact_of(department), department


def _department(code: str) -> Department:
    department = Department.objects.filter(code=code, is_active=True).first()
    if department is None:
        raise NotFound(_("There is no such department."))
    return department


@require_POST
@answer_desk
def pass_on(request: HttpRequest) -> HttpResponse:
    """Pass a message on to a department, for the resident of a chat; answer what to write to them. Source: EM-REF."""
    agent = Agent.objects.get(user=request.user.pk)
    body = json_body(request)
    email, phone = optional_text_of(body, "email").strip(), optional_text_of(body, "phone").strip()
    message = PassedOn(
        _department(optional_text_of(body, "department")),
        text_of(body),
        email=email and email_of(email),
        phone=phone and phone_of(phone),
    )
    said = pass_message_on(uuid_of(body, "session"), message, agent_id=agent.pk, at=timezone.now())
    return JsonResponse({"text": said})
