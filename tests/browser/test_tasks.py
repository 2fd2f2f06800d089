"""The desk's list of tasks in a real browser: by keyboard alone, wide and narrow, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from contactcenter.cases.models import Task
from tests.browser.conftest import City, Server
from tests.browser.people import AtTheDesk, log_in
from tests.browser.test_accessible import SIZES, Look, look  # noqa: F401  (a fixture)
from tests.browser.watch import Watch
from tests.factories import TaskFactory
from tests.policies.factories import adopt

NewContext = Callable[..., BrowserContext]


def test_an_agent_takes_and_finishes_a_task_by_keyboard_alone(
    city: City,
    server: Server,
    new_context: NewContext,
    look: Look,  # noqa: F811
    watch: Watch,
) -> None:
    watch.allow("400")
    version = adopt("DF-HOLD", seconds=120)
    department, now = city.rosa.memberships.get().department, timezone.now()
    late = TaskFactory(
        department=department,
        customer__name="Tomasz Lind",
        customer__email="tomasz.lind-with-a-long-address@resident.example",
        text="My bin was not collected.\n\nIt is the green one at the corner.",
        created_at=now - timedelta(hours=3),
        rule="DF-HOLD",
        rule_version=version,
    )
    TaskFactory(department=department, kind="message", customer__name="Dana", created_at=now)
    context = new_context(*SIZES[look.size])
    log_in(context, city.rosa, server.url)
    page = context.new_page()
    rosa = AtTheDesk(page)
    page.goto(f"{server.url}/desk/tasks/")
    look.at("tasks", rosa, whole=True)
    page.get_by_role("button", name=f"Take task {late.pk}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The task is yours.")).to_be_visible()
    page.locator("summary", has_text="Done").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Write it down").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="There is a problem")).to_be_visible()
    page.wait_for_load_state("networkidle")
    look.at("tasks-refused", rosa, whole=True)
    page.get_by_label("Result").focus()
    page.keyboard.type("Answered")
    page.get_by_label("Note").focus()
    page.keyboard.type("Collected tomorrow.")
    page.get_by_role("button", name="Write it down").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("You have taken none.")).to_be_visible()
    look.at("tasks-done", rosa, whole=True)
    done = Task.objects.get(pk=late.pk)
    assert (done.result, done.result_note, done.done_by) == ("answered", "Collected tomorrow.", city.rosa)
    assert look.faults == []
