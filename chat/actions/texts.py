"""Texts that need a second person: stopped ones that a supervisor releases, and residents' links that one looks at.

Source: EM-COM-C, EM-LINK.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.actions.outgoing import LINKS, WORDS, text_key
from chat.actions.staff_notes import tell_staff
from chat.models import ChatEvent, Kind, Side, StaffEvent, StaffKind, StoppedText
from chat.permissions import access_as_agent, access_to_stopped_text
from contactcenter.lib.errors import DomainError, Invalid, WrongState
from contactcenter.lib.events import emit
from contactcenter.lib.text import normal_text
from policies.screening import find_links, screen
from policies.versions import in_force
from policies.words import profanity_list


@transaction.atomic
def ask_release(session_id: UUID, *, agent_id: int, uid: UUID, text: str, at: datetime) -> StoppedText:
    """Lay a text that was stopped before the supervisors; the same again changes nothing.

    Another text with the same `uid` takes the place of the one before. Raises
    `NotFound`, `ended`, and `WrongState` when nothing stops the text or it was
    decided on. Source: EM-COM-C.
    """
    session = access_as_agent(session_id, agent_id)
    if session.is_ended:
        raise DomainError("ended", _("This chat has ended. Your text was not sent."))
    key = text_key(session_id, text)
    row = StoppedText.objects.locked().filter(session=session, uid=uid).first()
    if row is not None and row.text_key == key:
        return _guard_open(row)
    if not profanity_list().spans(text) or in_force(WORDS, at=at) is None:
        raise WrongState(_("Nothing stops this text. Send it."))
    row = row or StoppedText(session=session, uid=uid)
    row.agent_id, row.text_key, row.text, row.asked_at = agent_id, key, screen(normal_text(text)).text, at
    row.decided_at = row.decided_by = row.sent_seq = None
    row.is_released = False
    row.save()
    return row


def _guard_open(row: StoppedText) -> StoppedText:
    if row.decided_at is not None and not row.is_released:
        raise WrongState(_("A supervisor has not released this text. Write it in another way."))
    return row


@transaction.atomic
def withdraw_release(session_id: UUID, *, agent_id: int, uid: UUID) -> None:
    """Take a text back from the supervisors, since its agent writes it in another way; again changes nothing.

    What was decided on stays decided; a released text is no longer kept for
    her. Raises `NotFound`. Source: EM-COM-C.
    """
    session = access_as_agent(session_id, agent_id)
    rows = StoppedText.objects.filter(session=session, agent=agent_id, uid=uid)
    rows.undecided().delete()
    rows.update(text="")


@transaction.atomic
def decide_on_text(session_id: UUID, uid: UUID, *, by_id: int, is_released: bool, at: datetime) -> StoppedText:
    """Let a stopped text be sent as it is, or not; its agent reads at once what was decided. For supervisors.

    The same decision again changes nothing. Raises `NotFound`, and `WrongState`
    when somebody has decided otherwise. Source: EM-COM-C.
    """
    supervisor = Agent.objects.select_related("user").get(pk=by_id)
    row = access_to_stopped_text(session_id, uid, supervisor)
    if row.decided_at is not None:
        if row.is_released != is_released:
            raise WrongState(_("A colleague has decided on this text already."))
        return row
    row.decided_at, row.decided_by, row.is_released = at, supervisor, is_released
    if not is_released:
        row.text = ""
    row.save(update_fields=["text", "decided_at", "decided_by", "is_released"])
    data = {"id": str(uid), "is_released": is_released}
    tell_staff(row.session, StaffKind.RELEASED, at=at, agent=supervisor, rule=WORDS, data=data)
    emit("session", sessions=[str(session_id)])
    return row


@transaction.atomic
def report_link(session_id: UUID, *, agent_id: int, seq: int, at: datetime) -> StaffEvent:
    """Copy the links of a resident's message for the supervisors; the same message again changes nothing.

    Raises `NotFound`, and `Invalid` when no message of the resident with a link
    has this number. Source: EM-LINK.
    """
    session = access_as_agent(session_id, agent_id)
    reported = StaffEvent.objects.filter(session=session, kind=StaffKind.LINK, data__seq=seq).first()
    if reported is not None:
        return reported
    said = ChatEvent.objects.filter(session=session, seq=seq, kind=Kind.MESSAGE, side=Side.CUSTOMER).first()
    links = find_links(said.text) if said else []
    if not links:
        raise Invalid(_("The resident has written no message with a link at that number."), field="seq")
    agent = Agent.objects.select_related("user").get(pk=agent_id)
    data = {"seq": seq, "links": links}
    return tell_staff(session, StaffKind.LINK, at=at, agent=agent, text="\n".join(links), rule=LINKS, data=data)
