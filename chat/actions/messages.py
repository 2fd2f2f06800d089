"""Messages: the batch-shaped append of decision 2."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.models import ChatEvent, ChatSession, Kind, Side
from chat.permissions import no_such_chat
from chat.rules import normal_text
from contactcenter.lib.errors import DomainError, Invalid, Unauthorized
from contactcenter.lib.failpoints import failpoint


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants to say in a session.

    `uid` is the client's id of it. A customer's draft bears the digest of the
    token that it came with, an agent's draft the agent and the name that the
    customer reads.
    """

    session_id: UUID
    uid: UUID
    side: Side
    text: str
    at: datetime
    token_digest: str = ""
    agent_id: int | None = None
    name: str = ""


@dataclass(slots=True)
class Result:
    """What became of a draft: an event (new, or known from before), or a refusal."""

    event: ChatEvent | None = None
    error: DomainError | None = None
    is_new: bool = False


@dataclass(slots=True)
class _Change:
    """What the new messages of a batch do to one session row."""

    last_seq: int
    customer_wrote_at: datetime | None = None
    agent_wrote_at: datetime | None = None
    events: list[ChatEvent] = field(default_factory=list)


def append(batch: Sequence[Draft]) -> list[Result]:
    """Store the messages of a batch in one transaction; answer one `Result` a draft, in order.

    A draft that is refused gets its own error and the others commit. The same
    `uid` of the same side again is answered with the first event, also after
    the end. Events of one session get consecutive numbers in the order of the batch.
    """
    with transaction.atomic():
        results = _append(batch)
        failpoint("append.before_commit")
    return results


def _append(batch: Sequence[Draft]) -> list[Result]:
    ids = {draft.session_id for draft in batch}
    sessions = {row.pk: row for row in ChatSession.objects.locked().filter(pk__in=ids).order_by("pk")}
    known = _known_events(batch)
    changes: dict[UUID, _Change] = {}
    results = [_place(draft, sessions.get(draft.session_id), known, changes) for draft in batch]
    new = [result.event for result in results if result.is_new and result.event]
    if new:
        ChatEvent.objects.bulk_create(new)
        _update_sessions(changes)
    return results


def _place(
    draft: Draft,
    session: ChatSession | None,
    known: dict[tuple[UUID, UUID], ChatEvent],
    changes: dict[UUID, _Change],
) -> Result:
    """Guard one draft and, when it is new, number it."""
    try:
        session = _guard_sender(draft, session)
        earlier = known.get((draft.session_id, draft.uid))
        if earlier is not None:
            return Result(event=_guard_same_side(draft, earlier))
        if session.is_ended:
            raise DomainError("ended", _("This chat has ended. Your text was not sent."))
    except DomainError as refusal:
        return Result(error=refusal)
    change = changes.setdefault(session.pk, _Change(last_seq=session.last_seq))
    event = _numbered(draft, session, change)
    known[(draft.session_id, draft.uid)] = event
    return Result(event=event, is_new=True)


def _guard_sender(draft: Draft, session: ChatSession | None) -> ChatSession:
    if draft.side == Side.CUSTOMER:
        if session is None or session.token_digest != draft.token_digest:
            raise Unauthorized(_("This chat cannot be opened with that key. Start a new chat."))
    elif session is None or session.agent_id is None or session.agent_id != draft.agent_id:
        raise no_such_chat()
    return session


def _guard_same_side(draft: Draft, earlier: ChatEvent) -> ChatEvent:
    if earlier.side != draft.side:
        raise Invalid(_("This id is taken in this chat. Send the text with a new id."), field="id")
    return earlier


def _numbered(draft: Draft, session: ChatSession, change: _Change) -> ChatEvent:
    change.last_seq += 1
    if draft.side == Side.CUSTOMER:
        change.customer_wrote_at = draft.at
    else:
        change.agent_wrote_at = draft.at
    text = normal_text(draft.text)
    return ChatEvent(
        session=session,
        seq=change.last_seq,
        uid=draft.uid,
        kind=Kind.MESSAGE,
        side=draft.side,
        agent_id=draft.agent_id,
        name=draft.name or session.customer_name,
        text=text,
        is_changed=text != draft.text,
        at=draft.at,
    )


def _known_events(batch: Sequence[Draft]) -> dict[tuple[UUID, UUID], ChatEvent]:
    rows = ChatEvent.objects.filter(
        session_id__in={draft.session_id for draft in batch}, uid__in=[draft.uid for draft in batch]
    )
    return {(row.session_id, row.uid): row for row in rows}


_UPDATE = """
UPDATE chat_chatsession AS s
SET last_seq = v.last_seq,
    customer_wrote_at = coalesce(v.customer_wrote_at, s.customer_wrote_at),
    agent_wrote_at = coalesce(v.agent_wrote_at, s.agent_wrote_at),
    first_answer_at = coalesce(s.first_answer_at, v.agent_wrote_at)
FROM unnest(%s::uuid[], %s::int[], %s::timestamptz[], %s::timestamptz[])
     AS v(id, last_seq, customer_wrote_at, agent_wrote_at)
WHERE s.id = v.id
"""


def _update_sessions(changes: dict[UUID, _Change]) -> None:
    """Write the counters of all sessions of the batch in one statement."""
    rows: Iterable[_Change] = changes.values()
    columns: list[list[Any]] = [
        [str(pk) for pk in changes],
        [change.last_seq for change in rows],
        [change.customer_wrote_at for change in rows],
        [change.agent_wrote_at for change in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, columns)


def record(
    session: ChatSession,
    kind: Kind,
    *,
    side: Side,
    at: datetime,
    text: str = "",
    agent: Agent | None = None,
    name: str = "",
    rule: str = "",
    data: dict[str, Any] | None = None,
) -> ChatEvent:
    """Add one event to a session that the caller has locked; the caller saves `last_seq` with its own changes."""
    session.last_seq += 1
    return ChatEvent.objects.create(
        session=session,
        seq=session.last_seq,
        uid=uuid.uuid4(),
        kind=kind,
        side=side,
        agent=agent,
        name=name,
        text=text,
        at=at,
        rule=rule,
        data=data or {},
    )
