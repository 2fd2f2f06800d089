"""Certificates: who counts for what, on which date, by whose word."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from itertools import product
from threading import Event

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from agents import actions, rules
from agents.certification import MISSING_SQL, certified_languages, missing_kinds, why_missing
from agents.models import Agent, Certificate, CertificateKind, Language
from agents.permissions import access_certificate_to_approve, certificates_to_approve
from contactcenter.lib.errors import Invalid, NotFound, WrongState
from tests.agents.conftest import NOON, at_once, minutes
from tests.factories import (
    AgentFactory,
    CertificateFactory,
    CertificateKindFactory,
    EvidenceFactory,
    LanguageFactory,
    RequirementFactory,
    UserFactory,
)

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def missing(agent: Agent, *, channel: str = "chat", language: str | None = None, on: date = TODAY) -> list[str]:
    return [kind.code for kind in missing_kinds(agent, channel=channel, language=language, on=on)]


@pytest.fixture
def supervisor():
    return UserFactory(roles=["supervisor"])


@pytest.fixture
def centre() -> CertificateKind:
    """Grade 12 and one year in the centre, or an equivalent: the source's own example."""
    kind = CertificateKindFactory(code="chat", name="Chat")
    RequirementFactory(kind=kind, alternative=1, position=1, text="Grade 12")
    RequirementFactory(kind=kind, alternative=1, position=2, text="One year in the centre")
    RequirementFactory(kind=kind, alternative=2, text="An equivalent that Human Resources accepted")
    return kind


def noted(kind: CertificateKind, *texts: str, agent: Agent | None = None, **facts) -> Certificate:
    """Note a certificate with evidence for the requirements of these texts."""
    seen = {each.pk: "Seen." for each in kind.requirements.all() if each.text in texts}
    facts = {"valid_from": TODAY, "evidence": seen, "by": None, "at": NOON, **facts}
    return actions.note_certificate(agent or AgentFactory(), kind, **facts)


# Rules ------------------------------------------------------------------------
@pytest.mark.rule("PH-CERT")
@pytest.mark.parametrize(
    ("evidenced", "lacking"),
    [
        ([], [3]),
        ([1], [2]),
        ([2], [1]),
        ([1, 2], []),
        ([3], []),
        ([1, 3], []),
        ([9], [3]),
    ],
)
def test_all_of_one_alternative_or_all_of_another(evidenced, lacking):
    requirements = {1: 1, 2: 1, 3: 2}
    assert rules.lacking_of_nearest(requirements, evidenced) == lacking
    assert rules.alternatives_met(requirements, evidenced) is (lacking == [])


def test_without_requirements_nothing_has_to_be_shown():
    assert rules.alternatives_met({}, [])


@pytest.mark.rule("PH-CERT")
@pytest.mark.parametrize(
    ("roles", "level"),
    [
        (["trainee"], "trainee"),
        (["agent"], "full"),
        (["supervisor"], "full"),
        (["trainee", "agent"], "full"),
        (["trainee", "supervisor"], "full"),
        (["trainee", "director"], "trainee"),
        ([], "full"),
    ],
)
def test_a_trainee_is_one_until_agent_or_supervisor(roles, level):
    assert rules.level_of(roles) == level


@pytest.mark.parametrize(
    ("days", "last"), [(1, TODAY), (365, date(2027, 11, 23)), (None, None), (36_500, date(2126, 10, 30))]
)
def test_the_last_day_counts_the_first_one_too(days, last):
    assert rules.last_date(TODAY, days) == last


def test_no_number_of_days_leads_out_of_the_calendar():
    assert rules.last_date(date.max, 36_500) == date.max


# Noting -----------------------------------------------------------------------
@pytest.mark.rule("PH-CERT")
def test_the_kind_gives_the_last_day_unless_one_is_named():
    kind = CertificateKindFactory(valid_days=30)
    assert noted(kind).valid_through == TODAY + 29 * DAY
    assert noted(kind, valid_through=TODAY).valid_through == TODAY
    assert noted(CertificateKindFactory()).valid_through is None


@pytest.mark.rule("PH-CERT")
def test_a_certificate_cannot_end_before_it_starts(centre):
    with pytest.raises(Invalid, match="cannot end before it starts") as refusal:
        noted(centre, valid_through=TODAY - DAY)
    assert refusal.value.more == {"field": "valid_through"}
    with pytest.raises(IntegrityError), transaction.atomic():
        CertificateFactory(valid_from=TODAY, valid_through=TODAY - DAY)
    assert not Certificate.objects.exists()


