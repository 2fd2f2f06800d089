"""Mail to who watches over a chat: the supervisors of its department, else all of them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from agents.models import Role, User
from chat.models import ChatSession
from contactcenter.notices.actions import queue_mail


def mail_supervisors(session: ChatSession, *, subject: str, body: str, at: datetime, **facts: str) -> None:
    """Tell the supervisors about a chat, with its address and never with its words.

    `body` may name `department` and `address`, and what `facts` bring.
    """
    supervisors = User.objects.filter(is_active=True, grants__role=Role.SUPERVISOR).exclude(email="")
    own = supervisors.filter(agent__departments=session.department)
    address = f"{settings.PUBLIC_URL}/supervise/chats/{session.pk}/"
    text = body % {**facts, "department": session.department.name, "address": address}
    for person in (own if own.exists() else supervisors).distinct():
        queue_mail(to=person.email, subject=subject, body=text, at=at)
