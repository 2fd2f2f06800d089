"""Referring: the right way first, and what to say."""

from __future__ import annotations

from itertools import product

import pytest
from django.test import Client

from agents.models import Agent, OutsideBody, Presence
from chat.refer import Contact, Way, contact_of, help_to_refer, ways_to_refer
from contactcenter.lib.errors import DomainError
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import ActiveSessionFactory, UserFactory, log_in
from tests.policies.factories import adopt

ROADS = Contact("Roads", "555-0101", "roads@maplebrook.example", "https://www.maplebrook.example/roads/", "roads")
POWER = Contact("Power", "555-0900", "", "https://power.example/")
CONTACT, LINK, MESSAGE, TRANSFER = Way.CONTACT, Way.LINK, Way.MESSAGE, Way.TRANSFER


@pytest.mark.parametrize(
    ("contact", "there", "in_order", "ways"),
    [
        (ROADS, True, True, [TRANSFER, CONTACT, LINK, MESSAGE]),
        (ROADS, False, True, [CONTACT, LINK, MESSAGE]),
        (ROADS, True, False, [CONTACT, LINK, MESSAGE, TRANSFER]),
        (Contact("Roads", code="roads"), False, True, [MESSAGE]),
        (Contact("Roads", email="a@b.example", code="roads"), False, True, [CONTACT, MESSAGE]),
        (POWER, True, True, [CONTACT, LINK]),
        (Contact("Power", page="https://power.example/"), False, True, [LINK]),
    ],
)
def test_the_ways_come_in_the_order_of_the_rule(contact: Contact, there: bool, in_order: bool, ways: list[Way]) -> None:
    assert ways_to_refer(contact, is_somebody_there=there, in_order=in_order) == ways


def test_a_body_outside_of_the_city_gets_no_chat_and_no_message() -> None:
    for there, in_order in product([True, False], repeat=2):
        assert {TRANSFER, MESSAGE}.isdisjoint(ways_to_refer(POWER, is_somebody_there=there, in_order=in_order))


@pytest.fixture
def rules(city: City) -> None:
    adopt("EM-COM-B")
    adopt("EM-REF")
    city.roads.phone, city.roads.page = "555-0101", "https://www.maplebrook.example/roads/"
    city.roads.save()


def steps(city: City, *, language: str | None = None) -> list[str]:
    told = help_to_refer(contact_of(city.roads), city.roads, agent_id=city.rosa.pk, language=language, at=NOON)
    return [step["way"] for step in told["steps"]]


@pytest.mark.rule("EM-REF")
def test_a_transfer_comes_first_as_long_as_somebody_qualified_is_online(city: City, rules: None) -> None:
    assert steps(city) == ["transfer", "contact", "link", "message"]
    Agent.objects.filter(pk=city.rudi.pk).update(presence=Presence.BREAK)
    assert steps(city) == ["contact", "link", "message"]


def test_who_has_no_free_seat_is_nobody_to_pass_a_chat_on_to(city: City, rules: None) -> None:
    Agent.objects.filter(pk=city.rudi.pk).update(seats=1)
    ActiveSessionFactory(agent=city.rudi)
    assert steps(city)[0] == "contact"


def test_nobody_is_referred_to_herself(city: City, rules: None) -> None:
    Agent.objects.filter(pk=city.rudi.pk).update(presence=Presence.BREAK)
    online_agent("Rita", city.roads)
    assert steps(city)[0] == "transfer"
    Agent.objects.filter(user__first_name="Rita").update(presence=Presence.BREAK)
    city.rosa.memberships.create(department=city.roads)
    assert steps(city)[0] == "contact"


@pytest.mark.rule("EM-REF")
def test_without_the_rule_on_the_order_a_transfer_comes_last(city: City, rules: None) -> None:
    adopt("EM-REF", is_adopted=False)
    assert steps(city) == ["contact", "link", "message", "transfer"]


@pytest.mark.rule("EM-COM-B")
def test_each_step_says_what_to_do_and_where_it_comes_from(city: City, rules: None) -> None:
    told = help_to_refer(contact_of(city.roads), city.roads, agent_id=city.rosa.pk, language=None, at=NOON)
    assert (told["name"], told["phone"], told["rule"]) == ("Roads", "555-0101", "EM-REF")
    assert "EM-REF" in told["why"]
    assert told["steps"][1]["say"] == "Name how to reach Roads: 555-0101."
    assert told["steps"][2]["say"] == "Link the page of Roads: https://www.maplebrook.example/roads/"


@pytest.mark.rule("EM-COM-B")
def test_a_city_without_a_rule_on_referring_is_told_so(city: City, rules: None) -> None:
    for rule in ("EM-COM-B", "EM-REF"):
        adopt(rule, is_adopted=False)
    with pytest.raises(DomainError) as refused:
        steps(city)
    assert refused.value.code == "wrong_state"


def test_the_desk_asks_for_it_over_http(city: City, rules: None, client: Client) -> None:
    path = "/api/v1/desk/refer?department="
    assert client.get(path + "roads").status_code == 401
    log_in(client, city.rosa.user)
    told = client.get(path + "roads").json()
    assert told["steps"][0]["way"] == "transfer"
    assert client.get(path + "nowhere").status_code == 404


@pytest.mark.rule("EM-REF")
def test_of_a_body_outside_only_what_reaches_it_is_named(city: City, rules: None, client: Client) -> None:
    body = OutsideBody.objects.create(code="power", name="Power", responsible_for="electricity", phone="555-0900")
    log_in(client, city.rosa.user)
    told = client.get("/api/v1/desk/refer?body=power").json()
    assert [step["way"] for step in told["steps"]] == ["contact"]
    assert told["department"] is None
    body.is_active = False
    body.save()
    assert client.get("/api/v1/desk/refer?body=power").status_code == 404


def test_who_does_not_work_the_desk_learns_nothing(city: City, rules: None, client: Client) -> None:
    log_in(client, UserFactory(roles=["admin"]))
    assert client.get("/api/v1/desk/refer?department=roads").status_code == 404
