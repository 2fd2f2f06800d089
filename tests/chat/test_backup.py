"""The chat out of order, and incidents: what residents meet while something is wrong."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone

from agents.actions import end_incident, post_incident, turn_backup
from agents.models import BackupPlan, BackupTurn, Department, Incident
from chat import news
from chat.actions import accept
from chat.incidents import tell_of_backup
from chat.models import ChatSession, Kind
from chat.relay import Relay
from chat.states import Status
from chat.timers import act_on_due_timers
from policies.models import BusinessCalendar
from tests.chat.conftest import City
from tests.chat.test_opening import MOMENT, ask, local, refused, state
from tests.chat.test_opening import hours as hours
from tests.chat.test_seats import race
from tests.factories import BackupPlanFactory, LanguageFactory, QueuedSessionFactory
from tests.policies.factories import adopt
from tests.wire import Wires

HOUR = timedelta(hours=1)
PHONE, PAGE = "555-0100", "https://www.maplebrook.example/contact/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(city: City) -> BackupPlan:
    adopt("SJ-BACK")
    made: BackupPlan = BackupPlanFactory(texts={"en": "Broken. Call us.", "es": "Roto. Llame."})
    return made


def turn(plan: BackupPlan, city: City, *, is_on: bool = True) -> None:
    turn_backup(plan.pk, is_on=is_on, why="Flooded.", by=city.supervisor.user, at=local(9))


# Back-up mode ---------------------------------------------------------------
@pytest.mark.rule("SJ-BACK")
def test_while_the_back_up_mode_is_on_no_chat_begins_and_the_way_round_is_named(city: City, plan: BackupPlan) -> None:
    assert state(city, at=local(10)) == ("open", None)
    turn(plan, city)
    refusal = refused(city, at=local(10))
    assert (refusal.code, refusal.more["rule"], refusal.more["next_opening"]) == ("closed", "SJ-BACK", None)
    assert refusal.detail == f"The chat is out of order now. Please call {PHONE}, or use the form: {PAGE}"
    assert refusal.more["backup"] == {"phone": PHONE, "page": PAGE, "text": "Broken. Call us."}
    assert not ChatSession.objects.exists()
    turn(plan, city, is_on=False)
    assert ask(city, at=local(10)).status == Status.QUEUED


@pytest.mark.rule("SJ-BACK")
@pytest.mark.parametrize(
    ("ways", "detail"),
    [({"page": ""}, f"Please call {PHONE}."), ({"phone": ""}, f"Please use the form: {PAGE}")],
)
def test_only_the_ways_that_there_are_are_named(
    city: City, plan: BackupPlan, ways: dict[str, str], detail: str
) -> None:
    BackupPlan.objects.update(**ways)
    turn(plan, city)
    assert refused(city, at=local(10)).detail == f"The chat is out of order now. {detail}"


@pytest.mark.rule("SJ-BACK")
def test_availability_says_so_in_the_language_that_was_asked_for(city: City, plan: BackupPlan) -> None:
    spanish = LanguageFactory(code="es")
    facts = news.read_availability(city.general, spanish, at=local(10))
    assert (facts["state"], facts["backup"]) == ("open", None)
    turn(plan, city)
    facts = news.read_availability(city.general, spanish, at=local(10))
    assert (facts["state"], facts["rule"], facts["next_opening"]) == ("backup", "SJ-BACK", None)
    assert facts["backup"] == {"phone": PHONE, "page": PAGE, "text": "Roto. Llame."}


@pytest.mark.rule("SJ-BACK")
def test_a_city_that_has_not_adopted_it_has_no_back_up_mode(city: City, plan: BackupPlan) -> None:
    turn(plan, city)
    adopt("SJ-BACK", is_adopted=False)
    assert state(city, at=local(10)) == ("open", None)


@pytest.mark.rule("SJ-BACK")
def test_the_back_up_mode_of_another_channel_leaves_the_chat_alone(city: City, plan: BackupPlan) -> None:
    turn(BackupPlanFactory(channel="phone"), city)
    assert state(city, at=local(10)) == ("open", None)


@pytest.mark.rule("SJ-BACK")
def test_what_runs_and_who_waits_goes_on(city: City, plan: BackupPlan, hours: BusinessCalendar) -> None:
    waiting = ask(city, at=local(9))
    turn(plan, city)
    act_on_due_timers(at=local(10))
    accept(waiting.pk, agent_id=city.rosa.pk, at=local(10))
    waiting.refresh_from_db()
    assert waiting.status == Status.ACTIVE


@pytest.mark.rule("SJ-BACK")
def test_after_closing_an_accept_is_refused_for_the_hours(
    city: City, plan: BackupPlan, hours: BusinessCalendar
) -> None:
    waiting = ask(city, at=local(9))
    turn(plan, city)
    with pytest.raises(Exception, match="EM-HRS") as refusal:
        accept(waiting.pk, agent_id=city.rosa.pk, at=local(20))
    assert "backup" not in refusal.value.more  # type: ignore[attr-defined]


@pytest.mark.rule("SJ-BACK")
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_over_http_and_socket_a_running_chat_goes_on_and_a_new_one_is_refused(
    city: City, plan: BackupPlan, wires: Wires
) -> None:
    _chat, customer, desk = await wires.conversation(city.rosa)
    await sync_to_async(turn)(plan, city)
    body = {"name": "Dana", "question": "Is anybody there?", "language": "es"}
    answer = await wires.post("/api/v1/chat/sessions", body)
    assert answer.status == 409
    said: dict[str, Any] = answer.json()
    assert (said["code"], said["backup"]["text"]) == ("closed", "Roto. Llame.")
    assert PHONE in said["detail"]
    await customer.send({"type": "message", "id": "7f3f0f7e-9b57-4b53-8f3e-0a3c1a6f6a11", "text": "Still here"})
    assert (await customer.next("ack"))["seq"]
    while (await desk.next("event"))["text"] != "Still here":
        pass  # what was said before


# Who waits meanwhile ---------------------------------------------------------
STAYS = "You keep your place, and may still be answered here."
WAYS = f"Please call {PHONE}, or use the form: {PAGE}"


@pytest.mark.rule("SJ-BACK")
def test_who_waits_when_it_is_turned_on_is_told_once_in_their_language(
    city: City, plan: BackupPlan, waiting: list[ChatSession]
) -> None:
    assert act_on_due_timers(at=local(9)) == 0
    turn(plan, city)
    assert act_on_due_timers(at=local(10)) == 3
    assert act_on_due_timers(at=local(10, 1)) == 0
    assert told(waiting[0]) == told(waiting[2]) == [f"Broken. Call us. {STAYS} {WAYS}"]
    [spanish] = told(waiting[1])
    assert spanish.startswith("Roto. Llame. ")
    assert PHONE in spanish
    assert PAGE in spanish
    event, turned = waiting[0].events.get(), BackupTurn.objects.get()
    assert (event.side, event.rule) == ("system", "SJ-BACK")
    facts = {name: event.data[name] for name in ("backup", "phone", "page", "version")}
    assert facts == {"backup": turned.pk, "phone": PHONE, "page": PAGE, "version": turned.version.number}
    assert event.data["why"].startswith("The chat is out of order now. ")
    waiting[0].refresh_from_db()
    assert (waiting[0].status, waiting[0].last_seq, event.seq) == (Status.QUEUED, 1, 1)


@pytest.mark.rule("SJ-BACK")
def test_each_turn_is_told_as_the_plan_then_is(city: City, plan: BackupPlan, waiting: list[ChatSession]) -> None:
    turn(plan, city)
    act_on_due_timers(at=local(10))
    turn(plan, city, is_on=False)
    BackupPlan.objects.update(phone="", page=PAGE)
    plan.texts.all().delete()
    turn(plan, city)
    assert act_on_due_timers(at=local(10, 2)) == 3
    assert told(waiting[0])[1:] == [f"The chat is out of order now. {STAYS} Please use the form: {PAGE}"]


@pytest.mark.rule("SJ-BACK")
def test_who_was_told_is_told_once_when_the_chat_works_again(
    city: City, plan: BackupPlan, waiting: list[ChatSession]
) -> None:
    for _again in range(2):
        turn(plan, city)
        assert act_on_due_timers(at=local(10)) == 3
        turn(plan, city, is_on=False)
        later = QueuedSessionFactory(department=city.general, requested_at=local(10))
        assert act_on_due_timers(at=local(10, 1)) == 3
        assert act_on_due_timers(at=local(10, 2)) == 0
        assert told(later) == []
        later.delete()
    assert [text.startswith("The chat works again.") for text in told(waiting[0])] == [False, True] * 2
    assert told(waiting[1])[-1] == "El chat vuelve a funcionar. Ha conservado su lugar."
    event, turned = waiting[0].events.last(), BackupTurn.objects.filter(is_on=True).latest("pk")
    assert (event.rule, event.data) == ("SJ-BACK", {"backup": turned.pk, "over": True})


@pytest.mark.rule("SJ-BACK")
def test_nobody_is_told_of_another_channels_plan_or_of_a_rule_that_is_not_adopted(
    city: City, plan: BackupPlan, waiting: list[ChatSession]
) -> None:
    turn(BackupPlanFactory(channel="phone"), city)
    assert act_on_due_timers(at=local(10)) == 0
    turn(plan, city)
    adopt("SJ-BACK", is_adopted=False)
    assert act_on_due_timers(at=local(10)) == 0
    assert [told(each) for each in waiting] == [[], [], []]


@pytest.mark.rule("SJ-BACK")
def test_who_is_answered_already_is_not_told(city: City, plan: BackupPlan) -> None:
    session = ask(city, at=local(9))
    accept(session.pk, agent_id=city.rosa.pk, at=local(9))
    before = told(session)
    turn(plan, city)
    act_on_due_timers(at=local(10))
    assert told(session) == before


@pytest.mark.rule("SJ-BACK")
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_everybody_once(city: City, plan: BackupPlan, waiting: list[ChatSession]) -> None:
    turn(plan, city)
    counts: list[int] = []
    race([lambda: counts.append(tell_of_backup(at=local(10)))] * 4)
    assert (len(counts), sum(counts)) == (4, 3)
    assert [len(told(each)) for each in waiting] == [1, 1, 1]


@pytest.mark.rule("SJ-BACK")
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_who_waits_hears_of_it_over_socket_and_poll(city: City, plan: BackupPlan, wires: Wires) -> None:
    chat = await wires.ask()
    customer = await wires.customer(chat)
    await customer.next("event", kind="message")
    await sync_to_async(turn)(plan, city)
    await sync_to_async(tell_of_backup)(at=timezone.now())
    event = await customer.next("event", kind="notice", rule="SJ-BACK")
    assert (event["seq"], event["from"], event["data"]["phone"]) == (2, "system", PHONE)
    assert event["text"].endswith(WAYS)
    path = f"/api/v1/chat/sessions/{chat.session}/events?after=1"
    polled = await wires.get(path, authorization=f"Bearer {chat.token}")
    assert (polled.json()["events"], polled.json()["state"]) == ([event], "queued")


# What desks show ---------------------------------------------------------------
@pytest.mark.rule("SJ-BACK")
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_open_desks_are_told_at_once_and_one_that_opens_knows_it(
    city: City, plan: BackupPlan, wires: Wires
) -> None:
    desks = [await wires.desk(agent) for agent in (city.rosa, city.supervisor)]
    assert [(await desk.next("welcome"))["backup"] for desk in desks] == [None, None]
    await sync_to_async(turn)(plan, city)
    way = {"since": local(9).astimezone(UTC).isoformat(), "phone": PHONE, "page": PAGE}
    assert [await desk.next("backup") for desk in desks] == [{"type": "backup", "backup": way}] * 2
    later = await wires.desk(city.rudi)
    assert (await later.next("welcome"))["backup"] == way
    await sync_to_async(turn)(plan, city, is_on=False)
    for desk in (*desks, later):
        assert (await desk.next("backup"))["backup"] is None
        assert "backup" not in [frame["type"] for frame in await desk.nothing_more()]


@pytest.mark.rule("SJ-BACK")
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_what_no_wake_up_tells_of_the_cycle_brings_once(
    city: City, plan: BackupPlan, wires: Wires, relay: Relay
) -> None:
    await sync_to_async(turn)(plan, city)
    desk = await wires.desk(city.rosa)
    assert (await desk.next("welcome"))["backup"]["phone"] == PHONE
    await relay.cycle()
    assert "backup" not in [frame["type"] for frame in await desk.nothing_more()]
    await sync_to_async(adopt)("SJ-BACK", is_adopted=False)
    await relay.cycle()
    assert (await desk.next("backup"))["backup"] is None


# Incidents ------------------------------------------------------------------
def post(city: City, *, department: Department | None = None, **texts: str) -> Incident:
    return post_incident(
        department=department,
        texts=texts or {"en": "No water in Elm Street."},
        starts_at=None,
        ends_at=local(12),
        by=city.supervisor.user,
        at=local(10),
    )


def told(session: ChatSession) -> list[str]:
    return list(session.events.filter(kind=Kind.NOTICE).order_by("seq").values_list("text", flat=True))


@pytest.fixture
def waiting(city: City) -> list[ChatSession]:
    """Two who wait for general services, the second in Spanish, and one for roads."""
    spanish = LanguageFactory(code="es")
    about = {"requested_at": local(9, 50)}
    return [
        QueuedSessionFactory(department=city.general, **about),
        QueuedSessionFactory(department=city.general, language=spanish, **about),
        QueuedSessionFactory(department=city.roads, **about),
    ]


def test_everybody_in_the_queue_is_told_once_in_their_language(city: City, waiting: list[ChatSession]) -> None:
    incident = post(city, en="No water.", es="No hay agua.")
    assert act_on_due_timers(at=local(10)) == 3
    assert act_on_due_timers(at=local(10, 1)) == 0
    assert [told(each) for each in waiting] == [["No water."], ["No hay agua."], ["No water."]]
    event = waiting[0].events.get()
    assert (event.side, event.rule, event.data["incident"]) == ("system", "", incident.pk)
    waiting[0].refresh_from_db()
    assert waiting[0].last_seq == event.seq == 1


def test_a_departments_notice_is_for_its_own_queue_and_each_notice_counts_by_itself(
    city: City, waiting: list[ChatSession]
) -> None:
    post(city, department=city.roads)
    act_on_due_timers(at=local(10))
    assert [len(told(each)) for each in waiting] == [0, 0, 1]
    post(city, department=city.roads, en="And no light.")
    act_on_due_timers(at=local(10, 1))
    assert told(waiting[2]) == ["No water in Elm Street.", "And no light."]


def test_who_asks_while_it_runs_is_told_once_however_long_the_form_was_open(city: City) -> None:
    opened = news.read_availability(city.general, city.english, at=local(9, 58))
    assert opened["incident"] is None
    incident = post(city)
    assert news.read_availability(city.general, city.english, at=local(10))["incident"] == "No water in Elm Street."
    session = ask(city, at=local(10, 1))
    act_on_due_timers(at=local(10, 1))
    act_on_due_timers(at=local(10, 2))
    assert told(session) == ["No water in Elm Street."]
    end_incident(incident.pk, by=city.supervisor.user, at=local(11))
    assert news.read_availability(city.general, city.english, at=local(11))["incident"] is None


def test_a_planned_notice_is_told_when_it_begins_and_none_that_is_over(city: City, waiting: list[ChatSession]) -> None:
    post_incident(
        department=None,
        texts={"en": "Works."},
        starts_at=local(11),
        ends_at=local(12),
        by=city.supervisor.user,
        at=local(10),
    )
    assert act_on_due_timers(at=local(11) - MOMENT) == 0
    assert act_on_due_timers(at=local(12)) == 0
    assert act_on_due_timers(at=local(12) - MOMENT) == 3


def test_the_home_page_shows_it_in_the_readers_language_until_its_end(city: City, client: Client) -> None:
    LanguageFactory(code="es")
    post(city, department=city.roads, en="Elm Street <closed>.", es="Calle cerrada.")
    with time_machine.travel(local(11), tick=False):
        page = client.get("/").content.decode()
        assert "Elm Street &lt;closed&gt;." in page
        assert page.index("Roads</h2>") < page.index("Elm Street")
        assert "Calle cerrada." in client.get("/?language=es").content.decode()
    with time_machine.travel(local(12), tick=False):
        assert "Elm Street" not in Client().get("/").content.decode()