def test_evidence_belongs_to_a_requirement_of_the_kind_and_says_something(centre):
    stranger = RequirementFactory()
    own = centre.requirements.first()
    for evidence in ({stranger.pk: "Seen."}, {own.pk: "  "}, {0: "Seen."}):
        with pytest.raises(Invalid) as refusal:
            noted(centre, evidence=evidence)
        assert refusal.value.more == {"field": f"evidence_{next(iter(evidence))}"}
    assert not Certificate.objects.exists()


def test_evidence_is_replaced_until_the_approval_and_stays_after_it(supervisor):
    row = EvidenceFactory(text="A copy.")
    facts = (row.certificate_id, row.requirement_id)
    actions.add_evidence(*facts, "The diploma.", by=supervisor, at=NOON)
    actions.approve_certificate(row.certificate_id, by=supervisor, at=NOON)
    with pytest.raises(WrongState, match="approved"):
        actions.add_evidence(*facts, "Something else.", by=supervisor, at=NOON)
    row.refresh_from_db()
    assert (row.text, row.noted_by, row.noted_at) == ("The diploma.", supervisor, NOON)


# Approval ---------------------------------------------------------------------
@pytest.mark.rule("PH-CERT")
def test_a_certificate_counts_once_it_is_approved(centre, supervisor):
    agent = AgentFactory()
    certificate = noted(centre, "Grade 12", "One year in the centre", agent=agent)
    assert missing(agent) == ["chat"]
    actions.approve_certificate(certificate.pk, by=supervisor, at=NOON)
    assert missing(agent) == []
    assert certificate.history.first().history_user == supervisor


@pytest.mark.rule("PH-CERT")
def test_the_other_alternative_is_as_good(centre, supervisor):
    certificate = noted(centre, "An equivalent that Human Resources accepted")
    assert actions.approve_certificate(certificate.pk, by=supervisor, at=NOON).approved_by == supervisor


@pytest.mark.rule("PH-CERT")
def test_half_an_alternative_is_refused_and_what_lacks_is_named(centre, supervisor):
    certificate = noted(centre, "Grade 12")
    with pytest.raises(WrongState, match="no evidence yet for: One year in the centre\\."):
        actions.approve_certificate(certificate.pk, by=supervisor, at=NOON)
    requirement = centre.requirements.get(text="One year in the centre")
    actions.add_evidence(certificate.pk, requirement.pk, "Staff file.", by=supervisor, at=NOON)
    assert actions.approve_certificate(certificate.pk, by=supervisor, at=NOON).approved_at == NOON


@pytest.mark.rule("PH-CERT")
@pytest.mark.parametrize("asked", ["supervisor", "director", "care_centre"])
@pytest.mark.parametrize("held", ["agent", "supervisor", "director", "care_centre", "admin"])
def test_only_the_named_role_approves(asked, held):
    certificate = noted(CertificateKindFactory(approver_role=asked))
    by = UserFactory(roles=[held])
    if held == asked:
        assert actions.approve_certificate(certificate.pk, by=by, at=NOON).approved_by == by
        return
    with pytest.raises(WrongState, match=f"role {CertificateKind(approver_role=asked).get_approver_role_display()}"):
        actions.approve_certificate(certificate.pk, by=by, at=NOON)
    certificate.refresh_from_db()
    assert certificate.approved_at is None


@pytest.mark.rule("PH-CERT")
def test_nobody_approves_their_own():
    agent = AgentFactory(user__roles=["supervisor"])
    certificate = noted(CertificateKindFactory(), agent=agent)
    with pytest.raises(WrongState, match="their own"):
        actions.approve_certificate(certificate.pk, by=agent.user, at=NOON)


def test_whoever_is_disabled_approves_nothing():
    certificate = noted(CertificateKindFactory())
    with pytest.raises(WrongState, match="do not hold"):
        actions.approve_certificate(certificate.pk, by=UserFactory(roles=["supervisor"], is_active=False), at=NOON)


def test_approving_twice_changes_nothing(supervisor):
    certificate = noted(CertificateKindFactory())
    actions.approve_certificate(certificate.pk, by=supervisor, at=NOON)
    actions.approve_certificate(certificate.pk, by=UserFactory(roles=["supervisor"]), at=NOON + minutes(1))
    certificate.refresh_from_db()
    assert (certificate.approved_by, certificate.approved_at) == (supervisor, NOON)
    assert certificate.history.count() == 2


