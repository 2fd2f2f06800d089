"""What a resident thinks of a chat that has ended."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chat.actions.ladder import recompute
from chat.actions.screened import raise_flags
from chat.actions.staff_notes import Flag, tell_staff
from chat.emergencies import EMERGENCY, Help, emergency_words, help_in_emergency
from chat.models import ChatRecord, ChatSession, StaffKind
from chat.permissions import access_by_digest
from contactcenter.lib.errors import DomainError, WrongState
from contactcenter.lib.events import emit
from contactcenter.lib.text import normal_text
from policies.screening import Screened, screen

LOWEST, HIGHEST = 1, 5
LONGEST_COMMENT = 1000


def rate(session_id: UUID, *, token_digest: str, score: int, comment: str = "", at: datetime) -> Help | None:
    """Keep a score and a comment while the token lives; a second rating replaces the first, the same changes nothing.

    The score goes to the agent who held the chat at its end. Answers whom to
    call when the comment speaks of an emergency. Raises `Unauthorized`,
    `WrongState` before the end, `out_of_range`. Source: EM-CAP, EM-PAY, EM-911.
    """
    if not LOWEST <= score <= HIGHEST:
        raise DomainError("out_of_range", _("Choose a score from 1 to 5."), field="score")
    whom_to_call, agent_id = _rate(session_id, token_digest, score, comment, at=at)
    if agent_id is not None:
        recompute(agent_id, at=at)  # it locks the agent, who is locked before any chat
    return whom_to_call


@transaction.atomic
def _rate(
    session_id: UUID, token_digest: str, score: int, comment: str, *, at: datetime
) -> tuple[Help | None, int | None]:
    """Keep the rating; answer the help, and whose ladder is to be looked at anew, if anybody's."""
    session = ChatSession.objects.locked().select_related("department").filter(pk=session_id).first()
    access_by_digest(session_id, token_digest, at=at)
    assert session is not None  # it was opened by its token
    if not session.is_ended:
        raise WrongState(_("You can rate the chat once it has ended."))
    screened = screen(normal_text(comment), emergency_words())
    is_new = (session.rating, session.rating_comment) != (score, screened.text)
    if is_new:
        _keep_rating(session, score, screened.text, at=at)
    return _help_after(session, screened, at=at), session.agent_id if is_new else None


def _keep_rating(session: ChatSession, score: int, comment: str, *, at: datetime) -> None:
    session.rating, session.rating_comment, session.rated_at = score, comment, at
    session.save(update_fields=["rating", "rating_comment", "rated_at"])
    ChatRecord.objects.filter(pk=session.pk).update(rating=score)
    tell_staff(session, StaffKind.RATED, at=at, data={"score": score})
    if session.agent_id is not None:
        emit("agent", agent_id=session.agent_id)


def _help_after(session: ChatSession, screened: Screened, *, at: datetime) -> Help | None:
    """Tell staff of an emergency in a comment, and return what the resident reads at once. Source: EM-911."""
    if not screened.emergency:
        return None
    kind = screened.emergency[0]
    found = help_in_emergency(kind, session.department, session.language_id, at=at)
    if found is not None:
        raise_flags(
            [Flag(session.pk, StaffKind.EMERGENCY, EMERGENCY, at, {"emergency": kind, "seq": session.last_seq})]
        )
    return found
