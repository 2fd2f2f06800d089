"""Marks: who may keep a chat and why, what is kept with it, and the one way in which that ends."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from agents.models import Agent
from chat.actions import (
    Request,
    close_evaluation,
    end_as_agent,
    lift_from_ledger,
    mark,
    purge,
    purge_from_ledger,
    request_chat,
)
from chat.models import ChatSession, Evaluation, LedgerEntry, PurgeRun, RetentionMark, StaffEvent
from contactcenter.lib.errors import DomainError, Invalid, NotFound, WrongState
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import ActiveSessionFactory, EndedSessionFactory
from tests.policies.factories import adopt
from tests.wire import Wires

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEY = "the resident's browser"
pytestmark = pytest.mark.rule("EM-RET-Ba-i")


@pytest.fixture
def session(city: City) -> ChatSession:
    made: ChatSession = ActiveSessionFactory(
        department=city.general, agent=city.rosa, returning_key=KEY, requested_at=NOON
    )
    return made


def keep(session: ChatSession, agent: Agent | None = None, *, at: datetime = NOON, **more: str) -> RetentionMark:
    by = agent.pk if agent else session.agent_id
    assert by is not None
    return mark(session.pk, agent_id=by, reason=more.pop("reason", "harassment"), at=at, **more)


def ask(city: City, *, at: datetime, key: str = KEY) -> ChatSession:
    request = Request(
        name="Dana", question="Again me.", department=city.general, language=city.english, returning_key=key
    )
    return request_chat(request, at=at).session


def is_kept(session: ChatSession) -> bool:
    session.refresh_from_db()
    return session.retained


def notes(session: ChatSession) -> list[tuple[str, str]]:
    return list(session.staff_events.order_by("n").values_list("kind", "text"))


# The frame --------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
class TestFrame:
    async def test_the_agent_of_a_chat_keeps_it_with_a_frame(self, city: City, wires: Wires) -> None:
        chat, customer, desk = await wires.conversation(city.rosa)
        frame = {"type": "mark", "session": chat.session, "reason": "harassment", "note": "He threatens me."}
        await desk.send({**frame, "ref": "m"})
        assert await desk.next("ok", ref="m")
        told = await desk.next("staff_event")
        assert (told["n"], told["kind"], told["name"], told["rule"]) == (1, "marked", "Rosa", "EM-RET-Ba-i")
        assert (told["text"], told["data"]["reason"]) == ("He threatens me.", "harassment")
        assert await sync_to_async(lambda: ChatSession.objects.get().retained)()
        kinds = {frame["type"] for frame in await customer.nothing_more()}
        assert "staff_event" not in kinds

    async def test_a_supervisor_keeps_any_chat_and_others_learn_nothing(self, city: City, wires: Wires) -> None:
        chat, _customer, _desk = await wires.conversation(city.rosa)
        frame = {"type": "mark", "session": chat.session, "reason": "improper_conduct", "ref": "m"}
        other = await wires.desk(city.rudi)
        await other.send(frame)
        refusal = await other.next("error", ref="m")
        await other.send({**frame, "session": str(uuid.uuid4()), "ref": "absent"})
        absent = await other.next("error", ref="absent")
        assert (refusal["code"], refusal["detail"]) == (absent["code"], absent["detail"])
        assert refusal["code"] == "not_found"
        supervisor = await wires.desk(city.supervisor)
        await supervisor.send(frame)
        assert await supervisor.next("ok", ref="m")

    @pytest.mark.parametrize("more", [{}, {"reason": ""}, {"reason": "evaluation"}, {"reason": "spite"}, {"reason": 1}])
    async def test_without_a_reason_of_the_list_nothing_is_kept(
        self, city: City, wires: Wires, more: dict[str, object]
    ) -> None:
        chat, _customer, desk = await wires.conversation(city.rosa)
        await desk.send({"type": "mark", "session": chat.session, "ref": "m", **more})
        refusal = await desk.next("error", ref="m")
        assert (refusal["code"], refusal["field"]) == ("invalid", "reason")
        assert not await sync_to_async(RetentionMark.objects.exists)()

    @pytest.mark.parametrize("note", [1, None, "x" * 2001])
    async def test_a_note_is_text_of_some_length(self, city: City, wires: Wires, note: object) -> None:
        chat, _customer, desk = await wires.conversation(city.rosa)
        await desk.send({"type": "mark", "session": chat.session, "reason": "harassment", "note": note, "ref": "m"})
        refusal = await desk.next("error", ref="m")
        assert (refusal["code"], refusal["field"]) == ("invalid", "note")


# What is kept -----------------------------------------------------------------------
def test_marking_twice_changes_nothing_and_a_further_note_is_not_lost(session: ChatSession) -> None:
    first, again = keep(session, note="He shouts."), keep(session, note="He shouts.")
    assert first == again
    assert notes(session) == [("marked", "He shouts.")]
    keep(session, note="He shouts louder.")
    assert notes(session) == [("marked", "He shouts."), ("marked", "He shouts louder.")]
    assert RetentionMark.objects.get().note == "He shouts."


def test_another_reason_is_another_mark_of_the_same_evaluation(session: ChatSession) -> None:
    one, two = keep(session), keep(session, reason="improper_conduct")
    assert one != two
    assert one.evaluation == two.evaluation
    assert Evaluation.objects.count() == 1


def test_a_card_in_a_note_is_masked(session: ChatSession) -> None:
    assert keep(session, note="He sent 4111 1111 1111 1111.").note == "He sent •••• •••• •••• ••••."


def test_a_purged_chat_is_not_kept_and_who_had_it_reads_why(city: City) -> None:
    session = EndedSessionFactory(department=city.general, agent=city.rosa, requested_at=NOON, wrapped_up_at=None)
    assert purge(at=NOON + DAY, cause=PurgeRun.Cause.BY_HAND).deleted == 1
    for agent in (city.rosa, city.supervisor):
        with pytest.raises(WrongState, match="was purged; nothing is left of it"):
            keep(session, agent, at=NOON + DAY)
    with pytest.raises(NotFound):
        keep(session, city.rudi, at=NOON + DAY)
    assert not Evaluation.objects.exists()


def test_an_ended_chat_is_kept_too(city: City) -> None:
    session = EndedSessionFactory(department=city.general, agent=city.rosa, requested_at=NOON)
    keep(session, city.supervisor, at=NOON + 3 * HOUR)
    assert purge(at=NOON + DAY, cause=PurgeRun.Cause.BY_HAND).kept == 1


@pytest.mark.rule("EM-EVAL")
@pytest.mark.parametrize("days", [14, 3])
def test_the_evaluation_is_due_after_the_days_of_the_citys_row(session: ChatSession, days: int) -> None:
    version = adopt("EM-EVAL", days=days)
    evaluation = keep(session).evaluation
    assert (evaluation.due_at, evaluation.due_version) == (NOON + days * DAY, version)


def test_without_that_row_nothing_is_due(session: ChatSession) -> None:
    assert keep(session).evaluation.due_at is None


# Later chats ------------------------------------------------------------------------
def test_later_chats_of_the_same_browser_are_kept_while_it_is_evaluated_and_earlier_ones_never(
    city: City, session: ChatSession
) -> None:
    earlier = EndedSessionFactory(department=city.general, returning_key=KEY, requested_at=NOON - DAY)
    evaluation = keep(session).evaluation
    later, stranger = ask(city, at=NOON + HOUR), ask(city, at=NOON + HOUR, key="another browser")
    assert [is_kept(each) for each in (earlier, session, later, stranger)] == [False, True, True, False]
    found = later.marks.get()
    assert (found.reason, found.by, found.evaluation) == ("evaluation", None, evaluation)
    assert notes(later) == [("marked", "")]
    close_evaluation(evaluation.pk, by_id=city.supervisor.pk, reason="It was a misunderstanding.", at=NOON + 2 * HOUR)
    after = ask(city, at=NOON + 3 * HOUR)
    assert [is_kept(each) for each in (session, later, after)] == [False, False, False]


def test_nobody_is_known_again_by_an_empty_secret(city: City) -> None:
    session = ActiveSessionFactory(department=city.general, agent=city.rosa, returning_key="", requested_at=NOON)
    keep(session)
    assert not is_kept(ask(city, at=NOON + HOUR, key=""))


def test_a_mark_on_a_later_chat_belongs_to_the_open_evaluation(city: City, session: ChatSession) -> None:
    first = keep(session)
    later = ask(city, at=NOON + HOUR)
    again = keep(later, city.supervisor, at=NOON + 2 * HOUR)
    assert again.evaluation == first.evaluation
    assert later.marks.count() == 2


# The end ----------------------------------------------------------------------------
@pytest.mark.parametrize("reason", ["", "  \n"])
def test_closing_needs_a_reason(city: City, session: ChatSession, reason: str) -> None:
    evaluation = keep(session).evaluation
    with pytest.raises(Invalid, match="Write why there is no ban") as refusal:
        close_evaluation(evaluation.pk, by_id=city.supervisor.pk, reason=reason, at=NOON)
    assert refusal.value.more["field"] == "reason"
    assert is_kept(session)


def test_an_agent_closes_no_evaluation(city: City, session: ChatSession) -> None:
    evaluation = keep(session).evaluation
    for number in (evaluation.pk, evaluation.pk + 1):
        with pytest.raises(NotFound, match="no such evaluation"):
            close_evaluation(number, by_id=city.rosa.pk, reason="Please.", at=NOON)


def test_closing_lifts_every_mark_and_writes_it_into_the_ledger(city: City, session: ChatSession) -> None:
    marks = [keep(session), keep(session, reason="improper_conduct")]
    later = ask(city, at=NOON + HOUR)
    reason = "He apologised; card 4111 1111 1111 1111."
    decision = close_evaluation(marks[0].evaluation_id, by_id=city.supervisor.pk, reason=reason, at=NOON + 2 * HOUR)
    assert (decision.ending, decision.by) == ("no_ban", city.supervisor)
    assert "4111" not in decision.reason
    all_marks = RetentionMark.objects.order_by("pk")
    assert {(each.decision, each.lifted_at) for each in all_marks} == {(decision, NOON + 2 * HOUR)}
    entries = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.LIFTED_MARK).order_by("pk")
    assert [entry.subject for entry in entries] == [str(each.pk) for each in all_marks]
    evaluation = Evaluation.objects.get()
    assert (evaluation.closed_at, evaluation.returning_key) == (NOON + 2 * HOUR, "")
    assert [notes(each)[-1][0] for each in (session, later)] == ["evaluation_closed"] * 2
    with pytest.raises(WrongState, match="is closed"):
        close_evaluation(evaluation.pk, by_id=city.supervisor.pk, reason="Again.", at=NOON + 3 * HOUR)


def test_the_mark_of_another_evaluation_still_holds(city: City, session: ChatSession) -> None:
    first = keep(session).evaluation
    close_evaluation(first.pk, by_id=city.supervisor.pk, reason="Nothing.", at=NOON + HOUR)
    second = keep(session, at=NOON + 2 * HOUR).evaluation
    third = EndedSessionFactory(department=city.general, agent=city.rosa, retained=True, requested_at=NOON)
    for evaluation in (Evaluation.objects.create(opened_at=NOON, opened_by=city.rosa), second):
        RetentionMark.objects.create(session=third, evaluation=evaluation, reason="harassment", at=NOON)
    close_evaluation(second.pk, by_id=city.supervisor.pk, reason="Nothing again.", at=NOON + 3 * HOUR)
    assert (is_kept(session), is_kept(third)) == (False, True)


def test_after_the_decision_the_chats_go_with_the_next_run(city: City, session: ChatSession) -> None:
    evaluation = keep(session).evaluation
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="conduct", at=NOON + HOUR)
    assert purge(at=NOON + DAY, cause=PurgeRun.Cause.BY_HAND).kept == 1
    close_evaluation(evaluation.pk, by_id=city.supervisor.pk, reason="No ban.", at=NOON + DAY)
    done = purge(at=NOON + DAY + HOUR, cause=PurgeRun.Cause.BY_HAND)
    assert (done.deleted, done.kept, done.evaluations_deleted, done.leftover) == (1, 0, 1, 0)


# After a restore --------------------------------------------------------------------
def test_the_ledger_lifts_marks_and_purges_chats_again(city: City, session: ChatSession) -> None:
    held = keep(session)
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="conduct", at=NOON)
    assert purge_from_ledger([session.pk], at=NOON + HOUR) == 0  # what is kept stays, whatever the ledger says
    assert lift_from_ledger([held.pk], at=NOON + HOUR) == 1
    assert lift_from_ledger([held.pk], at=NOON + HOUR) == 0
    assert Evaluation.objects.get().decision.ending == "from_ledger"
    assert purge_from_ledger([session.pk, uuid.uuid4()], at=NOON + HOUR) == 1
    assert not Evaluation.objects.exists()


def test_staff_notes_are_numbered_without_holes(city: City, session: ChatSession) -> None:
    for count in range(4):
        keep(session, note=f"Note {count}")
    with pytest.raises(DomainError):
        keep(session, reason="spite")
    keep(session, online_agent("Sue", city.general, role="supervisor"), note="Seen.")
    assert list(StaffEvent.objects.order_by("n").values_list("n", flat=True)) == [1, 2, 3, 4, 5]
    session.refresh_from_db()
    assert session.last_staff_n == 5