def test_what_waits_is_shown_to_those_who_may_approve_it(supervisor):
    waiting = noted(CertificateKindFactory())
    done = [CertificateFactory(), actions.withdraw_certificate(noted(waiting.kind).pk, why="x", by=supervisor, at=NOON)]
    own = noted(waiting.kind, agent=AgentFactory(user=supervisor))
    assert list(certificates_to_approve(supervisor)) == [waiting]
    assert access_certificate_to_approve(waiting.pk, supervisor) == waiting
    for pk in [own.pk, 0, *(each.pk for each in done)]:
        with pytest.raises(NotFound):
            access_certificate_to_approve(pk, supervisor)
    for role in ("agent", "director", "admin"):
        assert not certificates_to_approve(UserFactory(roles=[role])).exists()


# Withdrawal -------------------------------------------------------------------
@pytest.mark.rule("PH-CERT")
def test_a_withdrawn_certificate_counts_no_more(supervisor):
    certificate = CertificateFactory()
    assert missing(certificate.agent) == []
    actions.withdraw_certificate(certificate.pk, why=" It was forged. ", by=supervisor, at=NOON)
    assert missing(certificate.agent) == [certificate.kind.code]
    certificate.refresh_from_db()
    assert (certificate.withdrawn_by, certificate.withdrawn_why) == (supervisor, "It was forged.")
    with pytest.raises(WrongState, match="withdrawn"):
        actions.approve_certificate(certificate.pk, by=supervisor, at=NOON)


def test_a_withdrawal_has_a_reason_and_the_first_one_stays(supervisor):
    certificate = CertificateFactory()
    with pytest.raises(Invalid) as refusal:
        actions.withdraw_certificate(certificate.pk, why=" ", by=supervisor, at=NOON)
    assert refusal.value.more == {"field": "why"}
    for why in ("First.", "Second."):
        actions.withdraw_certificate(certificate.pk, why=why, by=supervisor, at=NOON)
    certificate.refresh_from_db()
    assert certificate.withdrawn_why == "First."


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_waits_for_whoever_holds_the_agent():
    certificate = CertificateFactory()
    is_held, is_over = Event(), Event()

    def hold(_index: int) -> None:
        with transaction.atomic():
            Agent.objects.locked().get(pk=certificate.agent_id)
            is_held.set()
            is_over.wait(10)

    def withdraw(_index: int) -> None:
        is_held.wait(10)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            actions.withdraw_certificate(certificate.pk, why="x", by=certificate.approved_by, at=NOON)
        finally:
            is_over.set()

    _held, refused = at_once(2, lambda index: (hold, withdraw)[index](index))
    assert isinstance(refused, OperationalError)
    certificate.refresh_from_db()
    assert certificate.withdrawn_at is None


# The question -----------------------------------------------------------------
@pytest.mark.rule("PH-CERT")
def test_a_certificate_counts_through_its_last_date_and_not_the_day_after():
    certificate = CertificateFactory(valid_from=TODAY - DAY, valid_through=TODAY)
    found = {on: missing(certificate.agent, on=on) == [] for on in (TODAY + n * DAY for n in range(-2, 2))}
    assert list(found.values()) == [False, True, True, False]


@pytest.mark.rule("PH-CERT")
@pytest.mark.parametrize(
    ("adopted_on", "is_refused"), [(None, False), (TODAY + DAY, False), (TODAY, True), (TODAY - DAY, True)]
)
def test_a_kind_refuses_nothing_before_it_is_adopted(adopted_on, is_refused):
    kind = CertificateKindFactory(adopted_on=adopted_on)
    assert missing(AgentFactory()) == ([kind.code] if is_refused else [])


@pytest.mark.rule("PH-CERT")
def test_a_kind_is_asked_for_on_its_channel_and_one_without_on_every():
    CertificateKindFactory(code="phone", channel="phone")
    CertificateKindFactory(code="all", channel="")
    agent = AgentFactory()
    assert missing(agent, channel="chat") == ["all"]
    assert missing(agent, channel="phone") == ["all", "phone"]


@pytest.mark.rule("PH-CERT")
@pytest.mark.parametrize(
    ("roles", "asked"),
    [(["trainee"], ["all", "trainee"]), (["agent"], ["all", "full"]), (["supervisor"], ["all", "full"])],
)
def test_trainees_have_a_kind_of_their_own(roles, asked):
    for code, level in {"trainee": "trainee", "full": "full", "all": ""}.items():
        CertificateKindFactory(code=code, level=level)
    assert missing(AgentFactory(user__roles=roles)) == asked


@pytest.mark.rule("PH-BIL")
def test_a_language_kind_is_asked_for_in_that_language_only():
    spanish = LanguageFactory(code="es", name="Español")
    LanguageFactory(code="fr", name="Français")
    kind = CertificateKindFactory(code="spanish", rule="PH-BIL", language=spanish)
    agent = AgentFactory()
    assert missing(agent, language="es") == ["spanish"]
    assert missing(agent, language="fr") == []
    assert missing(agent, language=None) == []
    CertificateFactory(agent=agent, kind=kind)
    assert missing(agent, language="es") == []


