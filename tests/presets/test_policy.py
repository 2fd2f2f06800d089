"""What a city adopted, loaded from its files: six presets, idempotent, an admin's changes kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.certification import missing_kinds
from agents.models import Agent, Certificate, CertificateKind
from contactcenter.presets.actions import load
from contactcenter.presets.files import preset_names, read_preset
from policies.actions import adopt_rule, set_day
from policies.calendar import Day
from policies.calendars import compiled, latest_version
from policies.catalogue import rules, sources
from policies.models import BusinessCalendar, CalendarVersion, Document, RuleVersion
from policies.values import SETTABLE, whole
from policies.values_ladder import BEGINNING
from policies.versions import in_force, planned, rules_in_force
from tests.factories import UserFactory
from tests.policies.factories import adopt

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 5, tzinfo=UTC)
WITHOUT_PEOPLE = [name for name in preset_names() if name != "demo"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings) -> None:
    settings.DEMO = True
    settings.DEMO_PASSWORD = "maple leaves in autumn"


def loaded(name: str, *, reset: bool = False, at: datetime = NOW) -> None:
    load(read_preset(name), reset=reset, at=at)


def snapshot() -> dict[str, Any]:
    return {
        "documents": sorted(Document.objects.values_list("code", "title", "adopted_on", "reviewed_on")),
        "rules": sorted(RuleVersion.objects.values_list("rule", "number")),
        "calendars": sorted(CalendarVersion.objects.values_list("calendar__code", "number")),
        "kinds": sorted(CertificateKind.objects.values_list("code", "adopted_on")),
        "certificates": Certificate.objects.count(),
    }


def test_there_are_six():
    assert preset_names() == ["demo", "dufferin", "eagle-mountain", "philadelphia", "pickering", "san-jose"]


@pytest.mark.parametrize("name", WITHOUT_PEOPLE)
def test_a_city_adopts_its_own_document_whole_and_has_its_hours(name):
    loaded(name)
    code = {"dufferin": "DF", "eagle-mountain": "EM", "philadelphia": "PH", "pickering": "PK", "san-jose": "SJ"}[name]
    assert list(Document.objects.values_list("code", flat=True)) == [code]
    held = rules_in_force(at=NOW)
    own = {rule.id for rule in rules().values() if rule.document == code}
    assert own <= held.keys()
    assert all(held[rule].document_id == code and held[rule].clause for rule in own)
    assert all(held[rule].document is None and not held[rule].clause for rule in held.keys() - own)
    calendar = BusinessCalendar.objects.get()
    assert (calendar.code, calendar.is_default) == (name, True)
    assert compiled(calendar.versions.get().pk).is_open(datetime(2026, 11, 24, 18, tzinfo=UTC))


def test_the_demo_has_adopted_all_153_rules_of_five_documents(demo):
    loaded("demo")
    assert rules_in_force(at=NOW).keys() == rules().keys()
    assert len(rules()) == 153
    assert Document.objects.count() == len(sources()) == 5


EAGLE_MOUNTAIN = {
    "EM-PII-B": {"ask_email": False, "ask_phone": False},
    "EM-PAY": {"page": "https://www.xpressbillpay.com/", "phone": ""},
    "EM-EVAL": {"days": 14},
    "EM-HRS": {"always_open": False},
    "EM-HRS-30": {"minutes_before_closing": 30},
    "EM-IDLE-2": {"seconds": 120},
    "EM-IDLE-4": {"seconds": 240},
    "EM-911": {"life_number": "911", "non_emergency_number": "", "city_number": "801-789-5959"},
    "DF-REVIEW": {"years": 5},
    "EM-COM-D": {"away_seconds": 300, "answer_seconds": 60, "supervisor_seconds": 60, "requeue_seconds": 60},
    "EM-COM-Daii": {"busy_seconds": 30},
    "EM-FWD": {"seconds": 60},
    "SJ-ACD": {"offer_seconds": 30, "abandoned_seconds": 120, "away_seconds": 30},
    "EM-CAP": {"rungs": BEGINNING, "maximum": 3, "trainee_seats": 1},
    "EM-CAP-down": {
        "below_satisfaction": 80,
        "first_response_seconds": 60,
        "window": 100,
        "min_ratings": 10,
        "chats_between": 20,
    },
    "SJ-BACK": {"drill_days": 90},
}
MAPLEBROOK = {
    **EAGLE_MOUNTAIN,
    "EM-PII-B": {"ask_email": True, "ask_phone": True},
    "EM-PAY": {"page": "https://www.maplebrook.example/pay/", "phone": "555-0150"},
    "EM-HRS": {"always_open": True},
    "PK-2W": {"weeks": 2},
    "EM-911": {"life_number": "911", "non_emergency_number": "555-0180", "city_number": "555-0190"},
}


@pytest.mark.rule("EM-911")
@pytest.mark.rule("EM-PAY")
@pytest.mark.parametrize(
    ("preset", "values"),
    [("eagle-mountain", EAGLE_MOUNTAIN), ("demo", MAPLEBROOK), ("pickering", {"PK-2W": {"weeks": 2}})],
)
def test_the_values_are_those_of_the_files(demo, preset, values):
    loaded(preset)
    held = {rule: version.values for rule, version in rules_in_force(SETTABLE, at=NOW).items()}
    assert {rule: held[rule] for rule in values} == values
    assert {rule: given.keys() for rule, given in held.items()} == {rule: whole(rule, {}).keys() for rule in held}


@pytest.mark.rule("EM-RET-A")
@pytest.mark.parametrize("name", preset_names())
def test_every_city_may_delete_its_chats_every_day_so_that_its_chat_can_open(demo, name):
    loaded(name)
    held = in_force("EM-RET-A", at=NOW)
    assert held.value_of("purge_at") == "02:00"
    assert [held.number_of(each) for each in ("grace_minutes", "run_on_minutes", "backup_days")] == [60, 60, 30]
    assert held.value_of("legal_basis").endswith(".")
    assert held.value_of("backup_basis").endswith(".")


@pytest.mark.parametrize("name", WITHOUT_PEOPLE)
def test_a_city_that_is_silent_about_emergencies_payment_and_retention_has_the_programs_own_rows(name):
    loaded(name)
    held = rules_in_force(at=NOW)
    for rule in ("EM-PII-B", "EM-PAY", "EM-RET-A", "EM-RET-B", "EM-RET-Ba-i", "EM-EVAL", "EM-911"):
        assert (held[rule].clause != "") == (name == "eagle-mountain"), rule
    assert held["EM-911"].value_of("life_number") == "911"


def test_nothing_held_before_the_city_adopted_it():
    loaded("eagle-mountain")
    since = datetime(2019, 8, 20, 6, tzinfo=UTC)  # midnight in Utah
    assert in_force("EM-IDLE-2", at=since - timedelta(microseconds=1)) is None
    assert in_force("EM-IDLE-2", at=since) is not None


@pytest.mark.parametrize("name", preset_names())
def test_loading_again_changes_nothing(demo, name):
    loaded(name)
    before = snapshot()
    loaded(name, at=NOW + timedelta(days=1))
    loaded(name, reset=True, at=NOW + timedelta(days=2))
    assert snapshot() == before


def test_what_an_admin_adopted_is_kept_until_reset_and_the_plans_go_too():
    loaded("eagle-mountain")
    admin = UserFactory(roles=["admin"])
    adopt = {"reason": "Council.", "by": admin, "at": NOW}
    adopt_rule("EM-IDLE-4", {"seconds": 700}, effective_from=NOW, **adopt)
    adopt_rule("EM-IDLE-2", {"seconds": 300}, effective_from=NOW, **adopt)
    adopt_rule("EM-IDLE-4", {"seconds": 800}, effective_from=MONDAY, **adopt)
    adopt_rule("EM-HRS-30", {}, effective_from=NOW, is_adopted=False, **adopt)
    Document.objects.update(title="Our chat policy", reviewed_on=date(2026, 1, 1))
    calendar = BusinessCalendar.objects.get()
    set_day(calendar, date(2026, 12, 24), Day("closure", (), "Snow"), by=admin, at=NOW)
    before = snapshot()
    loaded("eagle-mountain", at=NOW + timedelta(hours=1))
    assert snapshot() == before
    loaded("eagle-mountain", reset=True, at=NOW + timedelta(hours=2))
    held = rules_in_force(at=NOW + timedelta(hours=2))
    assert [held[rule].values["seconds"] for rule in ("EM-IDLE-2", "EM-IDLE-4")] == [120, 240]
    assert held["EM-HRS-30"].values == {"minutes_before_closing": 30}
    assert in_force("EM-IDLE-4", at=MONDAY).values == {"seconds": 240}
    assert [plan.values for plan in planned(at=NOW + timedelta(hours=2))][-1] == {"seconds": 240}
    assert Document.objects.get().title == "Website Live Chat Policy"
    assert latest_version(calendar).definition["days"] == {}


# Versions of an older program -----------------------------------------------------
@pytest.mark.rule("EM-RET-A")
def test_a_version_that_did_not_know_a_value_gets_the_presets_and_keeps_what_it_has():
    adopt("EM-RET-A")
    adopt("EM-911", life_number="112")
    loaded("eagle-mountain")
    purge, emergency = in_force("EM-RET-A", at=NOW), in_force("EM-911", at=NOW)
    assert (purge.number, purge.clause, purge.effective_from) == (2, "F", NOW)
    assert purge.value_of("legal_basis")
    assert emergency.values == {"life_number": "112", "non_emergency_number": "", "city_number": "801-789-5959"}
    assert in_force("EM-911", at=NOW - timedelta(microseconds=1)).values == {"life_number": "112"}
    before = snapshot()
    loaded("eagle-mountain", at=NOW + timedelta(days=1))
    assert snapshot() == before


def test_a_plan_that_did_not_know_a_value_gets_it_for_its_own_day():
    adopt("EM-PAY", page="", phone="555-0101")
    adopt("EM-PAY", since=MONDAY, page="https://www.maplebrook.example/")
    adopt("EM-PAY", since=MONDAY, phone="555-0102")
    adopt("EM-PAY", since=MONDAY + timedelta(days=1), is_adopted=False)
    loaded("eagle-mountain")
    assert in_force("EM-PAY", at=NOW).values == {"page": "", "phone": "555-0101"}
    assert in_force("EM-PAY", at=MONDAY).values == {"page": "https://www.xpressbillpay.com/", "phone": "555-0102"}
    assert in_force("EM-PAY", at=MONDAY + timedelta(days=1)) is None


def test_a_version_that_says_the_same_by_its_defaults_is_not_set_back():
    loaded("eagle-mountain")
    document = Document.objects.get()
    clause = rules()["EM-EVAL"].clause
    facts = {"rule": "EM-EVAL", "values": {}, "document": document, "clause": clause, "reason": "As before."}
    RuleVersion.objects.create(number=2, effective_from=NOW, made_at=NOW, **facts)
    loaded("eagle-mountain", reset=True, at=NOW + timedelta(hours=1))
    assert in_force("EM-EVAL", at=NOW + timedelta(hours=1)).number == 2


def test_a_second_city_takes_over_by_reset_only():
    loaded("eagle-mountain")
    loaded("dufferin")
    assert BusinessCalendar.objects.get(is_default=True).code == "eagle-mountain"
    loaded("dufferin", reset=True)
    assert BusinessCalendar.objects.get(is_default=True).code == "dufferin"


def test_everybody_who_chats_in_the_demo_is_certified_for_their_languages(demo):
    loaded("demo", at=timezone.now())
    for agent in Agent.objects.filter(departments__isnull=False).distinct():
        for language in agent.languages.values_list("code", flat=True):
            assert missing_kinds(agent, channel="chat", language=language, on=timezone.localdate()) == []
    mateo, rosa = (Agent.objects.get(user__username=name) for name in ("agent2", "agent1"))
    assert [kind.code for kind in missing_kinds(rosa, channel="chat", language="es", on=timezone.localdate())] == [
        "spanish"
    ]
    assert mateo.certificates.filter(approved_by__isnull=False).count() == 2


def test_a_withdrawn_certificate_stays_withdrawn_until_reset(demo):
    loaded("demo")
    rosa = Agent.objects.get(user__username="agent1")
    rosa.certificates.update(withdrawn_at=NOW, withdrawn_by=UserFactory(), withdrawn_why="Left.")
    loaded("demo")
    assert missing_kinds(rosa, channel="chat", language="en", on=NOW.date())
    loaded("demo", reset=True)
    assert missing_kinds(rosa, channel="chat", language="en", on=NOW.date()) == []
