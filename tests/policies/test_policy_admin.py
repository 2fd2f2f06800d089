"""Rules and documents in the administration: first in words, then written; nothing typed is lost."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from agents.models import Role, User
from policies.models import BusinessCalendar, CalendarVersion, Document, RuleVersion
from tests.factories import UserFactory, log_in
from tests.policies.factories import adopt, calendar
from tests.policies.pages import (
    ADOPT,
    CALENDARS,
    DOCUMENTS,
    IDLE,
    MONDAY,
    NEW_DOCUMENT,
    NOW,
    RULES,
    WEEK,
    confirm,
    day_of,
    errors,
    shown,
    week_of,
)

PURGE_PAGE = f"{RULES}add/?rule=EM-RET-A"
PLAIN = {"is_adopted": "yes", "starts": "now", "reason": "The council said so."}
PURGE = {
    **PLAIN,
    "purge_at": "03:30",
    "grace_minutes": "90",
    "wrap_up_minutes": "15",
    "run_on_minutes": "0",
    "legal_basis": "Our by-law 7 & what follows",
    "backup_days": "14",
}


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def boss(admin_client) -> User:
    return User.objects.get(username="boss")


@pytest.fixture
def hall(db) -> BusinessCalendar:
    return calendar()


# Rules: the way to the form -----------------------------------------------------
def test_first_of_all_the_rule_is_chosen_those_with_values_first(admin_client):
    page = shown(admin_client.get(f"{RULES}add/"))
    assert page.index("EM-IDLE-2 ·") < page.index("EM-DEF ·")
    assert page.index("EM-IDLE-2 ·") < page.index("Rules that hold as they are written")


def test_a_rule_that_is_not_in_the_catalogue_leads_back_to_the_choice(admin_client):
    answer = admin_client.get(f"{RULES}add/?rule=EM-NONE")
    assert "rule" in errors(answer)
    assert "EM-IDLE-2 ·" in shown(answer)


@pytest.mark.rule("EM-IDLE-2")
def test_the_form_begins_with_what_holds_now(admin_client):
    Document.objects.create(code="EM", title="Chat policy", body="Eagle Mountain")
    version = adopt("EM-IDLE-2", seconds=120)
    page = shown(admin_client.get(ADOPT))
    assert 'name="seconds" value="120" min="1" max="3600"' in page
    assert f'name="clause" value="{version.clause}"' in page
    assert "Now: A silent resident is asked after 2:00" in page
    assert "Seconds of silence until the notice" in page
    assert "running clocks keep theirs" in page
    assert "aria-describedby" in page


def test_a_rule_that_was_never_adopted_begins_with_its_clause_of_the_catalogue(admin_client):
    Document.objects.create(code="EM", title="Chat policy", body="Eagle Mountain")
    form = admin_client.get(f"{RULES}add/?rule=EM-PII-A").context["form"]
    assert (form.initial["clause"], form.initial["document"].pk) == ("Personal information A", "EM")
    assert [name for name in form.fields if name in ("seconds", "years")] == []


# Rules: preview and confirmation ------------------------------------------------
@pytest.mark.rule("EM-IDLE-2")
def test_a_change_is_shown_in_words_and_written_only_when_confirmed(admin_client, boss):
    adopt("EM-IDLE-2", seconds=120)
    preview = admin_client.post(ADOPT, {**IDLE, **MONDAY})
    page = shown(preview)
    assert "Now: A silent resident is asked after 2:00 whether they are still there." in page
    assert "From Monday 30 November 2026, 0:00: A silent resident is asked after 3:00" in page
    assert "Nothing changes before." in page
    assert RuleVersion.objects.count() == 1
    done = confirm(admin_client, ADOPT, {**IDLE, **MONDAY})
    assert done.headers["Location"] == f"{RULES}?rule=EM-IDLE-2"
    version = RuleVersion.objects.get(number=2)
    assert version.effective_from == datetime(2026, 11, 30, 5, 0, tzinfo=UTC)
    assert (version.values, version.reason) == ({"seconds": 180}, "Residents asked for more time.")
    assert (version.by, version.made_at) == (boss, NOW)


@pytest.mark.rule("EM-IDLE-2")
def test_at_once_means_the_moment_of_confirming(admin_client):
    adopt("EM-IDLE-2", seconds=120)
    page = shown(admin_client.post(ADOPT, IDLE))
    assert "As soon as you confirm: A silent resident is asked after 3:00" in page
    with time_machine.travel(NOW + timedelta(minutes=7), tick=False):
        assert admin_client.post(ADOPT, {**IDLE, "seen": "2", "confirm": "yes"}).status_code == 302
    assert RuleVersion.objects.get(number=2).effective_from == NOW + timedelta(minutes=7)


def test_from_the_preview_one_comes_back_to_the_form_with_everything_typed(admin_client):
    facts = {**IDLE, **MONDAY, "clause": "My own clause", "review_on": "2027-11-30", "back": "yes", "seen": "1"}
    answer = admin_client.post(ADOPT, facts)
    page = shown(answer)
    for typed in ("180", "2026-11-30", "My own clause", "2027-11-30", "Residents asked for more time."):
        assert typed in page
    assert errors(answer) == {}
    assert not RuleVersion.objects.exists()


def test_a_switch_survives_the_preview(admin_client):
    path = f"{RULES}add/?rule=EM-HRS"
    facts = {"is_adopted": "yes", "always_open": "True", "starts": "now", "reason": "A fair."}
    assert "open at any hour" in shown(admin_client.post(path, {**facts, "always_open": "on"}))
    confirm(admin_client, path, facts)
    confirm(admin_client, path, {**facts, "always_open": "False"})
    assert [row.values for row in RuleVersion.objects.order_by("number")] == [
        {"always_open": True},
        {"always_open": False},
    ]


@pytest.mark.rule("EM-RET-A")
def test_texts_numbers_and_a_time_are_shown_in_words_and_written(admin_client):
    adopt("EM-RET-A")
    assert "Now: Nothing is deleted and the chat does not open" in shown(admin_client.get(PURGE_PAGE))
    page = shown(admin_client.post(PURGE_PAGE, PURGE))
    assert "As soon as you confirm: Each day at 03:30, chats that ended at least 90 minutes before" in page
    assert "Legal basis: Our by-law 7 & what follows" in page.replace("&amp;", "&")
    confirm(admin_client, PURGE_PAGE, PURGE)
    assert RuleVersion.objects.get(number=2).values == {
        "purge_at": "03:30",
        "grace_minutes": 90,
        "wrap_up_minutes": 15,
        "run_on_minutes": 0,
        "legal_basis": "Our by-law 7 & what follows",
        "backup_days": 14,
        "backup_basis": "",
    }


@pytest.mark.rule("EM-RET-A")
def test_the_form_has_the_right_field_for_each_kind_of_value(admin_client):
    page = shown(admin_client.get(PURGE_PAGE))
    assert '<input type="time" name="purge_at" value="02:00"' in page
    assert '<input type="number" name="grace_minutes" value="60" min="30" max="1440"' in page
    assert '<textarea name="legal_basis"' in page
    assert "While this is empty the purge refuses to run, and the chat does not open." in page
    assert '<input type="url" name="page"' in shown(admin_client.get(f"{RULES}add/?rule=EM-PAY"))
    assert '<input type="text" name="life_number" value="911"' in shown(admin_client.get(f"{RULES}add/?rule=EM-911"))


def test_a_value_that_an_older_version_did_not_know_begins_with_its_default(admin_client):
    adopt("EM-911", city_number="555-0190")
    form = admin_client.get(f"{RULES}add/?rule=EM-911").context["form"]
    assert [form.initial[name] for name in ("life_number", "city_number")] == ["911", "555-0190"]
    adopt("EM-EVAL")
    page = shown(admin_client.post(f"{RULES}add/?rule=EM-EVAL", {**PLAIN, "days": "14"}))
    assert "That is what holds now." in page
    page = shown(admin_client.post(f"{RULES}add/?rule=EM-EVAL", {**PLAIN, "days": "15"}))
    assert "That is what holds now." not in page


def test_a_second_confirmation_writes_nothing_more(admin_client):
    facts = {**IDLE, "seen": "1", "confirm": "yes"}
    assert admin_client.post(ADOPT, facts).status_code == 302
    page = shown(admin_client.post(ADOPT, facts))
    assert "In the meantime another version was written" in page
    assert RuleVersion.objects.count() == 1


def test_a_confirmation_without_a_preview_shows_the_preview(admin_client):
    assert "Confirm and write it down" in shown(admin_client.post(ADOPT, {**IDLE, "confirm": "yes"}))
    assert not RuleVersion.objects.exists()


def test_the_preview_says_what_is_planned_besides(admin_client):
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-2", since=datetime(2026, 11, 27, 5, tzinfo=UTC), seconds=150)
    adopt("EM-IDLE-2", since=datetime(2026, 11, 30, 5, tzinfo=UTC), seconds=160)
    page = shown(admin_client.post(ADOPT, {**IDLE, **MONDAY}))
    assert (
        "From Friday 27 November 2026, 0:00, as version 2 already plans: A silent resident is asked after 2:30" in page
    )
    assert "Version 3 was planned for the same moment. It will not come into force." in page
    assert "Nothing changes before." not in page


@pytest.mark.rule("EM-IDLE-2")
def test_a_rule_is_adopted_no_longer(admin_client):
    adopt("EM-IDLE-2", seconds=120)
    facts = {"is_adopted": "no", "seconds": "120", "starts": "now", "reason": "It disturbed."}
    assert "As soon as you confirm: The rule is no longer adopted." in shown(admin_client.post(ADOPT, facts))
    confirm(admin_client, ADOPT, facts)
    version = RuleVersion.objects.get(number=2)
    assert (version.is_adopted, version.values) == (False, {})


# Rules: refusals ------------------------------------------------------------------
@pytest.mark.rule("EM-IDLE-2")
@pytest.mark.parametrize("seconds", ["0", "-5", "3601", "", "soon", "1.5", "9" * 5000])
def test_a_number_out_of_its_limits_is_refused_at_its_field(admin_client, seconds):
    answer = admin_client.post(ADOPT, {**IDLE, "seconds": seconds})
    assert list(errors(answer)) == ["seconds"]
    assert "rite a whole number from 1 to 3600." in errors(answer)["seconds"]
    assert "Residents asked for more time." in shown(answer)
    assert not RuleVersion.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"starts": "later", "starts_on": ""}, "starts_on", "Write the first day"),
        ({"starts": "later", "starts_on": "2026-11-24"}, "starts_on", "That day has begun"),
        ({"starts": "later", "starts_on": "2020-01-01"}, "starts_on", "is past"),
        ({"starts": "later", "starts_on": "soon"}, "starts_on", "Enter a valid date."),
        ({"starts_on": "2026-11-30"}, "starts_on", "Leave the day empty"),
        ({"reason": "  "}, "reason", "Write why, for whoever reads this in a year."),
        ({"reason": "x" * 301}, "reason", "at most 300"),
        ({"document": "NONE"}, "document", "Select a valid choice"),
        ({"review_on": "2027-02-30"}, "review_on", "Enter a valid date."),
        ({"is_adopted": ""}, "is_adopted", "required"),
        ({"starts": "never"}, "starts", "Select a valid choice"),
        ({"clause": "a\0b"}, "clause", "Null characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(admin_client, wrong, field, sentence):
    answer = admin_client.post(ADOPT, {**IDLE, "clause": "My own clause", **wrong})
    assert list(errors(answer)) == [field]
    assert sentence in errors(answer)[field]
    page = shown(answer)
    assert "180" in page
    assert "My own clause" in page or field == "clause"
    assert f'id="id_{field}_error"' in page
    assert not RuleVersion.objects.exists()


@pytest.mark.parametrize(
    ("rule", "facts", "field", "sentence"),
    [
        ("EM-RET-A", {**PURGE, "purge_at": "25:00"}, "purge_at", "write a time of day from 00:00 to 23:59"),
        ("EM-RET-A", {**PURGE, "purge_at": ""}, "purge_at", "write a time of day from 00:00 to 23:59"),
        ("EM-RET-A", {**PURGE, "grace_minutes": "1441"}, "grace_minutes", "from 30 to 1440"),
        ("EM-RET-A", {**PURGE, "legal_basis": "x" * 301}, "legal_basis", "Shorten it to 300 characters."),
        ("EM-PAY", {**PLAIN, "page": "http://pay.maplebrook.example/"}, "page", "it begins with https://"),
        ("EM-PAY", {**PLAIN, "page": "the treasury"}, "page", "it begins with https://"),
        ("EM-PAY", {**PLAIN, "phone": "5" * 41}, "phone", "Shorten it to 40 characters."),
        ("EM-911", {**PLAIN, "life_number": " "}, "life_number", "must not stay empty"),
        ("EM-911", {**PLAIN, "life_number": "911", "city_number": "5\x005"}, "city_number", "Null characters"),
        ("EM-EVAL", {**PLAIN, "days": "0"}, "days", "from 1 to 90"),
    ],
)
def test_a_wrong_text_or_time_is_said_at_its_field_and_stays_as_it_was_typed(
    admin_client, rule, facts, field, sentence
):
    answer = admin_client.post(f"{RULES}add/?rule={rule}", facts)
    assert list(errors(answer)) == [field]
    assert sentence in errors(answer)[field]
    page = shown(answer)
    assert f'id="id_{field}_error"' in page
    for typed in facts.values():
        assert escape(typed.strip()).replace("&#x27;", "'") in page
    assert not RuleVersion.objects.exists()


@pytest.mark.parametrize("legal_basis", ["", "  "])
@pytest.mark.rule("EM-RET-A")
def test_without_a_legal_basis_the_preview_says_what_that_means(admin_client, legal_basis):
    page = shown(admin_client.post(PURGE_PAGE, {**PURGE, "legal_basis": legal_basis}))
    assert "As soon as you confirm: Nothing is deleted and the chat does not open" in page


@pytest.mark.rule("EM-911")
def test_a_withdrawn_rule_needs_no_values(admin_client):
    adopt("EM-911")
    facts = {**PLAIN, "is_adopted": "no", "life_number": ""}
    confirm(admin_client, f"{RULES}add/?rule=EM-911", facts)
    assert RuleVersion.objects.get(number=2).values == {}


@pytest.mark.rule("EM-IDLE-4")
def test_an_end_before_the_notice_is_refused_with_both_numbers(admin_client):
    adopt("EM-IDLE-2", seconds=120)
    answer = admin_client.post(f"{RULES}add/?rule=EM-IDLE-4", {**IDLE, "seconds": "90"})
    assert list(errors(answer)) == ["seconds"]
    assert "would end at 90 seconds of silence, but its notice comes at 120 only" in errors(answer)["seconds"]
    assert RuleVersion.objects.count() == 1


@pytest.mark.rule("EM-IDLE-4")
def test_a_notice_that_an_end_needs_cannot_be_withdrawn_and_the_choice_says_so(admin_client):
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-4", seconds=240)
    answer = admin_client.post(ADOPT, {**IDLE, "is_adopted": "no"})
    assert list(errors(answer)) == ["is_adopted"]
    assert "EM-IDLE-4 ends a chat only after the notice of EM-IDLE-2" in errors(answer)["is_adopted"]


def test_what_became_wrong_since_the_preview_is_said_at_the_form(admin_client):
    with time_machine.travel(datetime(2026, 11, 30, 5, tzinfo=UTC), tick=False):
        log_in(admin_client, User.objects.get(username="boss"))
        answer = admin_client.post(ADOPT, {**IDLE, **MONDAY, "seen": "1", "confirm": "yes"})
    assert "That day has begun" in errors(answer)["starts_on"]
    assert not RuleVersion.objects.exists()


# Rules: what was written ----------------------------------------------------------
def test_a_version_is_for_looking_at_and_says_what_it_means(admin_client):
    version = adopt("EM-IDLE-2", seconds=120)
    page = shown(admin_client.get(f"{RULES}{version.pk}/change/"))
    assert "A silent resident is asked after 2:00" in page
    assert "Decides now" in page
    assert f"{RULES}add/?rule=EM-IDLE-2" in page
    assert 'name="reason"' not in page


def test_a_version_is_neither_changed_nor_deleted(admin_client):
    version = adopt("EM-IDLE-2", seconds=120)
    assert admin_client.post(f"{RULES}{version.pk}/change/", {"reason": "Another"}).status_code == 403
    assert admin_client.post(f"{RULES}{version.pk}/delete/", {"post": "yes"}).status_code == 403
    facts = {"action": "delete_selected", "_selected_action": [version.pk], "post": "yes"}
    admin_client.post(RULES, facts)
    assert RuleVersion.objects.get().reason == "For a test."


@pytest.mark.parametrize(
    ("state", "seconds"), [("now", ["3:00"]), ("planned", ["6:00"]), ("former", ["2:00", "5:00"]), ("", None)]
)
def test_the_list_tells_what_holds_is_planned_and_was(admin_client, state, seconds):
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-2", since=NOW - timedelta(days=1), seconds=180)
    adopt("EM-IDLE-2", since=NOW + timedelta(days=1), seconds=300)
    adopt("EM-IDLE-2", since=NOW + timedelta(days=1), seconds=360)
    adopt("EM-HRS", since=NOW + timedelta(days=1), always_open=True)
    page = shown(admin_client.get(RULES, {"rule": "EM-IDLE-2", **({"state": state} if state else {})}))
    said = re.findall(r"A silent resident is asked after (\d:\d\d)", page)
    assert sorted(said) == (seconds or ["2:00", "3:00", "5:00", "6:00"])


def test_a_longer_list_takes_no_more_statements(admin_client):
    counts = []
    for first in (1, 6):
        for number in range(first, first + 5):
            facts = {"effective_from": NOW, "reason": "A test.", "made_at": NOW, "by": UserFactory()}
            RuleVersion.objects.create(rule="EM-IDLE-2", number=number, values={"seconds": number}, **facts)
        with CaptureQueriesContext(connection) as statements:
            assert admin_client.get(RULES).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]


# Documents --------------------------------------------------------------------
@pytest.mark.rule("DF-REVIEW")
def test_a_document_is_added_and_its_history_says_by_whom(admin_client, boss):
    facts = {**NEW_DOCUMENT, "adopted_on": "2026-01-01", "effective_on": "2026-02-01", "next_review_on": "2027-01-01"}
    assert admin_client.post(f"{DOCUMENTS}add/", facts).status_code == 302
    document = Document.objects.get()
    assert (document.effective_on, document.next_review_on) == (date(2026, 2, 1), date(2027, 1, 1))
    assert admin_client.post(f"{DOCUMENTS}SM/change/", {**facts, "title": "Social networks"}).status_code == 302
    assert [row.history_user for row in document.history.all()] == [boss, boss]
    assert str(boss) in shown(admin_client.get(f"{DOCUMENTS}SM/history/"))


def test_a_document_does_not_take_effect_before_it_is_adopted(admin_client):
    facts = {**NEW_DOCUMENT, "adopted_on": "2026-02-01", "effective_on": "2026-01-31"}
    page = shown(admin_client.post(f"{DOCUMENTS}add/", facts))
    assert "cannot take effect before it is adopted" in page
    assert "Social media" in page
    assert not Document.objects.exists()


def test_a_document_that_a_version_names_is_not_deleted_and_the_page_says_why(admin_client):
    document = Document.objects.create(**NEW_DOCUMENT)
    RuleVersion.objects.create(
        rule="EM-DEF", number=1, document=document, effective_from=NOW, reason="A test.", made_at=NOW
    )
    for answer in (admin_client.get, admin_client.post):
        page = shown(answer(f"{DOCUMENTS}SM/delete/", {"post": "yes"}))
        assert "would require deleting the following protected related objects" in page
        assert "EM-DEF · 1" in page
    assert Document.objects.exists()


def test_a_document_that_nothing_names_may_be_deleted(admin_client):
    Document.objects.create(**NEW_DOCUMENT)
    assert admin_client.post(f"{DOCUMENTS}SM/delete/", {"post": "yes"}).status_code == 302
    assert not Document.objects.exists()


# Who gets in ----------------------------------------------------------------------
@pytest.mark.parametrize("role", [*Role.values, None])
def test_each_form_is_for_administrators_alone(client, hall, role):
    if role is not None:
        log_in(client, UserFactory(roles=[role]))
    version = adopt("EM-IDLE-2", seconds=120)
    pages = [RULES, ADOPT, f"{RULES}{version.pk}/change/", DOCUMENTS, CALENDARS, week_of(hall), day_of(hall)]
    for page in pages:
        answer = client.get(page, follow=True)
        assert answer.status_code == (200 if role in ("admin", None) else 403), page
        assert "/accounts/login/" in answer.redirect_chain[-1][0] if role is None else True, page
    for page, facts in ((ADOPT, IDLE), (week_of(hall), WEEK), (day_of(hall), {"on": "2026-12-24"})):
        sent = client.post(page, {**facts, "confirm": "yes", "seen": "2"} if role != "admin" else facts)
        assert sent.status_code == (200 if role == "admin" else 302), page
    assert (RuleVersion.objects.count(), CalendarVersion.objects.count()) == (1, 1)


@pytest.mark.parametrize("form", ["week", "day"])
def test_a_calendar_that_does_not_exist_is_not_found(admin_client, form):
    assert admin_client.get(f"{CALENDARS}12345/{form}/").status_code == 404


def test_every_page_keeps_to_the_strict_policy(admin_client, hall):
    version = adopt("EM-IDLE-2", seconds=120)
    Document.objects.create(**NEW_DOCUMENT)
    for path in (
        f"{RULES}add/",
        f"{RULES}{version.pk}/history/",
        f"{DOCUMENTS}add/",
        f"{DOCUMENTS}SM/change/",
        f"{CALENDARS}add/",
        f"{CALENDARS}{hall.pk}/history/",
        "/admin/agents/departmenthours/add/",
    ):
        answer = admin_client.get(path)
        assert "'unsafe" not in answer.headers["Content-Security-Policy"], path
        assert shown(answer), path
