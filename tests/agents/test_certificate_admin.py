"""Certificates in the administration: what is refused is said at the form, and nothing typed is lost."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Certificate, CertificateKind, Evidence, Role, RoleGrant, User
from tests.agents.conftest import NOON
from tests.agents.test_admin import INLINE
from tests.factories import (
    AgentFactory,
    CertificateFactory,
    CertificateKindFactory,
    EvidenceFactory,
    LanguageFactory,
    RequirementFactory,
    log_in,
)

KINDS = "/admin/agents/certificatekind/"
CERTIFICATES = "/admin/agents/certificate/"
NO_REQUIREMENTS = {"requirements-TOTAL_FORMS": 0, "requirements-INITIAL_FORMS": 0}


@pytest.fixture
def boss(admin_client) -> User:
    user = User.objects.get(username="boss")
    RoleGrant.objects.create(user=user, role=Role.SUPERVISOR)
    return user


def shown(answer) -> str:
    page: str = answer.content.decode()
    return page


# Kinds ------------------------------------------------------------------------
@pytest.mark.rule("PH-CERT")
def test_a_kind_is_added_with_its_requirements(admin_client):
    facts = {
        "code": "chat",
        "name": "Chat",
        "rule": "PH-CERT",
        "channel": "chat",
        "approver_role": "supervisor",
        "valid_days": 365,
        "adopted_on": "2026-11-24",
        "requirements-TOTAL_FORMS": 2,
        "requirements-INITIAL_FORMS": 0,
        "requirements-0-alternative": 1,
        "requirements-0-position": 1,
        "requirements-0-text": "Grade 12",
        "requirements-1-alternative": 2,
        "requirements-1-position": 1,
        "requirements-1-text": "An equivalent",
    }
    assert admin_client.post(f"{KINDS}add/", facts).status_code == 302
    kind = CertificateKind.objects.get()
    assert kind.adopted_on == date(2026, 11, 24)
    assert list(kind.requirements.values_list("alternative", "text")) == [(1, "Grade 12"), (2, "An equivalent")]
    assert kind.history.get().history_user.username == "boss"


@pytest.mark.rule("PH-BIL")
def test_a_language_with_the_wrong_rule_is_refused_with_a_sentence(admin_client):
    facts = {
        "code": "es",
        "name": "My own name for it",
        "rule": "PH-CERT",
        "language": LanguageFactory(code="es").pk,
        "approver_role": "supervisor",
        **NO_REQUIREMENTS,
    }
    page = shown(admin_client.post(f"{KINDS}add/", facts))
    assert "belongs to the rule Bilingual" in page
    assert "My own name for it" in page
    assert not CertificateKind.objects.exists()


@pytest.mark.parametrize("days", ["0", "-1", "36501", "many"])
def test_impossible_days_are_refused_at_the_form(admin_client, days):
    facts = {"code": "es", "name": "Spanish", "rule": "PH-CERT", "approver_role": "supervisor", "valid_days": days}
    assert admin_client.post(f"{KINDS}add/", {**facts, **NO_REQUIREMENTS}).status_code == 200
    assert not CertificateKind.objects.exists()


# Noting -----------------------------------------------------------------------
@pytest.mark.rule("PH-CERT")
def test_a_certificate_is_noted_with_its_evidence(admin_client):
    first = RequirementFactory(kind__valid_days=30)
    second = RequirementFactory(kind=first.kind, position=2)
    facts = {
        "agent": AgentFactory().pk,
        "kind": first.kind_id,
        "valid_from": "2026-11-24",
        f"evidence_{first.pk}": "The diploma of 2019.",
        f"evidence_{second.pk}": "",
    }
    assert admin_client.post(f"{CERTIFICATES}add/", facts).status_code == 302
    certificate = Certificate.objects.get()
    assert (certificate.valid_through, certificate.approved_at) == (date(2026, 12, 23), None)
    assert (certificate.noted_by.username, certificate.history.get().history_user.username) == ("boss", "boss")
    assert Evidence.objects.get().requirement == first


@pytest.mark.rule("PH-CERT")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"valid_through": "2026-11-23"}, "A certificate cannot end before it starts."),
        ({"valid_from": ""}, "This field is required."),
        ({"valid_from": "soon"}, "Enter a valid date."),
        ({"kind": ""}, "This field is required."),
        ({"agent": "0"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_the_form_and_nothing_typed_is_lost(admin_client, wrong, sentence):
    requirement = RequirementFactory()
    facts = {
        "agent": AgentFactory().pk,
        "kind": requirement.kind_id,
        "valid_from": "2026-11-24",
        f"evidence_{requirement.pk}": "The diploma of 2019.",
        **wrong,
    }
    page = shown(admin_client.post(f"{CERTIFICATES}add/", facts))
    assert sentence in page
    assert "The diploma of 2019." in page
    assert not Certificate.objects.exists()


def test_evidence_under_another_kind_is_refused_at_its_field(admin_client):
    own, other = RequirementFactory(), RequirementFactory()
    facts = {
        "agent": AgentFactory().pk,
        "kind": own.kind_id,
        "valid_from": "2026-11-24",
        f"evidence_{other.pk}": "The diploma of 2019.",
    }
    answer = admin_client.post(f"{CERTIFICATES}add/", facts)
    assert "does not belong" in answer.context["adminform"].form.errors[f"evidence_{other.pk}"][0]
    assert "The diploma of 2019." in shown(answer)
    assert not Certificate.objects.exists()


@pytest.mark.rule("PH-CERT")
def test_evidence_is_added_while_the_certificate_waits_and_nothing_else_changes(admin_client):
    row = EvidenceFactory(text="A copy.")
    path = f"{CERTIFICATES}{row.certificate_id}/change/"
    assert "A copy." in shown(admin_client.get(path))
    second = RequirementFactory(kind=row.certificate.kind)
    facts = {
        f"evidence_{row.requirement_id}": "A copy.",
        f"evidence_{second.pk}": "Staff file.",
        "valid_from": "2020-01-01",
        "approved_at": "2026-01-01",
    }
    assert admin_client.post(path, facts).status_code == 302
    assert set(row.certificate.evidence.values_list("text", flat=True)) == {"A copy.", "Staff file."}
    row.refresh_from_db()
    assert row.noted_by is None  # untouched
    certificate = Certificate.objects.get()
    assert (certificate.valid_from, certificate.approved_at) == (date(2026, 1, 1), None)


def test_evidence_is_not_taken_away_at_the_form(admin_client):
    row = EvidenceFactory(text="A copy.")
    answer = admin_client.post(f"{CERTIFICATES}{row.certificate_id}/change/", {f"evidence_{row.requirement_id}": ""})
    assert "Write what was seen." in shown(answer)
    row.refresh_from_db()
    assert row.text == "A copy."


@pytest.mark.parametrize("facts", [{}, {"approved_by": None, "approved_at": None, "is_withdrawn": True}])
def test_what_is_approved_or_withdrawn_is_for_looking_at(admin_client, facts):
    is_withdrawn = facts.pop("is_withdrawn", False)
    certificate = CertificateFactory(**facts)
    if is_withdrawn:
        boss = User.objects.get(username="boss")
        Certificate.objects.update(withdrawn_at=NOON, withdrawn_by=boss, withdrawn_why="It was forged.")
    requirement = RequirementFactory(kind=certificate.kind)
    path = f"{CERTIFICATES}{certificate.pk}/change/"
    assert admin_client.get(path).status_code == 200
    assert admin_client.post(path, {f"evidence_{requirement.pk}": "Seen."}).status_code == 403
    assert not Evidence.objects.exists()


# Approval and withdrawal ------------------------------------------------------
def act(client, name: str, *certificates: Certificate, **more):
    facts = {"action": name, "_selected_action": [each.pk for each in certificates], **more}
    return client.post(CERTIFICATES, facts, follow=True)


@pytest.mark.rule("PH-CERT")
def test_an_administrator_who_is_a_supervisor_approves(admin_client, boss):
    certificate = CertificateFactory(approved_by=None, approved_at=None)
    assert "Approved." in shown(act(admin_client, "approve", certificate))
    certificate.refresh_from_db()
    assert certificate.approved_by == boss


@pytest.mark.rule("PH-CERT")
def test_an_administrator_without_the_role_is_told_who_approves(admin_client):
    certificate = CertificateFactory(approved_by=None, approved_at=None)
    assert "role Supervisor, which you do not hold" in shown(act(admin_client, "approve", certificate))
    certificate.refresh_from_db()
    assert certificate.approved_at is None


def test_one_refused_approval_does_not_keep_the_others(admin_client, boss):
    good, lacking = (CertificateFactory(approved_by=None, approved_at=None) for _number in range(2))
    RequirementFactory(kind=lacking.kind, text="Grade 12")
    page = shown(act(admin_client, "approve", good, lacking))
    assert "no evidence yet for: Grade 12" in page
    assert list(Certificate.objects.filter(approved_at__isnull=False)) == [good]


@pytest.mark.rule("PH-CERT")
def test_a_withdrawal_asks_why_on_a_page_of_its_own(admin_client):
    certificate = CertificateFactory()
    asked = shown(act(admin_client, "withdraw", certificate))
    assert str(certificate) in asked
    refused = shown(act(admin_client, "withdraw", certificate, confirmed="yes", why="  "))
    assert "Write why the certificate is withdrawn." in refused
    assert not INLINE.findall(asked + refused)
    certificate.refresh_from_db()
    assert certificate.withdrawn_at is None
    assert "Withdrawn." in shown(act(admin_client, "withdraw", certificate, confirmed="yes", why="It was forged."))
    certificate.refresh_from_db()
    assert (certificate.withdrawn_by.username, certificate.withdrawn_why) == ("boss", "It was forged.")


def test_a_reason_that_is_too_long_is_kept_on_the_page(admin_client):
    certificate = CertificateFactory()
    page = shown(act(admin_client, "withdraw", certificate, confirmed="yes", why="forged " * 400))
    assert "forged forged" in page
    certificate.refresh_from_db()
    assert certificate.withdrawn_at is None


# What the pages show ----------------------------------------------------------
@pytest.mark.rule("PH-CERT")
def test_the_list_says_the_state_in_words_on_the_citys_date(admin_client):
    CertificateFactory(valid_through=date(2026, 11, 24))
    midnight = timezone.make_aware(datetime(2026, 11, 25))
    for moment, word in {midnight - timedelta(seconds=1): "counts", midnight: "ended"}.items():
        with time_machine.travel(moment, tick=False):
            log_in(admin_client, User.objects.get(username="boss"))
            assert f'<td class="field-state_in_words">{word}</td>' in shown(admin_client.get(CERTIFICATES))


def test_the_pages_keep_to_the_strict_policy(admin_client):
    row = EvidenceFactory()
    CertificateFactory()
    paths = [
        KINDS,
        f"{KINDS}add/",
        f"{KINDS}{row.certificate.kind_id}/change/",
        f"{KINDS}{row.certificate.kind_id}/history/",
        CERTIFICATES,
        f"{CERTIFICATES}add/",
        f"{CERTIFICATES}{row.certificate_id}/change/",
        f"{CERTIFICATES}{row.certificate_id}/history/",
        f"{CERTIFICATES}{Certificate.objects.exclude(pk=row.certificate_id).first().pk}/change/",
    ]
    for path in paths:
        answer = admin_client.get(path)
        assert answer.status_code == 200, path
        assert not INLINE.findall(shown(answer)), path


@pytest.mark.parametrize("page", [KINDS, CERTIFICATES])
def test_a_longer_list_takes_no_more_statements(admin_client, page):
    counts = []
    for _number in range(2):
        CertificateFactory.create_batch(3)
        with CaptureQueriesContext(connection) as statements:
            assert admin_client.get(page).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("page", [KINDS, CERTIFICATES])
def test_nothing_is_deleted(admin_client, page):
    pk = CertificateFactory().pk if page == CERTIFICATES else CertificateKindFactory().pk
    assert admin_client.post(f"{page}{pk}/delete/", {"post": "yes"}).status_code == 403
