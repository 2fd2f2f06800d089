"""The second lock: what the database itself refuses, through the very role that the program uses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from chat.actions.screened import redact
from chat.models import ChatEvent, ChatSession, Evaluation, EvaluationDecision, Kind, RetentionMark, StaffEvent
from chat.rows import EventRow
from tests.chat.conftest import NOON, City
from tests.factories import DecisionFactory, EndedSessionFactory, EventFactory, MarkFactory, StaffEventFactory

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EM-RET-Ba-i")]
TEXT = "I live at 12 Elm Street."


@dataclass
class Kept:
    """A chat under a mark, whose evaluation is open, and one under nothing."""

    session: ChatSession
    event: ChatEvent
    note: StaffEvent
    mark: RetentionMark
    other: ChatSession

    def facts(self) -> dict[str, Any]:
        return {
            "session": str(self.session.pk),
            "event": self.event.pk,
            "note": self.note.pk,
            "mark": self.mark.pk,
            "evaluation": self.mark.evaluation_id,
            "agent": self.session.agent_id,
            "other": str(self.other.pk),
        }


@pytest.fixture
def kept(city: City) -> Kept:
    since = timezone.now() - timedelta(days=2)
    session, other = (EndedSessionFactory(department=city.general, requested_at=since) for _ in range(2))
    event, note = EventFactory(session=session, text=TEXT), StaffEventFactory(session=session)
    ChatSession.objects.filter(pk=session.pk).update(retained=True)
    session.refresh_from_db()
    mark = MarkFactory(session=session)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE asks that nothing be pending
    return Kept(session, event, note, mark, other)


@pytest.fixture
def decided(kept: Kept) -> EvaluationDecision:
    decision: EvaluationDecision = DecisionFactory(evaluation=kept.mark.evaluation)
    return decision


def run(statement: str, facts: dict[str, Any]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return int(cursor.rowcount)


def refused(statement: str, facts: dict[str, Any]) -> bool:
    with pytest.raises(IntegrityError, match="is refused"):
        run(statement, facts)
    return True


ON_KEPT = [
    "DELETE FROM chat_chatsession WHERE id = %(session)s",
    "DELETE FROM chat_chatsession",
    "DELETE FROM chat_chatevent WHERE id = %(event)s",
    "DELETE FROM chat_chatevent",
    "DELETE FROM chat_staffevent WHERE id = %(note)s",
    "DELETE FROM chat_retentionmark WHERE id = %(mark)s",
    "DELETE FROM chat_evaluation WHERE id = %(evaluation)s",
    "UPDATE chat_chatsession SET id = gen_random_uuid() WHERE id = %(session)s",
    "UPDATE chat_chatsession SET customer_name = '' WHERE id = %(session)s",
    "UPDATE chat_chatsession SET customer_email = 'x@example.com' WHERE id = %(session)s",
    "UPDATE chat_chatsession SET customer_phone = '1' WHERE id = %(session)s",
    "UPDATE chat_chatsession SET topic = 'x' WHERE id = %(session)s",
    "UPDATE chat_chatsession SET requested_at = now() WHERE id = %(session)s",
    "UPDATE chat_chatsession SET retained = false WHERE id = %(session)s",
    "UPDATE chat_chatsession SET keep_until = now() - interval '1 day' WHERE id = %(session)s",
    "UPDATE chat_chatsession SET keep_until = now() + interval '1 year' WHERE id = %(session)s",
    "UPDATE chat_chatevent SET text = '' WHERE id = %(event)s",
    "UPDATE chat_staffevent SET text = '' WHERE id = %(note)s",
    "UPDATE chat_staffevent SET session_id = %(other)s WHERE id = %(note)s",
    "UPDATE chat_retentionmark SET session_id = %(other)s WHERE id = %(mark)s",
    "UPDATE chat_retentionmark SET lifted_at = now() WHERE id = %(mark)s",
    "UPDATE chat_retentionmark SET note = 'x' WHERE id = %(mark)s",
    "UPDATE chat_retentionmark SET reason = 'evaluation' WHERE id = %(mark)s",
    "UPDATE chat_evaluation SET closed_at = now() WHERE id = %(evaluation)s",
    "UPDATE chat_evaluation SET returning_key = 'x' WHERE id = %(evaluation)s",
    "UPDATE chat_evaluation SET due_at = now() WHERE id = %(evaluation)s",
    "UPDATE chat_evaluation SET opened_by_id = NULL WHERE id = %(evaluation)s",
]


@pytest.mark.parametrize("statement", ON_KEPT)
def test_what_would_lose_or_change_a_kept_chat_is_refused(kept: Kept, statement: str) -> None:
    assert refused(statement, kept.facts())


KEPT_TABLES = ["chatsession", "chatevent", "staffevent", "retentionmark", "evaluation", "evaluationdecision"]


@pytest.mark.parametrize("table", [*KEPT_TABLES, "ledgerentry"])
def test_no_table_of_what_is_kept_is_truncated(kept: Kept, table: str) -> None:
    assert refused(f"TRUNCATE chat_{table} CASCADE", {})
    assert refused("TRUNCATE agents_department CASCADE", {})


CHANGES = {
    "session_id": "%(other)s",
    "seq": "seq + 10",
    "uid": "gen_random_uuid()",
    "kind": "'notice'",
    "side": "'agent'",
    "agent_id": "%(agent)s",
    "name": "'Somebody'",
    "text": "'Nothing was said'",
    "is_changed": "NOT is_changed",
    "at": "now()",
    "redacted_at": "NULL",
    "rule": "'EM-PAY'",
    "data": "'{\"a\": 1}'",
}


def test_the_table_of_changes_names_every_column_of_an_event() -> None:
    columns = {field.column for field in ChatEvent._meta.concrete_fields} - {"id"}
    assert columns == set(CHANGES)


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("is_redacted", [False, True], ids=["as said", "redacted"])
@pytest.mark.parametrize("is_kept", [False, True], ids=["transient", "kept"])
def test_no_column_of_an_event_changes(kept: Kept, column: str, is_redacted: bool, is_kept: bool) -> None:
    event = kept.event if is_kept else EventFactory(session=kept.other, text=TEXT)
    if is_redacted:
        ChatEvent.objects.filter(pk=event.pk).update(text=TEXT.replace("12", "••"), is_changed=True, redacted_at=NOON)
    facts = {**kept.facts(), "event": event.pk, "other": str(EndedSessionFactory().pk)}
    assert refused(f"UPDATE chat_chatevent SET {column} = {CHANGES[column]} WHERE id = %(event)s", facts)


@pytest.mark.parametrize(
    "text",
    ["", "I live at •• Elm Stree", "I live at •• Elm Street. ", "I live at 13 Elm Street.", "• live at 12 Elm Street."],
)
def test_of_a_text_only_digits_are_masked(kept: Kept, text: str) -> None:
    statement = "UPDATE chat_chatevent SET text = %(text)s, redacted_at = now() WHERE id = %(event)s"
    assert refused(statement, {**kept.facts(), "text": text})


def test_what_is_masked_stays_so(kept: Kept) -> None:
    statement = "UPDATE chat_chatevent SET text = %(text)s, redacted_at = now() WHERE id = %(event)s"
    assert run(statement, {**kept.facts(), "text": "I live at •• Elm Street."}) == 1
    assert refused(statement, {**kept.facts(), "text": TEXT})


def test_digits_of_every_script_are_masked_and_letters_are_not(kept: Kept) -> None:
    statement = "UPDATE chat_chatevent SET text = %(text)s, redacted_at = now() WHERE id = %(event)s"
    for text in ("٤١١١", "４１１１", "४१११", "④①"):
        event = EventFactory(session=kept.session, text=text)
        assert run(statement, {"event": event.pk, "text": "•" * len(text)}) == 1
    event = EventFactory(session=kept.session, text="ا١")
    assert refused(statement, {"event": event.pk, "text": "••"})


def test_redaction_passes_on_a_kept_chat_with_what_was_said_of_it_before(kept: Kept) -> None:
    piece = EventFactory(session=kept.session, text="12 34")
    said = EventFactory(session=kept.session, kind=Kind.REDACTED, text="", data={"seq": piece.seq, "text": "12 ••"})
    row = EventRow(kept.session.pk, piece.seq, piece.uid, "message", "customer", None, "Dana", piece.text, False, NOON)
    redact(row, "•• ••", at=NOON)
    piece.refresh_from_db()
    said.refresh_from_db()
    assert (piece.text, piece.is_changed, piece.redacted_at) == ("•• ••", True, NOON)
    assert (said.data, said.redacted_at) == ({"seq": piece.seq, "text": "•• ••"}, NOON)


@pytest.mark.parametrize(
    "data", ['{"seq": 1, "text": "gone"}', '{"seq": 2, "text": "12 Elm"}', '{"seq": 1}', '{"seq": 1, "text": "13 Elm"}']
)
def test_what_was_said_of_a_redaction_only_loses_digits(kept: Kept, data: str) -> None:
    said = EventFactory(session=kept.session, kind=Kind.REDACTED, text="", data={"seq": 1, "text": "12 Elm"})
    statement = "UPDATE chat_chatevent SET data = %(data)s, redacted_at = now() WHERE id = %(event)s"
    assert refused(statement, {"event": said.pk, "data": data})
    assert run(statement, {"event": said.pk, "data": '{"seq": 1, "text": "•• Elm"}'}) == 1


def test_keep_until_is_prolonged_and_never_shortened(kept: Kept) -> None:
    until = timezone.now() + timedelta(days=30)
    ChatSession.objects.filter(pk=kept.other.pk).update(retained=True, keep_until=until)
    statement = "UPDATE chat_chatsession SET keep_until = %(until)s WHERE id = %(other)s"
    for days in (-1, -60):
        assert refused(statement, {**kept.facts(), "until": until + timedelta(days=days)})
    assert run(statement, {**kept.facts(), "until": until + timedelta(days=1)}) == 1
    assert run(statement, {**kept.facts(), "until": None}) == 1
    assert refused(statement, {**kept.facts(), "until": until})
    assert refused("UPDATE chat_chatsession SET retained = false, keep_until = NULL WHERE id = %(other)s", kept.facts())


def test_a_chat_whose_date_has_come_is_let_go(kept: Kept) -> None:
    ChatSession.objects.filter(pk=kept.session.pk).update(retained=True)
    over = timezone.now() - timedelta(days=1)
    ChatSession.objects.filter(pk=kept.other.pk).update(retained=True, keep_until=over)
    statement = "UPDATE chat_chatsession SET retained = false, keep_until = NULL WHERE id = %(other)s"
    assert run(statement, kept.facts()) == 1
    assert run("DELETE FROM chat_chatsession WHERE id = %(other)s", kept.facts()) == 1


def test_a_decision_lets_marks_end_and_the_chat_go(kept: Kept, decided: EvaluationDecision) -> None:
    facts = {**kept.facts(), "decision": decided.pk}
    release = "UPDATE chat_chatsession SET retained = false WHERE id = %(session)s"
    assert refused(release, facts)  # its mark still holds
    lift = "UPDATE chat_retentionmark SET lifted_at = now(), decision_id = %(decision)s WHERE id = %(mark)s"
    assert run(lift, facts) == 1
    assert refused(lift, facts)  # once
    assert refused("UPDATE chat_retentionmark SET lifted_at = NULL, decision_id = NULL WHERE id = %(mark)s", facts)
    assert run("UPDATE chat_evaluation SET closed_at = now(), returning_key = '' WHERE id = %(evaluation)s", facts) == 1
    assert refused("UPDATE chat_evaluation SET closed_at = NULL WHERE id = %(evaluation)s", facts)
    assert run(release, facts) == 1
    assert run("DELETE FROM chat_chatsession WHERE id = %(session)s", facts) == 1
    assert not ChatEvent.objects.exists()
    assert not StaffEvent.objects.exists()
    assert not RetentionMark.objects.exists()
    assert run("DELETE FROM chat_evaluation WHERE id = %(evaluation)s", facts) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not EvaluationDecision.objects.exists()


def test_the_decision_on_another_evaluation_lifts_nothing(kept: Kept) -> None:
    facts = {**kept.facts(), "decision": DecisionFactory().pk}
    lift = "UPDATE chat_retentionmark SET lifted_at = now(), decision_id = %(decision)s WHERE id = %(mark)s"
    assert refused(lift, facts)
    assert Evaluation.objects.filter(pk=kept.mark.evaluation_id, closed_at__isnull=True).exists()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM chat_evaluationdecision WHERE id = %(decision)s",
        "UPDATE chat_evaluationdecision SET reason = 'Another.' WHERE id = %(decision)s",
        "UPDATE chat_evaluationdecision SET at = now() WHERE id = %(decision)s",
        "UPDATE chat_evaluationdecision SET ending = 'from_ledger' WHERE id = %(decision)s",
    ],
)
def test_a_decision_is_final(decided: EvaluationDecision, statement: str) -> None:
    assert refused(statement, {"decision": decided.pk})


def test_what_nothing_keeps_goes_alone_or_with_its_session(kept: Kept) -> None:
    event, _note = EventFactory(session=kept.other), StaffEventFactory(session=kept.other)
    assert run("DELETE FROM chat_chatevent WHERE id = %(event)s", {"event": event.pk}) == 1
    EventFactory(session=kept.other)
    assert run("DELETE FROM chat_chatsession WHERE id = %(other)s", kept.facts()) == 1
    assert not ChatEvent.objects.filter(session=kept.other.pk).exists()
    assert not StaffEvent.objects.filter(session=kept.other.pk).exists()


def test_a_date_ends_no_mark_whose_evaluation_is_open(kept: Kept) -> None:
    over = timezone.now() - timedelta(days=1)
    ChatSession.objects.filter(pk=kept.other.pk).update(retained=True, keep_until=over)
    mark = MarkFactory(session=kept.other)
    release = "UPDATE chat_chatsession SET retained = false, keep_until = NULL WHERE id = %(other)s"
    assert refused(release, kept.facts())
    DecisionFactory(evaluation=mark.evaluation)
    assert run(release, kept.facts()) == 1


def test_a_decision_does_not_cut_a_date_short(kept: Kept, decided: EvaluationDecision) -> None:
    RetentionMark.objects.filter(pk=kept.mark.pk).update(lifted_at=NOON, decision=decided)
    ChatSession.objects.filter(pk=kept.session.pk).update(keep_until=timezone.now() + timedelta(days=1))
    assert refused(
        "UPDATE chat_chatsession SET retained = false, keep_until = NULL WHERE id = %(session)s", kept.facts()
    )