@pytest.mark.rule("PH-BIL")
@pytest.mark.parametrize("rule", ["PH-CERT", "PH-BIL"])
@pytest.mark.parametrize("has_language", [True, False])
def test_a_kind_for_a_language_belongs_to_the_rule_bilingual(rule, has_language):
    language = LanguageFactory() if has_language else None
    if (rule == "PH-BIL") is has_language:
        assert CertificateKindFactory(rule=rule, language=language).pk
        return
    with pytest.raises(IntegrityError), transaction.atomic():
        CertificateKindFactory(rule=rule, language=language)


def test_the_question_takes_two_statements_however_many_kinds(django_assert_num_queries):
    agent = AgentFactory()
    CertificateKindFactory.create_batch(5)
    agent = Agent.objects.select_related("user").get(pk=agent.pk)
    with django_assert_num_queries(2):  # the roles, the kinds
        assert len(missing(agent)) == 5


@pytest.mark.rule("PH-CERT")
@pytest.mark.rule("PH-BIL")
def test_the_statement_and_the_question_agree():
    answers = []
    for seed in range(25):
        with transaction.atomic():
            answers += _answers_over_random_rows(random.Random(seed))
            transaction.set_rollback(True)
    assert min(answers.count(True), answers.count(False)) > 100


def _answers_over_random_rows(chance: random.Random) -> list[bool]:
    languages = [None, LanguageFactory(code="es"), LanguageFactory(code="fr")]
    agents = [AgentFactory(user__roles=roles) for roles in (["agent"], ["trainee"], ["trainee", "agent"])]
    near = [TODAY - DAY, TODAY, TODAY + DAY]
    for _number in range(5):
        kind = _random_kind(chance, chance.choice(languages), near)
        for agent in agents:
            if chance.random() < 0.7:
                _random_certificate(chance, agent, kind, near)
    answers = []
    for agent, channel, language in product(agents, ("chat", "phone", "email"), (None, "es", "fr")):
        answers.append(missing(agent, channel=channel, language=language) == [])
        assert nothing_is_missing(agent, channel=channel, language=language) is answers[-1]
    return answers


def _random_kind(chance: random.Random, language: Language | None, near: list[date]) -> CertificateKind:
    return CertificateKindFactory(
        rule="PH-BIL" if language else "PH-CERT",
        language=language,
        channel=chance.choice(["", "chat", "phone"]),
        level=chance.choice(["", "trainee", "full"]),
        adopted_on=chance.choice([None, *near]),
    )


def _random_certificate(chance: random.Random, agent: Agent, kind: CertificateKind, near: list[date]) -> None:
    start = chance.choice(near)
    is_approved = chance.random() < 0.8
    facts = {} if is_approved else {"approved_by": None, "approved_at": None}
    certificate = CertificateFactory(
        agent=agent, kind=kind, valid_from=start, valid_through=chance.choice([None, start, start + DAY]), **facts
    )
    assert Certificate.objects.counting(on=TODAY).filter(pk=certificate.pk).exists() is (
        certificate.state(on=TODAY) == Certificate.State.COUNTS
    )
    if chance.random() < 0.2:
        by = certificate.approved_by or UserFactory()
        actions.withdraw_certificate(certificate.pk, why="x", by=by, at=NOON)


