"""Who gets which page, under which policy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.actions import post_incident, turn_backup
from agents.models import Department
from tests.factories import (
    AgentFactory,
    BackupPlanFactory,
    DepartmentFactory,
    DepartmentNameFactory,
    LanguageFactory,
    MenuFactory,
    NodeFactory,
    UserFactory,
    log_in,
)
from tests.policies.factories import adopt

pytestmark = pytest.mark.django_db


@pytest.fixture
def general() -> Department:
    LanguageFactory()
    made: Department = DepartmentFactory(
        code="general",
        name="General services",
        phone="555-0100",
        email="a@b.example",
        hours_text="Mondays",
        is_default=True,
    )
    return made


def ancestors(client: Client, path: str) -> list[str]:
    policy = client.get(path).headers["Content-Security-Policy"]
    return next(part.split()[1:] for part in policy.split("; ") if part.startswith("frame-ancestors"))


@pytest.mark.parametrize("path", ["/", "/chat/", "/accounts/login/"])
def test_only_the_widget_may_be_framed(client: Client, general: Department, path: str, settings: LazySettings) -> None:
    settings.EMBED_SITES = ["https://city.example"]
    assert ancestors(client, path) == ["'none'"]
    assert client.get(path).headers["X-Frame-Options"] == "DENY"


def test_the_widget_may_be_framed_by_us_and_by_the_listed_sites(
    client: Client, general: Department, settings: LazySettings
) -> None:
    settings.EMBED_SITES = ["https://city.example", "https://library.example"]
    assert ancestors(client, "/chat/widget/") == ["'self'", "https://city.example", "https://library.example"]
    assert "X-Frame-Options" not in client.get("/chat/widget/").headers


@pytest.mark.parametrize("path", ["/", "/chat/", "/chat/widget/"])
def test_residents_pages_set_no_cookie_and_name_the_department(client: Client, general: Department, path: str) -> None:
    response = client.get(path)
    assert not response.cookies
    for text in ("555-0100", "a@b.example", "Mondays"):
        assert text in response.content.decode()


@pytest.mark.parametrize("path", ["/", "/chat/", "/chat/widget/"])
def test_residents_pages_open_before_a_department_exists(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_department_that_is_not_there_falls_back_to_the_default_one(client: Client, general: Department) -> None:
    page = client.get("/chat/widget/?department=%22%3E%3Cscript%3E").content.decode()
    assert 'data-department="general"' in page
    assert "<script>" not in page


def test_closed_departments_are_not_shown(client: Client, general: Department) -> None:
    DepartmentFactory(name="Ferries", is_active=False)
    assert "Ferries" not in client.get("/").content.decode()


@pytest.mark.parametrize(("debug", "status"), [(True, 200), (False, 404)])
def test_the_style_guide_is_there_with_debug_only(
    client: Client, settings: LazySettings, debug: bool, status: int
) -> None:
    settings.DEBUG = debug
    assert client.get("/styleguide/").status_code == status


@pytest.mark.rule("EM-LANG")
@pytest.mark.parametrize("path", ["/", "/chat/", "/chat/widget/"])
def test_who_reads_spanish_reads_the_spanish_name_of_a_department_and_where_there_is_none_its_own(
    client: Client, general: Department, path: str
) -> None:
    DepartmentNameFactory(department=general, name="Servicios generales")
    DepartmentFactory(name="Roads")
    spanish, french = (client.get(f"{path}?language={code}").content.decode() for code in ("es", "fr"))
    assert "Servicios generales" in spanish
    assert "General services" not in spanish
    assert "Roads" in spanish
    assert "General services" in french
    assert "Servicios generales" not in french


def test_departments_stand_in_the_order_in_which_they_are_read(client: Client, general: Department) -> None:
    for name, spanish in (("Air", "Útiles"), ("Water", "Agua"), ("Roads", "Zonas")):
        DepartmentNameFactory(department=DepartmentFactory(name=name), name=spanish)
    page = client.get("/?language=es").content.decode()
    read = ("General services", "Agua", "Útiles", "Zonas")
    assert sorted(read, key=lambda name: page.index(f"<h3>{name}</h3>")) == list(read)


@pytest.mark.parametrize("path", ["/", "/chat/"])
def test_a_page_takes_the_same_statements_however_many_departments_there_are(
    client: Client, general: Department, path: str
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{path}?language=es")
        return len(queries)

    DepartmentNameFactory(department=general)
    client.get(path)
    before = asked()
    DepartmentNameFactory.create_batch(4)
    assert asked() == before


def test_an_incident_notice_of_a_department_names_it_as_it_is_read(client: Client, general: Department) -> None:
    LanguageFactory(code="es", name="Español")
    sam, now = UserFactory(roles=["supervisor"]), timezone.now()
    bridge = DepartmentNameFactory(department__name="Roads", department__is_active=False, name="Calles")
    texts, until = {"en": "The bridge is closed.", "es": "El puente está cerrado."}, now + timedelta(hours=1)
    post_incident(department=bridge.department, texts=texts, starts_at=None, ends_at=until, by=sam, at=now)
    assert "<h2>Calles</h2>" in client.get("/?language=es").content.decode()
    assert "<h2>Roads</h2>" in client.get("/?language=en").content.decode()


@pytest.mark.rule("SJ-BACK")
def test_the_home_says_while_the_chat_is_out_of_order_and_leads_to_the_ways_round_it(
    client: Client, general: Department
) -> None:
    adopt("SJ-BACK")
    plan = BackupPlanFactory(phone="555-0177", texts={"en": "A pipe burst.", "es": "Se rompió un tubo."})
    sam = UserFactory(roles=["supervisor"])
    assert "A pipe burst." not in client.get("/").content.decode()
    turn_backup(plan.pk, is_on=True, why="Flooded.", by=sam, at=timezone.now())
    english, spanish = (client.get(f"/?language={code}").content.decode() for code in ("en", "es"))
    assert ">The chat is out of order now.</h2>" in english
    assert "A pipe burst." in english
    assert 'href="tel:555-0177"' in english
    assert f'href="{plan.page}"' in english
    assert ">El chat no funciona en este momento.</h2>" in spanish
    assert "Se rompió un tubo." in spanish
    turn_backup(plan.pk, is_on=False, why="Dry.", by=sam, at=timezone.now())
    assert "A pipe burst." not in client.get("/").content.decode()


@pytest.mark.rule("SJ-BACK")
@pytest.mark.parametrize(("way", "is_left"), [("phone", "Use the form"), ("page", "Call 555-0177")])
def test_the_home_names_only_the_ways_round_the_chat_that_there_are(
    client: Client, general: Department, way: str, is_left: str
) -> None:
    adopt("SJ-BACK")
    plan = BackupPlanFactory(**{"phone": "555-0177", way: ""})
    turn_backup(plan.pk, is_on=True, why="Flooded.", by=UserFactory(roles=["supervisor"]), at=timezone.now())
    page = client.get("/").content.decode()
    said = page.partition('id="backup-title"')[2].partition("</section>")[0]
    assert [way for way in ("Call 555-0177", "Use the form") if way in said] == [is_left]


def roles() -> Iterable[tuple[str, int]]:
    yield from (("agent", 200), ("trainee", 200), ("supervisor", 200))
    yield from ((role, 403) for role in ("director", "clerk", "care_centre", "treasury", "cao", "admin"))


@pytest.mark.parametrize(("role", "status"), roles())
def test_the_desk_opens_for_those_who_work_it(client: Client, role: str, status: int) -> None:
    person = AgentFactory(user__roles=[role]).user if status == 200 else UserFactory(roles=[role])
    log_in(client, person)
    response = client.get("/desk/")
    assert response.status_code == status
    if status == 403:
        assert "Ask an administrator" in response.content.decode()


def test_the_desk_asks_a_stranger_to_log_in(client: Client) -> None:
    response = client.get("/desk/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=/desk/"


def test_the_desk_is_never_kept_by_a_browser(client: Client) -> None:
    log_in(client, AgentFactory().user)
    assert "no-store" in client.get("/desk/").headers["Cache-Control"]


def test_an_unknown_page_says_so(client: Client, general: Department) -> None:
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


@pytest.mark.rule("EM-LANG")
@pytest.mark.parametrize("path", ["/chat/", "/chat/widget/"])
def test_a_reader_chooses_a_language_by_its_own_name(client: Client, general: Department, path: str) -> None:
    page = client.get(f"{path}?department=general&continue=1&language=fr").content.decode()
    assert '<html lang="fr">' in page
    for code, name in (("en", "English"), ("es", "Español"), ("fr", "Français")):
        address = f"?department=general&amp;language={code}"
        chosen = ' aria-current="true"' if code == "fr" else ""
        assert f'<a href="{address}" lang="{code}" hreflang="{code}"{chosen}>{name}</a>' in page


@pytest.mark.rule("EM-LANG")
def test_the_chat_is_offered_in_languages_by_their_own_names(client: Client, general: Department) -> None:
    LanguageFactory(code="fr", name="French")
    LanguageFactory(code="x-town", name="Townish")
    page = client.get("/chat/").content.decode()
    assert '<option value="fr" lang="fr">Français</option>' in page
    assert '<option value="x-town" lang="x-town">Townish</option>' in page


@pytest.mark.rule("SJ-IVR")
@pytest.mark.parametrize("is_adopted", [True, False])
def test_without_javascript_the_menu_stands_on_the_page(client: Client, general: Department, is_adopted: bool) -> None:
    adopt("SJ-IVR", is_adopted=is_adopted)
    NodeFactory(menu=MenuFactory(), code="day", label="When is my bin emptied?")
    instead = client.get("/chat/").content.decode().partition("<noscript>")[2].partition("</noscript>")[0]
    assert ("When is my bin emptied?" in instead) == is_adopted
