"""The page of what the city adopted: for everybody in words, for staff with figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from agents.models import Role
from policies.catalogue import rules
from policies.conformance import Finding, Period, Verdict, judge_all
from policies.models import Document, RuleVersion, Tally
from tests.factories import CertificateKindFactory, QueuedSessionFactory, UserFactory, log_in
from tests.policies.factories import adopt, calendar
from tests.reports.conftest import Keep, anchors, clause, client_of, document

pytestmark = pytest.mark.django_db
PAGE = "/policies/"
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
BROKEN_ID = "0f5c7e0a-1111-4222-8333-944444444444"


def read(client: Client, **asked: str) -> str:
    answer = client.get(PAGE, asked)
    assert answer.status_code == 200
    return answer.content.decode()


# Everybody ------------------------------------------------------------------
@pytest.mark.parametrize("adopted", [[], ["EM"], ["EM", "SJ", "PK", "DF", "PH"]])
def test_every_rule_has_its_anchor_whatever_the_city_adopted(resident: Client, adopted: list[str]) -> None:
    for code in adopted:
        document(code)
    found = anchors(read(resident))
    assert len(found) == 153
    assert set(found) == set(rules())


def test_a_clause_says_what_it_asks_what_is_done_and_how_it_acts(resident: Client) -> None:
    document("EM")
    adopt("EM-IDLE-2", seconds=120)
    rule = rules()["EM-IDLE-2"]
    said = clause(read(resident), rule.id)
    for words in (rule.title, "Clause F", rule.does, "A sweep asks the silent resident", "How it acts: Enforced"):
        assert words in said


def test_a_rule_without_a_clause_is_called_the_programs_own_row(resident: Client) -> None:
    document("EM")
    RuleVersion.objects.create(rule="EM-CAP", number=1, values={}, effective_from=AT, made_at=AT, reason="So it comes.")
    html = read(resident)
    assert "No clause: the program's own row" in clause(html, "EM-CAP")
    assert "own row" not in clause(html, "EM-DEF")


def test_a_rule_in_force_without_its_document_is_not_hidden_among_those_not_adopted(resident: Client) -> None:
    adopt("EM-IDLE-2", seconds=120)
    shown, hidden = read(resident).split('<details class="elsewhere"')
    assert anchors(shown) == ["EM-IDLE-2"]
    assert len(anchors(hidden)) == 152


def test_residents_read_neither_figure_nor_id_nor_name(resident: Client, keep: Keep) -> None:
    document("EM")
    writer = UserFactory(first_name="Priscilla", last_name="Quillfeather", username="pquill")
    version = adopt("EM-CAP")
    values = {"rule": "EM-CAP", "number": 2, "effective_from": AT, "made_at": AT, "clause": "E"}
    RuleVersion.objects.create(**values, reason="Priscilla wished it 4711 times.", by=writer, values={})
    keep("EM-CAP", Finding(7319, (BROKEN_ID,), note="noted 6007", departure="departs, says Priscilla"))
    for client in (resident, client_of()):
        html = read(client)
        for secret in ("7319", "7318", BROKEN_ID, "6007", "Priscilla", "Quillfeather", "pquill", "4711", "/admin/"):
            assert secret not in html
    assert "A setting of this city departs from it." in clause(html, "EM-CAP")
    assert version.number == 1


def test_somebody_without_a_role_reads_what_residents_read(keep: Keep) -> None:
    adopt("EM-CAP")
    keep("EM-CAP", Finding(7319))
    client = Client()
    log_in(client, UserFactory(roles=[]))
    assert "7319" not in read(client)


@pytest.mark.parametrize(
    ("finding", "lacks", "verdict", "residents_read"),
    [
        (Finding(5), "", Verdict.KEPT, "It was kept in every case."),
        (Finding(5, ("x",)), "", Verdict.BROKEN, "It was not kept in every case."),
        (Finding(0, departure="A switch."), "", Verdict.BROKEN, "A setting of this city departs from it."),
        (Finding(5), "The rest.", Verdict.IN_PART, "Part of the rule is still missing."),
        (Finding(0), "", Verdict.NOT_MEASURED, "Nothing happened in this time that the rule applies to."),
        (None, "", Verdict.NOT_MEASURED, "No figure of the running program can show it."),
    ],
)
def test_each_verdict_is_shown_in_words(
    resident: Client, keep: Keep, finding: Finding | None, lacks: str, verdict: Verdict, residents_read: str
) -> None:
    adopt("EM-CAP")
    keep("EM-CAP", finding, lacks=lacks)
    html = read(resident)
    said = clause(html, "EM-CAP")
    assert str(verdict.label) in said
    assert residents_read in said


def test_what_is_still_missing_is_for_staff(resident: Client, staff: Client, keep: Keep) -> None:
    adopt("EM-CAP")
    keep("EM-CAP", Finding(5), lacks="The rest comes with step 6.")
    assert "Still missing: The rest comes with step 6." in clause(read(staff), "EM-CAP")
    assert "step 6" not in read(resident)


@pytest.mark.rule("EM-LANG")
@pytest.mark.parametrize(
    ("finding", "lacks", "language", "said"),
    [
        (Finding(5), "", "es", "Cumplida Cómo actúa: Obligatoria Se cumplió en todos los casos."),
        (Finding(5, ("x",)), "", "es", "No cumplida Cómo actúa: Obligatoria No se cumplió en todos los casos."),
        (Finding(5), "The rest.", "es", "Cumplida en parte Cómo actúa: Obligatoria Lo que se puede medir"),
        (Finding(0), "", "es", "No medida Cómo actúa: Obligatoria En este tiempo no pasó nada"),
        (
            Finding(5),
            "",
            "fr",
            "Respectée Comment elle agit : Appliquée d’office Elle a été respectée dans",
        ),
    ],
)
def test_how_a_rule_stands_is_said_in_the_language_of_the_reader(
    resident: Client, keep: Keep, finding: Finding, lacks: str, language: str, said: str
) -> None:
    adopt("EM-CAP")
    keep("EM-CAP", finding, lacks=lacks)
    assert said in clause(read(resident, language=language), "EM-CAP")


def test_what_keeps_a_rule_is_said_in_the_language_of_the_reader_and_its_text_is_marked_as_english(
    resident: Client,
) -> None:
    adopt("EM-IDLE-2", seconds=120)
    html = read(resident, language="es")
    assert "Qué la cumple ahora Cada segundo, una revisión pregunta" in clause(html, "EM-IDLE-2")
    rule = rules()["EM-IDLE-2"]
    for text in (rule.title, rule.demands, rule.does):
        assert f' lang="en">{escape(text)}<' in html


def test_what_nothing_keeps_and_what_is_not_adopted_say_so(resident: Client) -> None:
    document("EM")
    adopt("EM-RET-no")
    html = read(resident)
    assert "Not enforced yet Meant to be: Enforced A later step" in clause(html, "EM-RET-no")
    assert "Not adopted here" in clause(html, "EM-DEF")


def test_what_was_left_out_on_purpose_is_said(resident: Client) -> None:
    document("PH")
    assert "It is for Human Resources to judge." in read(resident)


def test_a_document_shows_its_dates_and_that_it_is_overdue(resident: Client) -> None:
    adopt("DF-REVIEW", years=5)
    document("DF", adopted_on=date(2016, 2, 11), effective_on=date(2016, 3, 1), reviewed_on=date(2019, 5, 6))
    document("EM", next_review_on=date(2026, 3, 3))
    html = read(resident)
    for words in ("11 February 2016", "1 March 2016", "6 May 2019", "6 May 2024", "3 March 2026"):
        assert words in html
    assert html.count("</svg>overdue") == 1


def test_a_document_of_the_citys_own_is_shown_without_clauses(resident: Client) -> None:
    document("EM")
    Document.objects.create(code="MB", title="Our own charter", body="Maplebrook")
    assert "MB · Our own charter" in read(resident)
    assert len(anchors(read(resident))) == 153


# Staff ----------------------------------------------------------------------
def test_staff_read_figures_and_up_to_ten_ids(staff: Client, keep: Keep) -> None:
    adopt("EM-CAP")
    keep("EM-CAP", Finding(7319, tuple(f"case-{number}" for number in range(12))))
    said = clause(read(staff), "EM-CAP")
    assert "Considered 7319" in said
    assert "Kept 7307" in said
    assert "Broken 12" in said
    assert "case-9" in said
    assert "case-10" not in said
    assert "and 2 more" in said


def test_figures_reach_back_to_what_was_purged(staff: Client, keep: Keep) -> None:
    adopt("EM-CAP")
    keep("EM-CAP", Finding(2, ("case-of-today",)), is_transient=True)
    start, end = AT - timedelta(days=2), AT - timedelta(days=1)
    Tally.objects.create(rule="EM-CAP", start=start, end=end, considered=40, broken=["case-purged"], made_at=AT)
    said = clause(read(staff), "EM-CAP")
    for words in ("Considered 42", "Broken 2", "case-purged", "case-of-today"):
        assert words in said
    assert "Considered 2 " in clause(read(staff, days="1"), "EM-CAP")


def test_staff_read_the_version_in_force_in_words(staff: Client) -> None:
    writer = UserFactory(first_name="Ada", last_name="Byron")
    values = {"rule": "EM-IDLE-2", "number": 3, "effective_from": AT, "made_at": AT, "clause": "F"}
    RuleVersion.objects.create(**values, reason="Council of 1 March.", by=writer, values={"seconds": 90})
    said = clause(read(staff), "EM-IDLE-2")
    assert "A silent resident is asked after 1:30 whether they are still there." in said
    assert "Version 3, in force from Monday 2 March 2026, 10:00, by Ada Byron: “Council of 1 March.”" in said


def test_a_planned_version_is_shown_with_its_date(staff: Client, resident: Client) -> None:
    adopt("EM-IDLE-2", seconds=120)
    adopt("EM-IDLE-2", since=datetime(2026, 3, 9, 4, tzinfo=UTC), seconds=180)
    adopt("EM-IDLE-4", since=datetime(2026, 3, 10, 4, tzinfo=UTC), is_adopted=False)
    html = read(staff)
    said = clause(html, "EM-IDLE-2")
    assert "is asked after 2:00" in said
    assert "From Monday 9 March 2026, 0:00: A silent resident is asked after 3:00" in said
    assert "From Tuesday 10 March 2026, 0:00: The rule no longer holds." in clause(html, "EM-IDLE-4")
    assert "3:00" not in clause(read(resident), "EM-IDLE-2")


def test_staff_read_the_opening_hours_in_words(staff: Client, resident: Client) -> None:
    calendar(holidays={date(2026, 3, 6): "Founders' Day", date(2026, 5, 1): "May Day"})
    html = read(staff)
    assert "Monday to Friday 8:30–16:30" in html
    assert "Friday 6 March 2026: closed (Founders&#x27; Day)." in html
    assert "May Day" not in html
    assert "8:30–16:30" not in read(resident)


@pytest.mark.rule("DF-REVIEW")
def test_what_is_overdue_stands_at_the_top_for_staff(staff: Client) -> None:
    adopt("DF-REVIEW", years=5)
    document("DF", adopted_on=date(2016, 2, 11))
    CertificateKindFactory(name="Phone training", code="phone", review_on=date(2026, 3, 1))
    top = read(staff).split('<form class="filters')[0]
    assert "DF · Customer Service Policy" in top
    assert "11 February 2021" in top
    assert "Phone training" in top
    assert "/admin/" not in top


def test_texts_and_times_of_a_rule_are_read_in_words_also_where_an_older_version_had_none(staff: Client) -> None:
    adopt("EM-RET-A", purge_at="03:30", legal_basis="Our by-law 7.")
    adopt("EM-911", since=datetime(2026, 4, 1, tzinfo=UTC), city_number="555-0190")
    html = read(staff)
    assert "Each day at 03:30, chats that ended at least 60 minutes before" in clause(html, "EM-RET-A")
    assert "Legal basis: Our by-law 7." in clause(html, "EM-RET-A")
    assert "Danger to life or property: 911." in clause(html, "EM-911")


def test_administrators_find_the_way_to_adopt_a_rule(staff: Client) -> None:
    adopt("DF-REVIEW", years=5)
    document("DF", adopted_on=date(2016, 2, 11))
    link = 'href="/admin/policies/ruleversion/add/?rule=EM-IDLE-2"'
    html = read(client_of(Role.ADMIN))
    assert link in html
    assert 'href="/admin/policies/document/DF/change/"' in html
    assert link not in read(staff)


@pytest.mark.parametrize("days", ["1", "7", "30", "90"])
def test_the_period_is_as_many_days_as_asked_for(staff: Client, keep: Keep, days: str) -> None:
    adopt("EM-CAP")
    periods: list[Period] = []
    keep("EM-CAP", lambda period: periods.append(period) or Finding(0))
    read(staff, days=days)
    assert [(period.end - period.start).days for period in periods] == [int(days)]


def test_filters_leave_only_what_was_asked_for(staff: Client, keep: Keep) -> None:
    document("EM")
    adopt("EM-CAP")
    adopt("SJ-GREET")
    keep("EM-CAP", Finding(3))
    keep("SJ-GREET", Finding(3))
    assert anchors(read(staff, verdict="kept")) == ["EM-CAP", "SJ-GREET"]
    assert anchors(read(staff, verdict="kept", document="EM")) == ["EM-CAP"]
    assert {rule.partition("-")[0] for rule in anchors(read(staff, document="PH"))} == {"PH"}
    assert "No clause has this verdict" in read(staff, verdict="broken")


def test_filters_keep_what_was_chosen_and_bear_nonsense(staff: Client, resident: Client) -> None:
    html = read(staff, verdict="kept", days="7")
    assert '<option value="kept" selected>' in html
    assert '<option value="7" selected>' in html
    for nonsense in ({"verdict": "green"}, {"document": "../x"}, {"days": "-5"}, {"days": "1e9"}, {"page": "9"}):
        assert len(anchors(read(staff, **nonsense))) == 153
    assert len(anchors(read(resident, verdict="kept"))) == 153


def test_staff_pages_are_never_kept_by_a_browser(staff: Client) -> None:
    assert "no-store" in staff.get(PAGE).headers["Cache-Control"]


def test_residents_get_no_cookie(resident: Client) -> None:
    assert not resident.get(PAGE).cookies


# Cost -----------------------------------------------------------------------
def test_residents_share_one_measurement_a_minute(
    resident: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    document("EM")
    adopt("EM-IDLE-2", seconds=120)
    read(resident)
    with django_assert_num_queries(3):  # documents, years between reviews, whom to call
        read(resident)


def test_measuring_every_rule_costs_as_much_with_many_chats_as_with_few(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for rule in rules():
        adopt(rule, **{"EM-IDLE-2": {"seconds": 120}, "EM-IDLE-4": {"seconds": 240}}.get(rule, _values(rule)))
    calendar()
    judge_all(Period.last_days(30, at=AT), at=AT)  # compiles the calendar
    counts = []
    for _more in range(2):
        QueuedSessionFactory.create_batch(10, requested_at=AT)
        with django_assert_max_num_queries(96) as asked:
            judge_all(Period.last_days(30, at=AT), at=AT)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def _values(rule: str) -> dict[str, object]:
    own = {
        "EM-HRS": {"always_open": False},
        "EM-HRS-30": {"minutes_before_closing": 30},
        "DF-REVIEW": {"years": 5},
    }
    return own.get(rule, {})


def test_the_page_of_staff_asks_no_more_with_many_versions_than_with_few(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for number, rule in enumerate(["EM-CAP", "SJ-GREET", "PK-ESC"]):
        document(rule[:2])
        writer = UserFactory()
        values = {"rule": rule, "number": 1, "effective_from": AT, "made_at": AT, "clause": "A", "values": {}}
        RuleVersion.objects.create(**values, reason="So.", by=writer)
        calendar(code=f"calendar-{number}", is_default=not number)
        read(staff)
        with django_assert_max_num_queries(45) as asked:
            assert isinstance(asked, CaptureQueriesContext)
            read(staff)
        counts.append(len(asked))
    assert counts[1] == counts[2]


# The way here ---------------------------------------------------------------
def test_every_page_of_residents_leads_here(resident: Client) -> None:
    assert '<a href="/policies/">Our rules</a>' in resident.get("/").content.decode()


def test_the_staff_header_leads_here() -> None:
    client = client_of(Role.AGENT)
    assert '<a href="/policies/">Policies</a>' in client.get("/accounts/").content.decode()
    assert '<a href="/policies/" aria-current="page">Policies</a>' in read(client)
