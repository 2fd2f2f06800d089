"""A resident and an agent at their windows, as short verbs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any

from django.conf import settings
from django.db import connection
from playwright.sync_api import BrowserContext, Frame, FrameLocator, Locator, Page, expect

from agents.models import Agent
from tests.factories import LogInFactory

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

LINES = ".msg .text, .msg-rule .by"  # what was said, in a log


class Resident:
    """Somebody at the chat, in a frame of a page or on the page of its own."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.is_framed = False

    @property
    def chat(self) -> FrameLocator | Locator:
        if self.is_framed or self.page.locator("iframe").count():
            return self.page.frame_locator("iframe")
        return self.page.locator("[data-chat]")

    def open_frame(self) -> Resident:
        self.is_framed = True
        self.page.get_by_role("button", name="Chat with us").click()
        self.chat.get_by_label("Your name").wait_for()
        return self

    def ask(self, question: str, name: str = "Tomasz Lind") -> Resident:
        self.chat.get_by_label("Your name").fill(name)
        self.chat.get_by_label("How can we help?").fill(question)
        self.chat.get_by_role("button", name="Start the chat").click()
        self.sees(question)
        return self

    def says(self, text: str) -> Resident:
        self.chat.get_by_label("Your message").fill(text)
        self.chat.get_by_label("Your message").press("Enter")
        return self

    def sees(self, text: str) -> Resident:
        expect(self.chat.get_by_role("log").get_by_text(text)).to_have_count(1)
        return self

    def thread(self) -> list[str]:
        """Return what stands in the log, in order, unsent messages included."""
        return thread_of(self.chat.get_by_role("log"))

    def frame(self) -> Frame:
        return next((frame for frame in self.page.frames if "/chat/widget/" in frame.url), self.page.main_frame)


class AtTheDesk:
    """An agent at the desk."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def accepts_next(self) -> AtTheDesk:
        self.page.get_by_role("button", name="Accept,").first.wait_for()
        self.page.keyboard.press("Alt+KeyA")
        self.page.get_by_role("log").wait_for()
        return self

    def says(self, text: str) -> AtTheDesk:
        self.page.locator("#reply").fill(text)
        self.page.locator("#reply").press("Enter")
        return self

    def sees(self, text: str) -> AtTheDesk:
        expect(self.page.get_by_role("log").get_by_text(text)).to_have_count(1)
        return self

    def ends(self, outcome: str = "Resolved") -> AtTheDesk:
        self.page.keyboard.press("Alt+KeyE")
        self.page.get_by_label("Outcome").select_option(label=outcome)
        self.page.get_by_role("button", name="End chat").click()
        self.page.get_by_role("button", name="Put away").wait_for()
        return self

    def thread(self) -> list[str]:
        return thread_of(self.page.get_by_role("log"))

    def frame(self) -> Frame:
        return self.page.main_frame


def log_in(context: BrowserContext, agent: Agent, url: str) -> None:
    """Give a window the session of an agent who has logged in."""
    entry = LogInFactory(user=agent.user)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": entry.session_key, "url": url}])


def at_the_desk(context: BrowserContext, agent: Agent, url: str) -> AtTheDesk:
    log_in(context, agent, url)
    return open_desk(context.new_page(), url)


def open_desk(page: Page, url: str) -> AtTheDesk:
    page.goto(f"{url}/desk/")
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    return AtTheDesk(page)


def thread_of(log: Locator) -> list[str]:
    return log.locator(LINES).all_inner_texts()


def axe_faults(frame: Frame) -> list[str]:
    """Return what axe finds, as `rule: element`."""
    frame.evaluate(AXE)
    found: dict[str, Any] = frame.evaluate(
        """async rules => {
            do {  // an inherited colour changes one generation after the other; a cancelled change is over, too
                await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)));
                await new Promise(requestAnimationFrame);
            } while (document.getAnimations().length);
            return axe.run(document, {runOnly: rules, resultTypes: ['violations']});
        }""",
        RULES,
    )
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found["violations"] for node in fault["nodes"]]


def outside(act: Callable[..., Any], *args: object, **values: object) -> Any:
    """Act outside of the browser's event loop, where wake-ups can be sent."""

    def run() -> Any:
        try:
            return act(*args, **values)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as worker:
        return worker.submit(run).result()