def nothing_is_missing(agent: Agent, *, channel: str, language: str | None, on: date = TODAY) -> bool:
    facts = {
        "agent_id": agent.pk,
        "channel": channel,
        "language": language,
        "level": rules.level_of(agent.user.roles),
        "on": on,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT NOT EXISTS ({MISSING_SQL})", facts)
        return cursor.fetchone()[0]


def test_the_statement_serves_as_a_condition_of_an_insert():
    agent = AgentFactory()
    facts = {"agent_id": agent.pk, "channel": "chat", "language": None, "level": "full", "on": TODAY}
    insert = (
        f"INSERT INTO agents_rolegrant (user_id, role) SELECT {agent.user_id}, 'clerk' WHERE NOT EXISTS ({MISSING_SQL})"
    )
    kind = CertificateKindFactory()
    with connection.cursor() as cursor:
        cursor.execute(insert, facts)
        assert cursor.rowcount == 0
        CertificateFactory(agent=agent, kind=kind)
        cursor.execute(insert, facts)
        assert cursor.rowcount == 1


# What the agent is told ---------------------------------------------------------
ASK = {
    "never": "You have no certificate “Chat” yet. Ask your supervisor for it (PH-CERT).",
    "ended": "Your certificate “Chat” ended on 23 November 2026. Ask your supervisor to renew it (PH-CERT).",
    "waiting": (
        "Your certificate “Chat” waits for approval by the role Supervisor. "
        "Ask your supervisor to approve it (PH-CERT)."
    ),
    "begins": (
        "Your certificate “Chat” begins on 25 November 2026. Ask your supervisor if you need it sooner (PH-CERT)."
    ),
    "withdrawn": (
        "Your certificate “Chat” was withdrawn on 24 November 2026. Ask your supervisor for a new one (PH-CERT)."
    ),
}
LONG_AGO = date(2026, 1, 1)
IN_WORDS = {
    "never": [],
    "ended": [{"valid_from": LONG_AGO, "valid_through": TODAY - DAY}],
    "waiting": [{"approved_by": None, "approved_at": None}, {"valid_from": LONG_AGO, "valid_through": LONG_AGO}],
    "begins": [{"valid_from": TODAY + DAY}, {"approved_by": None, "approved_at": None}],
}


@pytest.mark.rule("PH-CERT")
@pytest.mark.parametrize("state", IN_WORDS)
def test_the_agent_reads_what_became_of_the_certificate_and_whom_to_ask(state):
    agent, kind = AgentFactory(), CertificateKindFactory()
    for facts in IN_WORDS[state]:
        CertificateFactory(agent=agent, kind=kind, **facts)
    assert why_missing(kind, agent, on=TODAY) == ASK[state]


@pytest.mark.rule("PH-CERT")
def test_the_agent_reads_that_it_was_withdrawn_on_the_citys_date():
    certificate = CertificateFactory()
    late = timezone.make_aware(datetime(2026, 11, 24, 23, 59))
    actions.withdraw_certificate(certificate.pk, why="x", by=certificate.approved_by, at=late)
    assert why_missing(certificate.kind, certificate.agent, on=TODAY) == ASK["withdrawn"]


@pytest.mark.rule("PH-BIL")
def test_the_sentence_names_the_rule_and_the_role_of_the_kind():
    kind = CertificateKindFactory(
        name="Spanish", rule="PH-BIL", language=LanguageFactory(), approver_role="care_centre"
    )
    expected = "You have no certificate “Spanish” yet. Ask the care centre for it (PH-BIL)."
    assert why_missing(kind, AgentFactory(), on=TODAY) == expected


# Languages --------------------------------------------------------------------
@pytest.fixture
def spanish_speaker() -> Agent:
    agent = AgentFactory()
    agent.languages.set([LanguageFactory(code="en"), LanguageFactory(code="es", name="Español")])
    return agent


def certified(*agents: Agent, channel: str = "chat") -> set[str]:
    return certified_languages([agent.pk for agent in agents], channel=channel, on=TODAY)


@pytest.mark.rule("PH-BIL")
def test_a_language_counts_as_assigned_until_a_kind_is_adopted_for_it(spanish_speaker):
    LanguageFactory(code="de", is_active=False).agents.add(spanish_speaker)
    assert certified(spanish_speaker) == {"en", "es"}
    kind = CertificateKindFactory(rule="PH-BIL", language_id="es", adopted_on=TODAY + DAY)
    assert certified(spanish_speaker) == {"en", "es"}
    kind.adopted_on = TODAY
    kind.save()
    assert certified(spanish_speaker) == {"en"}
    assert certified(spanish_speaker, channel="phone") == {"en", "es"}
    CertificateFactory(agent=spanish_speaker, kind=kind)
    assert certified(spanish_speaker) == {"en", "es"}


@pytest.mark.rule("PH-BIL")
def test_one_certified_agent_is_enough_and_must_speak_the_language(spanish_speaker):
    kind = CertificateKindFactory(rule="PH-BIL", language_id="es")
    other = CertificateFactory(kind=kind).agent
    assert certified(spanish_speaker, other) == {"en"}
    other.languages.add("es")
    assert certified(spanish_speaker, other) == {"en", "es"}
    assert certified_languages(Agent.objects.all(), channel="chat", on=TODAY) == {"en", "es"}
    assert certified() == set()


@pytest.mark.rule("PH-BIL")
def test_a_language_kind_for_full_agents_leaves_trainees_alone(spanish_speaker):
    CertificateKindFactory(rule="PH-BIL", language_id="es", level="full")
    trainee = AgentFactory(user__roles=["trainee"])
    trainee.languages.add("es")
    assert certified(spanish_speaker) == {"en"}
    assert certified(trainee) == {"es"}
