"""What supervisors and administrators see and do about what goes and what stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import Client

from agents.models import Role, User
from chat.actions import end_as_agent, mark, purge_if_due, request_chat
from chat.actions.sessions import Request
from chat.models import ChatRecord, ChatSession, Evaluation, LedgerEntry, PurgeRun, Reading, RetentionMark
from chat.tasks import purge_daily
from tests.chat.conftest import City, city
from tests.factories import ActiveSessionFactory, UserFactory, log_in
from tests.policies.factories import adopt, keep_chats

pytestmark = pytest.mark.django_db
__all__ = ["city"]

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def ended_chat(city: City, *, at: datetime, **facts: str) -> ChatSession:
    session = ActiveSessionFactory(department=city.general, agent=city.rosa, requested_at=at, **facts)
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=at)
    session.refresh_from_db()
    return session


def browser(user: User) -> Client:
    client = Client()
    log_in(client, user, at=NOON)
    return client


@pytest.fixture
def sam(city: City) -> Client:
    return browser(city.supervisor.user)


@pytest.fixture
def boss(db: None) -> Client:
    return browser(UserFactory(roles=[Role.ADMIN]))


# The command ------------------------------------------------------------------------
def run(*arguments: str) -> str:
    out = StringIO()
    call_command("purge_transcripts", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.rule("EM-RET-A")
@time_machine.travel(NOON, tick=False)
def test_the_command_says_what_it_would_do_and_does_it(city):
    ended_chat(city, at=NOON - DAY)
    assert "1 of them would be deleted" in run("--dry-run")
    assert ChatSession.objects.count() == 1
    assert "1 deleted, 0 kept" in run()
    assert ChatSession.objects.count() == 0
    assert ChatRecord.objects.count() == 1
    assert PurgeRun.objects.get().cause == "by_hand"


@time_machine.travel(NOON, tick=False)
def test_the_command_refuses_without_a_legal_basis(city):
    keep_chats(legal_basis="")
    ended_chat(city, at=NOON - DAY)
    with pytest.raises(CommandError, match="no legal basis"):
        run()
    with pytest.raises(CommandError, match="no legal basis"):
        run("--dry-run")
    assert ChatSession.objects.count() == 1


# The daily run ----------------------------------------------------------------------
LOCAL_TWO = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 2:00 in Toronto


def runs() -> list[tuple[str, bool]]:
    return list(PurgeRun.objects.order_by("pk").values_list("cause", "refusal"))


@pytest.mark.rule("EM-RET-A")
def test_it_runs_once_a_day_at_the_city_s_time(city):
    purge_if_due(at=LOCAL_TWO - DAY)
    assert purge_if_due(at=LOCAL_TWO - timedelta(seconds=1)) is None
    assert purge_if_due(at=LOCAL_TWO).cause == "daily"
    assert purge_if_due(at=LOCAL_TWO + timedelta(seconds=10)) is None
    assert purge_if_due(at=LOCAL_TWO + timedelta(hours=23)) is None
    assert len(runs()) == 2


def test_a_missed_run_is_caught_up(city):
    purge_if_due(at=LOCAL_TWO - DAY)
    ended_chat(city, at=LOCAL_TWO - timedelta(hours=3))
    assert purge_if_due(at=LOCAL_TWO + timedelta(hours=9)).cause == "catch_up"
    assert ChatSession.objects.count() == 0


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),  # 2:30 is skipped: after the gap
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 1, 6, 30, tzinfo=UTC)),
    ],
)
def test_the_time_is_read_on_the_city_s_clock_also_when_it_changes(city, day, due):
    keep_chats(purge_at="02:30")
    due = datetime(2026, 3, 8, 7, 0, tzinfo=UTC) if day.month == 3 else due  # 3:00 daylight time
    purge_if_due(at=due - timedelta(hours=12))
    assert purge_if_due(at=due - timedelta(seconds=1)) is None
    assert purge_if_due(at=due) is not None


def test_the_row_decides_when_and_what(city):
    keep_chats(purge_at="03:00", grace_minutes=0)
    purge_if_due(at=LOCAL_TWO - DAY + timedelta(hours=2))
    ended_chat(city, at=LOCAL_TWO + timedelta(minutes=40))
    assert purge_if_due(at=LOCAL_TWO + timedelta(minutes=59)) is None
    assert purge_if_due(at=LOCAL_TWO + timedelta(minutes=60)).deleted == 1


def test_what_ended_within_the_grace_goes_with_the_next_run(city):
    purge_if_due(at=LOCAL_TWO - DAY)
    ended_chat(city, at=LOCAL_TWO - timedelta(minutes=59))
    assert purge_if_due(at=LOCAL_TWO).deleted == 0
    assert purge_if_due(at=LOCAL_TWO + DAY).deleted == 1


def test_a_refusal_is_noted_once_a_day(city):
    keep_chats(legal_basis="")
    assert "no legal basis" in purge_if_due(at=LOCAL_TWO).refusal
    assert purge_if_due(at=LOCAL_TWO + timedelta(hours=1)) is None
    assert purge_if_due(at=LOCAL_TWO + DAY).refusal
    keep_chats()
    assert purge_if_due(at=LOCAL_TWO + DAY + timedelta(hours=7)).cause == "catch_up"  # as soon as there is a basis


@time_machine.travel(LOCAL_TWO, tick=False)
def test_beat_wakes_it(city):
    purge_daily()
    purge_daily()
    assert len(runs()) == 1


# The page ---------------------------------------------------------------------------
@time_machine.travel(NOON, tick=False)
def test_the_page_says_when_the_next_purge_is_and_what_it_would_do(city, sam):
    ended_chat(city, at=NOON - DAY)
    text = sam.get("/supervise/retention/").content.decode()
    assert "Wednesday 25 November, 02:00" in text
    assert "it would delete 1 chat." in text
    assert "EM-RET-A" in text


@time_machine.travel(NOON, tick=False)
def test_an_administrator_purges_by_hand_and_a_supervisor_does_not(city, sam, boss):
    ended_chat(city, at=NOON - DAY)
    assert sam.post("/supervise/retention/purge/").status_code == 403
    assert ChatSession.objects.count() == 1
    answer = boss.post("/supervise/retention/purge/", follow=True)
    assert "1 chats were deleted, 0 are kept." in answer.content.decode()
    assert PurgeRun.objects.get().by is not None


@time_machine.travel(NOON, tick=False)
def test_the_page_says_why_nothing_is_purged(city, sam, boss):
    keep_chats(legal_basis="")
    assert "has no legal basis" in sam.get("/supervise/retention/").content.decode()
    assert "?rule=EM-RET-A" in boss.get("/supervise/retention/").content.decode()
    assert "has no legal basis" in sam.get("/supervise/").content.decode()
    assert "Nothing was purged." in boss.post("/supervise/retention/purge/", follow=True).content.decode()


@pytest.mark.rule("EM-RET-Ba-i")
@time_machine.travel(NOON, tick=False)
def test_a_supervisor_closes_an_evaluation_with_a_reason(city, sam):
    session = ended_chat(city, at=NOON - DAY)
    mark(session.pk, agent_id=city.rosa.pk, reason="harassment", note="Threats.", at=NOON)
    evaluation = Evaluation.objects.get()
    address = f"/supervise/evaluations/{evaluation.pk}/close/"
    blank = sam.post(address, {f"close-{evaluation.pk}-reason": "  "})
    assert blank.status_code == 400
    assert "Write why there is no ban" in blank.content.decode()
    assert Evaluation.objects.open().count() == 1
    sam.post(address, {f"close-{evaluation.pk}-reason": "A misunderstanding."})
    assert RetentionMark.objects.holding().count() == 0
    assert LedgerEntry.objects.get().kind == "lifted_mark"
    session.refresh_from_db()
    assert not session.retained
    again = sam.post(address, {f"close-{evaluation.pk}-reason": "Again."})
    assert "This evaluation is closed." in again.content.decode()


def test_nobody_else_closes_an_evaluation(city, boss):
    session = ended_chat(city, at=NOON - DAY)
    mark(session.pk, agent_id=city.rosa.pk, reason="harassment", at=NOON)
    pk = Evaluation.objects.get().pk
    with time_machine.travel(NOON, tick=False):
        for client in (boss, browser(city.rosa.user)):
            assert client.post(f"/supervise/evaluations/{pk}/close/", {f"close-{pk}-reason": "x"}).status_code == 403


# Transcripts ------------------------------------------------------------------------
def asked(city: City, question: str, *, at: datetime) -> ChatSession:
    return request_chat(Request("Dana", question, city.general, city.english), at=at).session


@pytest.mark.rule("EM-RET-B")
@pytest.mark.rule("EM-PII-B")
@time_machine.travel(NOON, tick=False)
def test_a_supervisor_reads_a_transcript_and_each_reading_of_an_ended_one_is_written_down(city, sam):
    session = asked(city, "Where is <b>my</b> bin?", at=NOON)
    page = f"/supervise/chats/{session.pk}/"
    answer = sam.get(page)
    assert "Where is &lt;b&gt;my&lt;/b&gt; bin?" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert Reading.objects.count() == 0  # it still waits
    ChatSession.objects.filter(pk=session.pk).update(agent=city.rosa, status="active")
    end_as_agent(session.pk, agent_id=city.rosa.pk, outcome="resolved", at=NOON)
    assert "Sam" in sam.get(page).content.decode()
    assert Reading.objects.get().was_entitled


@time_machine.travel(NOON, tick=False)
def test_a_supervisor_reads_what_the_resident_and_the_agent_said_of_it_afterwards(city, sam):
    chat = ended_chat(city, at=NOON)
    facts = {"rating": 2, "rating_comment": "Nobody <b>listened</b>.", "rated_at": NOON, "note": "To be called."}
    ChatSession.objects.filter(pk=chat.pk).update(**facts)
    page = sam.get(f"/supervise/chats/{chat.pk}/").content.decode()
    assert "2 of 5" in page
    assert "Nobody &lt;b&gt;listened&lt;/b&gt;." in page
    assert "To be called." in page


@time_machine.travel(NOON, tick=False)
def test_an_agent_opens_no_transcript_be_it_her_own_or_not(city):
    session = ended_chat(city, at=NOON)
    client = browser(city.rosa.user)
    for path in ("/supervise/chats/", f"/supervise/chats/{session.pk}/"):
        assert client.get(path).status_code == 403
    assert client.post(f"/supervise/chats/{session.pk}/mark/", {"reason": "harassment"}).status_code == 403


@time_machine.travel(NOON, tick=False)
def test_a_purged_chat_shows_its_figures_alone(city, sam):
    session = ended_chat(city, at=NOON - DAY, customer_name="Zacharias")
    run()
    answer = sam.get(f"/supervise/chats/{session.pk}/")
    assert answer.status_code == 404
    assert "This chat was purged" in answer.content.decode()
    assert "Zacharias" not in answer.content.decode()
    gone = sam.post(f"/supervise/chats/{session.pk}/mark/", {"reason": "harassment"}, follow=True)
    assert "nothing is left of it that could be kept" in gone.content.decode()


@pytest.mark.rule("EM-RET-Ba-i")
@time_machine.travel(NOON, tick=False)
def test_a_supervisor_marks_a_chat_with_a_reason(city, sam):
    session = ended_chat(city, at=NOON - DAY)
    page = f"/supervise/chats/{session.pk}/mark/"
    wrong = sam.post(page, {"note": "Kept words."})
    assert wrong.status_code == 400
    assert "Choose why this chat is kept." in wrong.content.decode()
    assert "Kept words." in wrong.content.decode()
    assert Reading.objects.count() == 1  # that page showed the transcript, too
    assert "is kept until" in sam.post(page, {"reason": "harassment", "note": "x"}, follow=True).content.decode()
    session.refresh_from_db()
    assert session.retained
    assert "Harassment by the resident" in sam.get("/supervise/retention/").content.decode()


@time_machine.travel(NOON, tick=False)
def test_the_list_bears_no_word_of_a_chat_and_is_filtered_and_paged(city, sam, django_assert_max_num_queries):
    for number in range(60):
        ended_chat(city, at=NOON - timedelta(minutes=number), customer_name="Zacharias")
    kept = ended_chat(city, at=NOON - timedelta(hours=3))
    mark(kept.pk, agent_id=city.rosa.pk, reason="harassment", at=NOON)
    with django_assert_max_num_queries(13):
        first = sam.get("/supervise/chats/").content.decode()
    assert "Zacharias" not in first
    assert first.count("/supervise/chats/") >= 50
    assert str(kept.pk) not in first
    older = first.split('href="?at=')[1].split('"')[0].replace("&amp;", "&")
    assert str(kept.pk) in sam.get(f"/supervise/chats/?at={older}").content.decode()
    assert str(kept.pk) in sam.get("/supervise/chats/?kept=on").content.decode()
    assert str(kept.pk) not in sam.get("/supervise/chats/?department=roads").content.decode()
    assert sam.get("/supervise/chats/?at=nonsense&id=x").status_code == 200


@pytest.mark.rule("EM-911")
@time_machine.travel(NOON, tick=False)
def test_the_console_shows_emergencies_that_are_spoken_of_now(city, sam):
    adopt("EM-911", life_number="911")
    session = asked(city, "Is the library open?", at=NOON)
    ChatSession.objects.filter(pk=session.pk).update(emergency="life", emergency_at=NOON)
    assert "Emergencies that are spoken of now" in sam.get("/supervise/").content.decode()


def test_the_administration_shows_no_text_of_a_chat(boss, city):
    shown = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "chat"}
    assert shown == {"wording"}
