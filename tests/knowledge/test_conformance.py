"""Whether what is written down is there and looked after: each check turns red."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from contactcenter.knowledge.conformance import check_menus, check_scripts, check_sequences
from contactcenter.knowledge.models import Menu
from policies.conformance import Finding, Period, keeper_of
from tests.factories import (
    AgentFactory,
    LanguageFactory,
    MenuFactory,
    NodeFactory,
    ScriptFactory,
    SequenceFactory,
    StepFactory,
)

AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
PERIOD = Period.last_days(30, at=AT)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rule", ["EM-SCR", "EM-OFF", "PK-EAR", "SJ-IVR"])
def test_the_register_knows_what_keeps_the_rule(rule: str) -> None:
    keeper = keeper_of(rule)
    assert keeper is not None
    assert keeper.check is not None
    assert keeper.check(PERIOD).considered == 0


@pytest.mark.rule("EM-SCR")
def test_a_shared_script_past_its_review_turns_the_rule_red() -> None:
    good, late = ScriptFactory(review_on=date(2026, 11, 24)), ScriptFactory(review_on=date(2026, 11, 23))
    ScriptFactory(owner=AgentFactory())
    ScriptFactory(review_on=date(2020, 1, 1), is_active=False)
    assert check_scripts(PERIOD) == Finding(2, (str(late.pk),))
    late.delete()
    assert check_scripts(PERIOD) == Finding(1)
    assert good.pk


@pytest.mark.parametrize("rule", [pytest.param(each, marks=pytest.mark.rule(each)) for each in ("EM-OFF", "PK-EAR")])
def test_a_language_without_its_sequence_turns_the_rule_red(rule: str) -> None:
    LanguageFactory()
    LanguageFactory(code="es", name="Español")
    LanguageFactory(code="de", name="Deutsch", is_active=False)
    made = SequenceFactory(rule=rule)
    assert check_sequences(rule, PERIOD) == Finding(2, ("en", "es"))
    StepFactory(sequence=made)
    assert check_sequences(rule, PERIOD) == Finding(2, ("es",))
    made.is_active = False
    made.save()
    assert check_sequences(rule, PERIOD) == Finding(2, ("en", "es"))


@pytest.mark.rule("SJ-IVR")
def test_a_menu_that_leads_nowhere_or_is_not_reviewed_turns_the_rule_red() -> None:
    menu = MenuFactory(review_on=date(2026, 11, 24))
    node = NodeFactory(menu=menu)
    assert check_menus(PERIOD) == Finding(1)
    node.kind = "topic"
    node.save()
    assert check_menus(PERIOD) == Finding(1, (str(menu.pk),))
    node.kind = "answer"
    node.save()
    Menu.objects.update(review_on=date(2026, 11, 23))
    assert check_menus(PERIOD) == Finding(1, (str(menu.pk),))
    Menu.objects.update(is_shown=False)
    assert check_menus(PERIOD) == Finding(0)
