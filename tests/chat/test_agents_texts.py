"""What an agent may write: words that stop a text, contact details to be confirmed, links that become live."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import OutsideBody
from chat.actions import (
    Draft,
    Request,
    Result,
    append,
    ask_release,
    decide_on_text,
    mark,
    purge,
    report_link,
    request_chat,
    withdraw_release,
)
from chat.models import ChatEvent, ChatSession, Side, StaffEvent, StoppedText
from chat.texts import waiting_texts
from contactcenter.lib.errors import DomainError, Invalid, NotFound, WrongState
from contactcenter.lib.hashing import digest
from policies.models import LinkDomain, ProfanityWord
from policies.words import forget_words
from tests.chat.conftest import NOON, City
from tests.factories import ActiveSessionFactory, EndedSessionFactory
from tests.policies.factories import adopt

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def rows(db: None) -> Iterator[None]:
    for kind, phrase in [("profanity", "damn"), ("profanity", "tarnation"), ("name", "Damn Street")]:
        ProfanityWord.objects.create(language="en", kind=kind, phrase=phrase)
    LinkDomain.objects.create(domain="maplebrook.example")
    forget_words()
    yield
    forget_words()


@pytest.fixture
def rules() -> None:
    for rule in ("EM-COM-C", "EM-PII-A", "EM-LINK"):
        adopt(rule)


@pytest.fixture
def session(city: City) -> ChatSession:
    made: ChatSession = ActiveSessionFactory(
        department=city.general, agent=city.rosa, token_digest=digest("a token"), requested_at=NOON
    )
    return made


def say(session: ChatSession, text: str, *, side: Side = Side.AGENT, uid: Any = None, **more: Any) -> Result:
    who: dict[str, Any] = {"agent_id": session.agent_id, "name": "Rosa"}
    if side == Side.CUSTOMER:
        who = {"token_digest": session.token_digest}
    [result] = append([Draft(session.pk, uid or uuid.uuid4(), side, text, NOON, **who, **more)])
    return result


def refusal(result: Result) -> DomainError:
    assert result.error is not None
    assert result.event is None
    return result.error


def staff(session: ChatSession) -> list[tuple[str, str, dict[str, Any]]]:
    return list(session.staff_events.order_by("n").values_list("kind", "rule", "data"))


# Words: EM-COM-C -----------------------------------------------------------------------
@pytest.mark.rule("EM-COM-C")
def test_an_agents_text_with_a_listed_word_is_stopped_and_nothing_is_stored(rules: None, session: ChatSession) -> None:
    error = refusal(say(session, "That Damn thing,\r\nDAMN it"))
    assert (error.code, error.status) == ("edit", 409)
    assert error.more["spans"] == [[5, 9, "profanity"], [18, 22, "profanity"]]
    assert (error.more["rule"], "EM-COM-C" in error.more["why"]) == ("EM-COM-C", True)
    assert not ChatEvent.objects.exists()
    assert say(session, "That thing on Damn Street").event is not None
    assert staff(session) == []


@pytest.mark.rule("EM-COM-C")
def test_the_rows_of_words_and_the_rule_itself_change_what_is_stopped(session: ChatSession) -> None:
    assert say(session, "damn").event is not None  # the rule is not adopted
    adopt("EM-COM-C")
    assert refusal(say(session, "damn")).code == "edit"
    assert say(session, "heck").event is not None
    ProfanityWord.objects.filter(phrase="damn").update(phrase="heck")
    forget_words()
    assert say(session, "damn").event is not None
    assert refusal(say(session, "heck")).code == "edit"


@pytest.mark.rule("EM-COM-C")
def test_a_residents_strong_language_is_flagged_and_not_changed(rules: None, session: ChatSession) -> None:
    result = say(session, "This damn pothole", side=Side.CUSTOMER)
    assert result.event is not None
    assert (result.event.text, result.more) == ("This damn pothole", [])
    assert staff(session) == [("profanity", "EM-COM-C", {"seq": 1})]


@pytest.mark.rule("EM-COM-C")
def test_a_residents_question_is_flagged_too_and_not_where_the_rule_is_not_adopted(city: City) -> None:
    asked = Request("Dana", "Where is the damn bus?", city.general, city.english)
    assert staff(request_chat(asked, at=NOON).session) == []
    adopt("EM-COM-C")
    assert staff(request_chat(asked, at=NOON).session) == [("profanity", "EM-COM-C", {"seq": 1})]


@pytest.mark.rule("EM-COM-C")
def test_a_note_for_staff_may_quote_the_resident_but_not_swear(rules: None, city: City, session: ChatSession) -> None:
    with pytest.raises(DomainError) as stopped:
        mark(session.pk, agent_id=city.rosa.pk, reason="harassment", note="A damn fool", at=NOON)
    assert (stopped.value.code, stopped.value.more["spans"]) == ("edit", [[2, 6, "profanity"]])
    kept = mark(session.pk, agent_id=city.rosa.pk, reason="harassment", note="Wrote “damn you” to me", at=NOON)
    assert kept.note == "Wrote “damn you” to me"


@pytest.mark.rule("EM-COM-C")
def test_a_released_text_goes_through_as_it_is_and_no_other(rules: None, city: City, session: ChatSession) -> None:
    uid = uuid.uuid4()
    text = "The play is called Damn Yankees"
    refusal(say(session, text, uid=uid))
    ask_release(session.pk, agent_id=city.rosa.pk, uid=uid, text=text, at=NOON)
    ask_release(session.pk, agent_id=city.rosa.pk, uid=uid, text=text, at=NOON + SECOND)
    [row] = StoppedText.objects.all()
    assert (row.text, row.asked_at) == (text, NOON)
    assert refusal(say(session, text, uid=uid)).code == "edit"
    decide_on_text(session.pk, uid, by_id=city.supervisor.pk, is_released=True, at=NOON)
    decide_on_text(session.pk, uid, by_id=city.supervisor.pk, is_released=True, at=NOON + SECOND)
    row.refresh_from_db()
    assert (row.text, row.decided_by, row.decided_at) == (text, city.supervisor, NOON)  # her desk may be closed
    assert refusal(say(session, text + "!")).code == "edit"
    result = say(session, text, uid=uid)
    assert result.event is not None
    row.refresh_from_db()
    assert row.sent_seq == result.event.seq == 1
    assert row.text == ""
    assert refusal(say(session, text)).code == "edit"  # once
    StoppedText.objects.update(sent_seq=None)
    who: dict[str, Any] = {"agent_id": session.agent_id, "name": "Rosa"}
    twice = append([Draft(session.pk, uuid.uuid4(), Side.AGENT, text, NOON, **who) for _number in range(2)])
    assert [each.error and each.error.code for each in twice] == [None, "edit"]  # nor twice at a time
    [told] = StaffEvent.objects.all()
    assert (told.kind, told.agent, told.data) == ("released", city.supervisor, {"id": str(uid), "is_released": True})


@pytest.mark.rule("EM-COM-C")
def test_a_release_is_for_whoever_asked_for_it(rules: None, city: City, session: ChatSession) -> None:
    uid = uuid.uuid4()
    ask_release(session.pk, agent_id=city.rosa.pk, uid=uid, text="damn", at=NOON)
    decide_on_text(session.pk, uid, by_id=city.supervisor.pk, is_released=True, at=NOON)
    ChatSession.objects.filter(pk=session.pk).update(agent=city.rudi)
    session.refresh_from_db()
    assert refusal(say(session, "damn")).code == "edit"


@pytest.mark.rule("EM-COM-C")
def test_a_text_is_taken_back_from_the_supervisors_until_somebody_has_decided(
    rules: None, city: City, session: ChatSession
) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    for uid in (first, second):
        ask_release(session.pk, agent_id=city.rosa.pk, uid=uid, text="damn", at=NOON)
    assert waiting_texts()[0] == 2
    decide_on_text(session.pk, second, by_id=city.supervisor.pk, is_released=True, at=NOON)
    for uid in (first, first, second):
        withdraw_release(session.pk, agent_id=city.rosa.pk, uid=uid)
    assert waiting_texts()[0] == 0
    kept = StoppedText.objects.get()
    assert (kept.uid, kept.is_released, kept.text) == (second, True, "")
    with pytest.raises(NotFound):
        withdraw_release(session.pk, agent_id=city.rudi.pk, uid=second)


@pytest.mark.rule("EM-COM-C")
def test_a_text_that_is_not_released_stays_stopped(rules: None, city: City, session: ChatSession) -> None:
    uid, asks = uuid.uuid4(), {"agent_id": city.rosa.pk, "at": NOON}
    ask_release(session.pk, uid=uid, text="damn", **asks)
    decide_on_text(session.pk, uid, by_id=city.supervisor.pk, is_released=False, at=NOON)
    assert refusal(say(session, "damn", uid=uid)).code == "edit"
    with pytest.raises(WrongState, match="not released"):
        ask_release(session.pk, uid=uid, text="damn", **asks)
    with pytest.raises(WrongState, match="already"):
        decide_on_text(session.pk, uid, by_id=city.supervisor.pk, is_released=True, at=NOON)
    ask_release(session.pk, uid=uid, text="tarnation", **asks)
    assert StoppedText.objects.undecided().get().text == "tarnation"


@pytest.mark.rule("EM-COM-C")
def test_release_is_asked_for_what_is_stopped_by_whose_chat_it_is_and_given_by_supervisors(
    rules: None, city: City, session: ChatSession
) -> None:
    uid = uuid.uuid4()
    with pytest.raises(WrongState, match="Nothing stops"):
        ask_release(session.pk, agent_id=city.rosa.pk, uid=uid, text="fine", at=NOON)
    with pytest.raises(NotFound):
        ask_release(session.pk, agent_id=city.rudi.pk, uid=uid, text="damn", at=NOON)
    ask_release(session.pk, agent_id=city.rosa.pk, uid=uid, text="damn", at=NOON)
    for who, which in [(city.rosa, uid), (city.rudi, uid), (city.supervisor, uuid.uuid4())]:
        with pytest.raises(NotFound):
            decide_on_text(session.pk, which, by_id=who.pk, is_released=True, at=NOON)
    assert StoppedText.objects.undecided().count() == 1


@pytest.mark.rule("EM-COM-C")
@pytest.mark.rule("EM-RET-A")
def test_a_stopped_text_goes_with_its_chat(rules: None, city: City) -> None:
    ended = EndedSessionFactory(department=city.general, agent=city.rosa, ended_at=NOON - timedelta(days=2))
    StoppedText.objects.create(
        session=ended, agent=city.rosa, uid=uuid.uuid4(), text_key="x", text="damn", asked_at=NOON - timedelta(days=2)
    )
    purge(cause="by_hand", at=NOON)
    assert not StoppedText.objects.exists()


# Contact details: EM-PII-A ----------------------------------------------------------------
@pytest.mark.rule("EM-PII-A")
@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("Call Bo at 416-555-0177.", [11, 23, "phone"]),
        ("Hi,\r\ncall 416-555-0177.", [10, 22, "phone"]),
        ("Write to bo@home.example", [9, 24, "email"]),
        ("He lives at 12 Oak Street", [12, 25, "address"]),
    ],
)
def test_foreign_contact_details_are_stopped_and_go_through_once_confirmed(
    rules: None, session: ChatSession, text: str, span: list[Any]
) -> None:
    uid = uuid.uuid4()
    error = refusal(say(session, text, uid=uid))
    assert (error.code, error.more["spans"]) == ("confirm", [span])
    assert (error.more["rule"], "EM-PII-A" in error.more["why"]) == ("EM-PII-A", True)
    assert not ChatEvent.objects.exists()
    assert refusal(say(session, text, uid=uid, confirmed=frozenset({"else"}))).code == "confirm"
    result = say(session, text, uid=uid, confirmed=frozenset({span[2], "else"}))
    assert result.event is not None
    assert staff(session) == [("contact", "EM-PII-A", {"seq": 1, "why": [span[2]]})]


@pytest.mark.rule("EM-PII-A")
def test_each_kind_is_to_be_confirmed(rules: None, session: ChatSession) -> None:
    text = "Bo, 416-555-0177, bo@home.example"
    error = refusal(say(session, text, confirmed=frozenset({"phone"})))
    assert [why for _, _, why in error.more["spans"]] == ["phone", "email"]
    assert say(session, text, confirmed=frozenset({"phone", "email"})).event is not None
    assert staff(session)[0][2]["why"] == ["email", "phone"]


@pytest.mark.rule("EM-PII-A")
def test_the_citys_own_contact_details_pass_and_a_row_makes_them_so(
    rules: None, city: City, session: ChatSession
) -> None:
    adopt("EM-911", life_number="911", non_emergency_number="905-555-0180", city_number="")
    adopt("EM-PAY", page="https://pay.example", phone="905-555-0150")
    city.rosa.user.work_phone, city.rosa.user.email = "905-555-0199", "rosa@maplebrook.example"
    city.rosa.user.save()
    texts = ["Call 555-0100", "905-555-0180 or 905.555.0150", "Rosa@maplebrook.example, +1 905 555 0199", "Or 911."]
    assert [say(session, text).error for text in texts] == [None] * 4
    assert staff(session) == []
    assert refusal(say(session, "Call 555-0101")).code == "confirm"
    city.roads.phone = "905-555-0101"
    city.roads.save()
    assert say(session, "Call 555-0101").error is None
    OutsideBody.objects.create(
        code="hydro", name="Hydro", responsible_for="electricity", phone="1-800-555-0102", email="help@hydro.example"
    )
    assert say(session, "Call 800-555-0102 or write to help@hydro.example").error is None
    assert refusal(say(session, "rudi@maplebrook.example")).code == "confirm"  # a colleague's is not her own


@pytest.mark.rule("EM-PII-A")
def test_what_the_resident_told_us_may_be_repeated_to_them(rules: None, session: ChatSession) -> None:
    say(session, "I am at 12 Oak St, 416-555-0177", side=Side.CUSTOMER)
    ChatSession.objects.filter(pk=session.pk).update(customer_email="dana@home.example")
    text = "So 12 Oak Street, (416) 555-0177 and dana@home.example?"
    assert say(session, text).error is None
    other = ActiveSessionFactory(department=session.department, agent=session.agent)
    assert refusal(say(other, text)).code == "confirm"


@pytest.mark.rule("EM-PII-A")
def test_where_the_rule_is_not_adopted_nothing_is_asked_nor_of_residents(session: ChatSession) -> None:
    assert say(session, "Call 416-555-0177").error is None
    adopt("EM-PII-A")
    assert say(session, "Call 416-555-0177", side=Side.CUSTOMER).error is None
    assert staff(session) == []


# Links: EM-LINK ---------------------------------------------------------------------------
@pytest.mark.rule("EM-LINK")
def test_an_agents_link_to_a_listed_domain_is_live_and_a_residents_never(rules: None, session: ChatSession) -> None:
    text = "See https://www.maplebrook.example/a, not https://evil.example/"
    own, theirs = say(session, text), say(session, text, side=Side.CUSTOMER)
    assert own.event is not None
    assert theirs.event is not None
    assert ChatEvent.objects.get(seq=1).data == {"links": [[4, 36, "https://www.maplebrook.example/a"]]}
    assert own.event.data["links"] == [(4, 36, "https://www.maplebrook.example/a")]
    assert ChatEvent.objects.get(seq=2).data == {}


@pytest.mark.rule("EM-LINK")
def test_the_rows_of_domains_and_the_rule_itself_change_what_is_live(session: ChatSession) -> None:
    def links() -> list[str]:
        event = say(session, "https://maplebrook.example https://other.example").event
        assert event is not None
        return [url for _, _, url in event.data.get("links", [])]

    assert links() == []  # the rule is not adopted
    adopt("EM-LINK")
    assert links() == ["https://maplebrook.example"]
    LinkDomain.objects.update(domain="other.example")
    forget_words()
    assert links() == ["https://other.example"]


@pytest.mark.rule("EM-LINK")
def test_a_residents_link_is_copied_for_the_supervisors_once(rules: None, city: City, session: ChatSession) -> None:
    say(session, "look at http://evil.example/x.", side=Side.CUSTOMER)
    say(session, "https://maplebrook.example")
    for _ in range(2):
        report_link(session.pk, agent_id=city.rosa.pk, seq=1, at=NOON)
    [flag] = StaffEvent.objects.all()
    assert (flag.kind, flag.rule, flag.text, flag.agent) == ("link", "EM-LINK", "http://evil.example/x", city.rosa)
    assert flag.data == {"seq": 1, "links": ["http://evil.example/x"]}
    for seq in (2, 3):
        with pytest.raises(Invalid):
            report_link(session.pk, agent_id=city.rosa.pk, seq=seq, at=NOON)
    with pytest.raises(NotFound):
        report_link(session.pk, agent_id=city.rudi.pk, seq=1, at=NOON)


# The path of a message ---------------------------------------------------------------------
def test_an_ordinary_message_still_costs_three_statements(
    rules: None, session: ChatSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policies.words.monotonic", lambda: 0.0)  # what is remembered stays so
    say(session, "warm up")  # the rows are remembered
    for text in ("Good day, how can I help?", "The permit 2026-0123 costs $45.00, ready on 2026-11-24"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            say(session, text)
        statements = [query["sql"] for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]]
        assert len(statements) == 3
