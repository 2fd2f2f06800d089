"""Who may see and touch what of a chat, asked here by pages, API and sockets alike.

Absent and foreign look the same.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat.matching import audience_of, department_helpers
from chat.models import ChatRecord, ChatSession, ChatSessionQuerySet, Evaluation, Offer, StoppedText
from contactcenter.lib.errors import NotFound, Unauthorized, WrongState
from contactcenter.lib.hashing import digest


def access_as_customer(session_id: UUID, token: str, *, at: datetime) -> ChatSession:
    """Return the session that `token` opens. The token dies 30 minutes after the end. Raises `Unauthorized`."""
    return access_by_digest(session_id, digest(token), at=at)


def access_by_digest(session_id: UUID, token_digest: str, *, at: datetime) -> ChatSession:
    """Return the session to which a token with this digest belongs, while it lives. Raises `Unauthorized`."""
    session = alive(ChatSession.objects.all(), at=at).filter(pk=session_id, token_digest=token_digest).first()
    if session is None:
        raise Unauthorized(_("This chat cannot be opened with that key. Start a new chat."))
    return session


def alive(sessions: ChatSessionQuerySet, *, at: datetime) -> ChatSessionQuerySet:
    """Return those whose customer's token still opens them."""
    return sessions.reachable(at=at)


def looks_from(agent: Agent) -> frozenset[int] | None:
    """Return the departments from which an agent looks at the queue; None: a supervisor, who sees all."""
    return None if agent.is_supervisor else frozenset(agent.department_ids())


def may_take(departments: frozenset[int] | None, audience: frozenset[int] | None) -> bool:
    """Say whether who looks from these departments may see, and so accept, a waiting chat that opens to `audience`."""
    return departments is None or audience is None or not audience.isdisjoint(departments)


def access_to_accept(session_id: UUID, agent: Agent, *, at: datetime) -> ChatSession:
    """Return the session, locked, when it waits or waited where this agent looks, or is, or was, offered to her.

    Raises `NotFound`.
    """
    session = ChatSession.objects.locked().filter(pk=session_id).first()
    if session is None or not (session.agent_id == agent.pk or _may_accept(session, agent, at=at)):
        raise no_such_chat()
    return session


def _may_accept(session: ChatSession, agent: Agent, *, at: datetime) -> bool:
    if may_take(looks_from(agent), audience_of(session, department_helpers(), at=at)):
        return True
    return Offer.objects.filter(session=session, agent=agent).exists()


def access_as_agent(session_id: UUID, agent_id: int) -> ChatSession:
    """Return the session, locked, when it is this agent's. Raises `NotFound`."""
    session = ChatSession.objects.locked().filter(pk=session_id, agent_id=agent_id).first()
    if session is None:
        raise no_such_chat()
    return session


def access_to_mark(session_id: UUID, agent: Agent) -> ChatSession:
    """Return a session, locked, that this agent may keep: one of hers, a supervisor any.

    Raises `NotFound`, and `WrongState` when it was purged.
    """
    session = ChatSession.objects.locked().filter(pk=session_id).first()
    if session is not None and (session.agent_id == agent.pk or agent.is_supervisor):
        return session
    record = ChatRecord.objects.filter(pk=session_id).first() if session is None else None
    if record is not None and (record.agent_id == agent.pk or agent.is_supervisor):
        raise WrongState(_("This chat was purged; nothing is left of it that could be kept."))
    raise no_such_chat()


def access_to_stopped_text(session_id: UUID, uid: UUID, agent: Agent) -> StoppedText:
    """Return a text that waits for its release, locked, its chat locked first; for supervisors. Raises `NotFound`."""
    session = ChatSession.objects.locked().filter(pk=session_id).first() if agent.is_supervisor else None
    text = StoppedText.objects.locked().filter(session=session, uid=uid).first() if session else None
    if session is None or text is None:
        raise no_such_chat()
    text.session = session
    return text


def access_transcript(session_id: UUID, reader: Agent | None) -> ChatSession:
    """Return a session for reading: for supervisors any, for everybody else none. Raises `NotFound`."""
    sessions = ChatSession.objects.select_related("department", "language", "agent__user")
    session = sessions.filter(pk=session_id).first() if reader is not None and reader.is_supervisor else None
    if session is None:
        raise no_such_chat()
    return session


def access_to_evaluation(evaluation_id: int, agent: Agent) -> Evaluation:
    """Return an evaluation, for supervisors. Raises `NotFound`."""
    evaluation = Evaluation.objects.filter(pk=evaluation_id).first() if agent.is_supervisor else None
    if evaluation is None:
        raise NotFound(_("There is no such evaluation."))
    return evaluation


def no_such_chat() -> NotFound:
    return NotFound(_("There is no such chat on your desk."))
