"""A seat is refused without the certificates that the city asks for, in the statement that takes it."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.actions import approve_certificate, note_certificate, withdraw_certificate
from agents.models import Agent, CertificateKind
from chat.actions import accept
from chat.models import Seat
from chat.news import read_availability, read_desk
from contactcenter.lib.errors import DomainError
from tests.agents.conftest import at_once
from tests.chat.conftest import NOON, City, online_agent
from tests.factories import (
    CertificateFactory,
    CertificateKindFactory,
    LanguageFactory,
    QueuedSessionFactory,
    UserFactory,
)
from tests.policies.factories import calendar

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture
def kind() -> CertificateKind:
    return CertificateKindFactory(code="chat", name="Chat")


def take(city: City, agent: Agent, language: str = "en") -> None:
    session = QueuedSessionFactory(department=city.general, language_id=language)
    accept(session.pk, agent_id=agent.pk, at=NOON)


def refusal_of(city: City, agent: Agent, language: str = "en") -> DomainError:
    with pytest.raises(DomainError) as refused:
        take(city, agent, language)
    assert refused.value.code == "not_certified"
    assert not Seat.objects.filter(agent=agent).exists()
    return refused.value


@pytest.mark.rule("PH-CERT")
def test_without_an_adopted_kind_nothing_is_asked(city):
    CertificateKindFactory(adopted_on=None)
    CertificateKindFactory(adopted_on=TODAY + timedelta(days=1))
    take(city, city.rosa)
    assert Seat.objects.filter(agent=city.rosa).count() == 1


@pytest.mark.rule("PH-CERT")
def test_the_seat_is_refused_without_the_certificate_and_the_agent_reads_why(city, kind):
    refused = refusal_of(city, city.rosa)
    assert refused.more == {"rule": "PH-CERT"}
    assert refused.detail == "You have no certificate “Chat” yet. Ask your supervisor for it (PH-CERT)."
    CertificateFactory(agent=city.rosa, kind=kind)
    take(city, city.rosa)


@pytest.mark.rule("PH-BIL")
def test_a_chat_in_another_language_asks_for_that_language_alone(city):
    spanish = CertificateKindFactory(rule="PH-BIL", language=LanguageFactory(code="es"), name="Spanish")
    take(city, city.rosa)
    assert refusal_of(city, online_agent("Ines", city.general), "es").more == {"rule": "PH-BIL"}
    bilingual = online_agent("Ines", city.general)
    CertificateFactory(agent=bilingual, kind=spanish)
    take(city, bilingual, "es")


@pytest.mark.rule("PH-CERT")
def test_the_last_day_counts_to_its_end_in_the_city_s_zone(city, kind):
    """NOON is 17:00 UTC; in Auckland it is the next day already."""
    CertificateFactory(agent=city.rosa, kind=kind, valid_from=date(2026, 1, 1), valid_through=TODAY)
    calendar(zone="America/Toronto")
    take(city, city.rosa)
    Seat.objects.all().delete()
    calendar(zone="Pacific/Auckland")
    assert "ended on 24 November 2026" in refusal_of(city, city.rosa).detail


@pytest.mark.rule("PH-CERT")
def test_it_is_one_statement_that_asks_and_takes(city, kind):
    CertificateFactory(agent=city.rosa, kind=kind)
    session = QueuedSessionFactory(department=city.general)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        accept(session.pk, agent_id=city.rosa.pk, at=NOON)
    taking = [query["sql"] for query in caught if "INSERT INTO chat_seat" in query["sql"]]
    assert len(taking) == 1
    assert "agents_certificatekind" in taking[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("PH-CERT")
def test_a_withdrawal_at_the_same_moment_comes_before_or_after(city, kind):
    """Whatever the order: either the seat was taken first, or it is refused; never neither, never an error."""
    supervisor = UserFactory(roles=["supervisor"])
    for _round in range(6):
        agent = online_agent("Ines", city.general)
        certificate = note_certificate(agent, kind, valid_from=TODAY, by=None, at=NOON)
        approve_certificate(certificate.pk, by=supervisor, at=NOON)
        session = QueuedSessionFactory(department=city.general)
        acts = [
            partial(accept, session.pk, agent_id=agent.pk, at=NOON),
            partial(withdraw_certificate, certificate.pk, why="Left.", by=supervisor, at=NOON),
        ]
        outcomes = at_once(2, partial(_act, acts))
        refusals = [each for each in outcomes if isinstance(each, Exception)]
        assert all(isinstance(each, DomainError) and each.code == "not_certified" for each in refusals)
        assert Seat.objects.filter(agent=agent).count() == 1 - len(refusals)


def _act(acts, index):
    return acts[index]()


@pytest.mark.rule("PH-CERT")
def test_the_desk_says_that_no_chat_opens_and_why(city, kind):
    desk = read_desk(city.rosa.pk, at=NOON)
    assert desk.seats() == {
        "held": 0,
        "allowed": 0,
        "why": "You have no certificate “Chat” yet. Ask your supervisor for it (PH-CERT).",
    }
    CertificateFactory(agent=city.rosa, kind=kind)
    assert read_desk(city.rosa.pk, at=NOON).seats()["why"] == "0 of 3 chats"


@pytest.mark.rule("PH-BIL")
def test_availability_names_the_languages_that_somebody_is_certified_for_today(city):
    spanish = CertificateKindFactory(rule="PH-BIL", language=LanguageFactory(code="es"), name="Spanish")
    city.rosa.languages.add("es", LanguageFactory(code="en"))
    assert read_availability(city.general, None, at=NOON)["languages"] == ["en"]
    CertificateFactory(agent=city.rosa, kind=spanish, valid_through=TODAY)
    assert read_availability(city.general, None, at=NOON)["languages"] == ["en", "es"]
    assert read_availability(city.general, None, at=NOON + timedelta(days=1))["languages"] == ["en"]
    CertificateKindFactory()  # now nobody may chat at all
    assert read_availability(city.general, None, at=NOON)["languages"] == []


@pytest.mark.rule("PH-CERT")
def test_the_chat_counts_as_staffed_by_those_to_whom_it_opens(city, kind):
    assert read_availability(city.general, None, at=NOON)["staffed"] is False
    CertificateFactory(agent=city.rosa, kind=kind)
    assert read_availability(city.general, None, at=NOON)["staffed"] is True
