"""Sequences behind one key: off-topic chats, upset residents, a warning before the end."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ValidationError
from django.test import Client

from agents.models import Agent
from chat.models import ChatSession
from contactcenter.knowledge.models import Sequence
from tests.chat.conftest import City
from tests.factories import ScriptFactory, SequenceFactory, StepFactory, log_in
from tests.policies.factories import adopt
from tests.wire import Wires

LIST = "/api/v1/desk/scripts"


def sequence(rule: str, *texts: str, **more: Any) -> Sequence:
    made: Sequence = SequenceFactory(rule=rule, **more)
    for text in texts:
        StepFactory(sequence=made, script__text=text)
    return made


def sequences_of(agent: Agent) -> list[dict[str, Any]]:
    client = Client()
    log_in(client, agent.user)
    found: list[dict[str, Any]] = client.get(LIST).json()["sequences"]
    return found


def off_topic() -> Sequence:
    return sequence("EM-OFF", "Your city question?", "This chat is for the city.", "Come back.", outcome="off_topic")


@pytest.mark.rule("EM-OFF")
@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_an_off_topic_chat_is_asked_told_invited_back_and_ended_as_such(city: City, wires: Wires) -> None:
    for rule in ("EM-SCR", "EM-OFF"):
        await sync_to_async(adopt)(rule)
    await sync_to_async(off_topic)()
    (offered,) = await sync_to_async(sequences_of)(city.rosa)
    assert (offered["key"], offered["rule"], offered["outcome"]) == ("o", "EM-OFF", "off_topic")
    chat, customer, desk = await wires.conversation(city.rosa)
    for step in offered["steps"]:
        await desk.send({"type": "message", "session": chat.session, "id": str(uuid.uuid4()), "text": step["text"]})
        heard = await customer.where(lambda frame, said=step["text"]: frame.get("text") == said)
        assert heard["from"] == "agent"
    await desk.send({"type": "end", "session": chat.session, "outcome": offered["outcome"], "ref": "end"})
    await desk.next("ok", ref="end")
    assert (await ChatSession.objects.aget(pk=chat.session)).outcome == "off_topic"


@pytest.mark.django_db
@pytest.mark.rule("EM-OFF")
def test_changing_its_rows_changes_the_sequence(city: City) -> None:
    adopt("EM-SCR")
    adopt("EM-OFF")
    made = off_topic()
    first, second, _third = made.steps.all()
    first.position = 9
    first.save()
    second.script.text = "We speak of the city here."
    second.script.save()
    made.key, made.outcome = "t", ""
    made.save()
    (offered,) = sequences_of(city.rosa)
    assert [step["text"] for step in offered["steps"]] == [
        "We speak of the city here.",
        "Come back.",
        "Your city question?",
    ]
    assert (offered["key"], offered["outcome"]) == ("t", "")
    made.is_active = False
    made.save()
    assert sequences_of(city.rosa) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("EM-OFF", marks=pytest.mark.rule("EM-OFF")),
        pytest.param("PK-EAR", marks=pytest.mark.rule("PK-EAR")),
    ],
)
def test_a_sequence_is_offered_while_its_rule_is_adopted(city: City, rule: str) -> None:
    adopt("EM-SCR")
    sequence(rule, "Hello")
    assert sequences_of(city.rosa) == []
    adopt(rule)
    assert [each["rule"] for each in sequences_of(city.rosa)] == [rule]
    adopt(rule, is_adopted=False)
    assert sequences_of(city.rosa) == []


@pytest.mark.rule("PK-EAR")
@pytest.mark.django_db
def test_who_is_upset_is_heard_and_warned_before_an_end(city: City) -> None:
    adopt("EM-SCR")
    adopt("PK-EAR")
    sequence("PK-EAR", "I am sorry.", "You are right.", "In my words: …", key="e", name="Upset")
    sequence("PK-EAR", "Please stop.", "My last request.", "I end this.", key="w", name="Warn", outcome="conduct")
    heard, warned = sequences_of(city.rosa)
    assert ([step["text"] for step in heard["steps"]], heard["outcome"]) == (
        ["I am sorry.", "You are right.", "In my words: …"],
        "",
    )
    assert [step["text"] for step in warned["steps"]][:2] == ["Please stop.", "My last request."]
    assert warned["outcome"] == "conduct"


@pytest.mark.rule("PK-EAR")
@pytest.mark.django_db
def test_changing_its_rows_changes_the_warning(city: City) -> None:
    adopt("EM-SCR")
    adopt("PK-EAR")
    made = sequence("PK-EAR", "Please stop.", key="w", outcome="conduct")
    StepFactory(sequence=made, script__text="My last request.")
    assert len(sequences_of(city.rosa)[0]["steps"]) == 2
    made.steps.first().delete()  # type: ignore[union-attr]
    assert [step["text"] for step in sequences_of(city.rosa)[0]["steps"]] == ["My last request."]


@pytest.mark.django_db
def test_a_sequence_without_a_rule_is_the_citys_own(city: City) -> None:
    adopt("EM-SCR")
    sequence("", "Hello")
    assert len(sequences_of(city.rosa)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"is_active": False}, {"department": "roads"}, {"language": "es"}])
def test_a_step_stays_what_its_sequence_needs(city: City, change: dict[str, Any]) -> None:
    script = StepFactory().script
    script.clean()
    named = {"roads": city.roads}
    for name, value in change.items():
        setattr(script, "language_id" if name == "language" else name, named.get(value, value))
    with pytest.raises(ValidationError, match="step of a sequence"):
        script.clean()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"outcome": "abandoned"}, "No agent ends a chat with abandoned"),
        ({"rule": "EM-NONE"}, "no rule EM-NONE"),
        ({"key": "O"}, "one small letter or digit"),
    ],
)
def test_a_faulty_sequence_is_refused_with_the_reason(db: None, wrong: dict[str, str], sentence: str) -> None:
    facts = {"key": "o", "name": "Off topic", "language": ScriptFactory().language, **wrong}
    with pytest.raises(ValidationError, match=sentence):
        Sequence(**facts).full_clean()
