"""docs/protocol.md and docs/states.md say what the code does, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from chat import rules, urls
from chat.api import EVENTS_AN_ANSWER, LONGEST_WAIT
from chat.commands import CUSTOMER_FRAMES, STAFF_FRAMES
from chat.fields import MAX_REF
from chat.models import Kind, StaffKind
from chat.routing import websocket_urlpatterns
from chat.states import AGENT_OUTCOMES, ALLOWED, Outcome, Status
from contactcenter.lib import sockets
from contactcenter.lib.errors import STATUS_OF
from contactcenter.lib.frames import MAX_BYTES
from policies.values import default_of

DOCS = Path(settings.BASE_DIR) / "docs"
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")
OUTCOMES_SO_FAR = {Outcome.CUSTOMER_ENDED, Outcome.INACTIVE, Outcome.ABANDONED, Outcome.CLOSED, *AGENT_OUTCOMES}
BY_OTHERS = {1007, 1009, 1012}  # close codes that the server or the supervisor of processes sends


def section(title: str) -> str:
    """Return what stands under a heading, up to the next heading."""
    _before, _heading, rest = PROTOCOL.partition(f"# {title}\n")
    assert rest, f"docs/protocol.md has no section {title!r}"
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, str]:
    """Return the rows of a section's table: the word in its first column, and the rest."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0].strip("` ").strip("-") and cells[0] not in HEADERS:
            found[cells[0].strip("`")] = " | ".join(cells[1:])
    return found


HEADERS = {"frame", "kind", "code", "address", "member", "setting"}


def test_every_frame_of_a_customer_stands_in_the_page_and_no_other() -> None:
    assert rows(section("Customer: `/ws/chat/`")).keys() == CUSTOMER_FRAMES.keys() | {"hello"}


def test_every_frame_of_the_desk_stands_in_the_page_and_no_other() -> None:
    assert rows(section("Desk: `/ws/desk/`")).keys() == STAFF_FRAMES.keys() | {"hello"}


def test_every_frame_that_the_server_sends_stands_in_the_page_and_no_other() -> None:
    sent = set()
    for name in ("commands", "consumers", "projection", "relay", "desk_news", "queue_news"):
        source = (Path(settings.BASE_DIR) / "chat" / f"{name}.py").read_text(encoding="utf-8")
        sent |= set(re.findall(r'\{\s*"type": "(\w+)"', source))
    source = Path(sockets.__file__).read_text(encoding="utf-8")
    sent |= set(re.findall(r'push\(\{"type": "(\w+)"', source))
    assert rows(section("Frames that the server sends")).keys() == sent


def test_every_kind_of_event_stands_in_the_page_and_no_other() -> None:
    assert rows(section("Kinds of events")).keys() == set(Kind.values)


def test_every_kind_of_what_staff_alone_see_stands_in_the_page_and_no_other() -> None:
    assert rows(section("What staff alone see")).keys() == set(StaffKind.values)


def test_every_error_code_stands_in_the_page_with_its_status_and_no_other() -> None:
    told = {code: int(rest.partition("|")[0]) for code, rest in rows(section("Errors")).items()}
    assert told == STATUS_OF


def test_every_close_code_stands_in_the_page_and_no_other() -> None:
    ours = {value for name, value in vars(sockets).items() if name.startswith("CLOSED_")}
    assert {int(code) for code in rows(section("Close codes"))} == ours | BY_OTHERS


def test_every_address_stands_in_the_page_and_no_other() -> None:
    assert rows(section("Over HTTP")).keys() == {f"/{pattern.pattern}" for pattern in urls.urlpatterns}
    for socket in websocket_urlpatterns:
        path = "/" + str(socket.pattern).strip("^$")
        assert re.search(rf"^### \w+: `{path}`$", PROTOCOL, re.MULTILINE)


def test_every_limit_stands_in_the_page_with_its_default_and_no_other() -> None:
    settings_file = (Path(settings.BASE_DIR) / "contactcenter" / "settings.py").read_text(encoding="utf-8")
    defaults = dict(re.findall(r'^(LIMIT_\w+) = _whole_number\("\1", (\d+)\)', settings_file, re.MULTILINE))
    told = {name: rest.partition("|")[0].strip() for name, rest in rows(section("Limits")).items()}
    assert told == defaults


def test_every_state_and_outcome_stands_in_the_page() -> None:
    text = section("Kinds of events")
    assert {word for word in re.findall(r"`(\w+)`", text) if word in Status.values} == set(Status.values)
    assert {word for word in re.findall(r"`(\w+)`", text) if word in Outcome.values} == OUTCOMES_SO_FAR


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        (r"text of at most (\d+) characters", MAX_REF),
        (r"`text` \| 1 to ([\d,]+) characters", rules.MAX_TEXT),
        (r"`name` \| 1 to ([\d,]+) characters", rules.MAX_NAME),
        (r"first frame, within (\d+) s", int(sockets.HELLO_WITHIN)),
        (r"`events` \(at most (\d+)\)", EVENTS_AN_ANSWER),
        (r"above (\d+) counts as 25", LONGEST_WAIT),
        (r"at most ([\d,]+) bytes", MAX_BYTES),
        (r"same `id` within (\d+) minutes", int(rules.REQUEST_REPEATABLE.total_seconds()) // 60),
        (r"dies (\d+) minutes after its end", int(rules.TOKEN_AFTERLIFE.total_seconds()) // 60),
        (r"(\d+) sockets a session", rules.SOCKETS_PER_SESSION),
        (r"(\d+) an agent: one more", rules.SOCKETS_PER_AGENT),
        (r"null below (\d+) accepts", int(default_of("DF-WAIT", "accepts"))),
        (r"accepts of the last (\d+) minutes", int(default_of("DF-WAIT", "minutes"))),
    ],
)
def test_the_numbers_in_the_page_are_those_of_the_code(sentence: str, number: int) -> None:
    found = re.search(sentence, PROTOCOL)
    assert found, sentence
    assert int(found[1].replace(",", "")) == number


def test_the_page_of_states_is_that_of_the_table() -> None:
    assert (DOCS / "states.md").read_text(encoding="utf-8") == states_page()


def states_page() -> str:
    """Return docs/states.md as `chat.states.ALLOWED` has it."""
    lines = [
        "# States of a chat session",
        "",
        "Made from `chat.states.ALLOWED`; a test compares. Every move is made by an action of `chat/actions/`,",
        "in the transaction that locks the session.",
        "",
        "| from | may become |",
        "| --- | --- |",
    ]
    for before in Status:
        after = [f"`{state}`" for state in Status if state in ALLOWED[before]]
        lines.append(f"| `{before}` | {', '.join(after) or 'nothing: this is the end'} |")
    return "\n".join([*lines, ""])
