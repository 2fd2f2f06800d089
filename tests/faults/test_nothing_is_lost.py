"""Nothing acknowledged is lost and nothing is shown twice, whatever breaks."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from chat.actions import Request, accept, request_chat
from chat.models import ChatEvent
from contactcenter.lib.embedded import Valkey
from tests.chat.conftest import City, city  # noqa: F401  (a fixture)
from tests.faults.client import Client, ConnectionClosed
from tests.faults.web import Line, Web
from tests.patience import SOON
from tests.wire import log_in

pytestmark = pytest.mark.django_db(transaction=True)
SIGKILL = 9


@pytest.fixture
def starting() -> Iterator[Callable[..., Web]]:
    """Starts web processes, and stops them in the end."""
    started: list[Web] = []

    def start(redis_url: str = "", failpoints: str = "", **environment: str) -> Web:
        web = Web(redis_url, **environment)
        started.append(web)
        return web.start(failpoints=failpoints)

    yield start
    for web in started:
        web.stop()


@pytest.fixture
def sides(city: City) -> tuple[Client, Client]:  # noqa: F811
    """Customer and agent of a running chat, not connected yet; three events are there."""
    request = Request(name="Dana", question="Is the pool open?", department=city.general, language=city.english)
    opened = request_chat(request, at=timezone.now())
    accept(opened.session.pk, agent_id=city.rosa.pk, at=timezone.now())
    session = str(opened.session.pk)
    hello = {"type": "hello", "session": session, "token": opened.token}
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={log_in(city.rosa)}"}
    return (
        Client(0, "/ws/chat/", session, {}, hello),
        Client(0, "/ws/desk/", session, cookie, {"type": "hello", "cursors": {}}),
    )


def both_show_the_same(*sides: Client) -> None:
    """Both read the same list, which is the stored one, without holes and without doubles."""
    stored = dict(ChatEvent.objects.filter(session_id=sides[0].session).values_list("seq", "text"))
    assert sorted(stored) == list(range(1, len(stored) + 1))
    for side in sides:
        side.read_until_shown(len(stored))
        assert side.shown == stored
        assert side.shown_twice == []


FAILPOINTS = ["append.before_commit", "append.before_ack", "append.before_publish"]


@pytest.mark.parametrize("failpoint", FAILPOINTS)
@pytest.mark.parametrize("is_apart", [False, True], ids=["same process", "other process"])
def test_a_web_process_killed_while_it_stores_a_message(
    sides: tuple[Client, Client], starting: Callable[..., Web], failpoint: str, is_apart: bool
) -> None:
    customer, agent = sides
    dying = starting(failpoints=failpoint)
    other = starting(CATCH_UP_SECONDS="1") if is_apart else dying
    customer.connect(dying.port)
    agent.connect(other.port)
    customer.say("Are you there?")
    customer.read_until_closed()
    assert dying.wait_until_killed() == SIGKILL
    is_stored = ChatEvent.objects.filter(session_id=customer.session, text="Are you there?").exists()
    assert is_stored == (failpoint != "append.before_commit")

    dying.start()
    customer.connect()
    if not is_apart:
        agent.read_until_closed()
        agent.connect()
    customer.read_until_acknowledged()
    agent.say("I am.")
    agent.read_until_acknowledged()
    both_show_the_same(customer, agent)
    assert list(customer.shown.values()).count("Are you there?") == 1


@pytest.mark.parametrize("direction", ["to server", "to client"])
@pytest.mark.parametrize("count", [1, 7, 60])
def test_a_line_cut_in_the_middle_of_a_frame(
    sides: tuple[Client, Client], starting: Callable[..., Web], direction: str, count: int
) -> None:
    customer, agent = sides
    web = starting()
    line = Line(web.port)
    customer.connect(line.port)
    agent.connect(web.port)
    line.cut_after(count, direction)
    customer.say("The line is bad.")
    customer.read_until_closed()
    line.close()
    customer.connect(web.port)
    customer.read_until_acknowledged()
    both_show_the_same(customer, agent)
    assert list(customer.shown.values()).count("The line is bad.") == 1


def test_valkey_stopped_and_started_empty(
    sides: tuple[Client, Client], starting: Callable[..., Web], tmp_path: Path
) -> None:
    customer, agent = sides
    valkey = Valkey(tmp_path / "valkey")
    url = valkey.start()
    here, there = (starting(url, CATCH_UP_SECONDS="1") for _ in range(2))
    customer.connect(here.port)
    agent.connect(there.port)
    both_show_the_same(customer, agent)

    valkey.stop()
    customer.say("Said while Valkey was away.")
    customer.read_until_acknowledged()
    valkey.start(port=valkey.port)
    both_show_the_same(customer, agent)

    redis.from_url(url).flushall()
    agent.say("Said after everything was flushed.")
    agent.read_until_acknowledged()
    both_show_the_same(customer, agent)
    valkey.stop()


def test_wake_ups_come_back_with_valkey(
    sides: tuple[Client, Client], starting: Callable[..., Web], tmp_path: Path
) -> None:
    customer, agent = sides
    valkey = Valkey(tmp_path / "valkey")
    url = valkey.start()
    here, there = (starting(url, CATCH_UP_SECONDS="3600") for _ in range(2))
    customer.connect(here.port)
    agent.connect(there.port)
    customer.say("By wake-up.")
    both_show_the_same(customer, agent)
    valkey.stop()
    valkey.start(port=valkey.port)
    client = redis.from_url(url)
    deadline = time.monotonic() + SOON
    while client.pubsub_numsub("townline__group__wake")[0][1] < 2:
        assert time.monotonic() < deadline, "the processes do not listen again"
    customer.say("By wake-up again.")
    both_show_the_same(customer, agent)
    client.close()
    valkey.stop()


def test_the_same_id_three_times_over_three_connections(
    sides: tuple[Client, Client], starting: Callable[..., Web]
) -> None:
    customer, agent = sides
    web = starting()
    agent.connect(web.port)
    customer.connect(web.port)
    uid = customer.say("Once.")
    customer.read_until_acknowledged()
    for _ in range(2):
        customer.close()
        customer.unacknowledged[uid] = "Once."
        customer.connect()
        customer.read_until_acknowledged()
    both_show_the_same(customer, agent)
    assert list(agent.shown.values()).count("Once.") == 1


def test_a_client_that_never_reads_is_let_go_and_harms_nobody(
    sides: tuple[Client, Client], starting: Callable[..., Web]
) -> None:
    customer, agent = sides
    web = starting(LIMIT_MESSAGES_WARN="0", LIMIT_MESSAGES_CLOSE="0")
    customer.connect(web.port)
    deaf = Client(web.port, customer.path, customer.session, {}, customer.hello)
    deaf.connect()
    agent.connect(web.port)
    for _ in range(800):
        agent.say("€" * 4000)
        agent.read_until_acknowledged()
        customer.read_until_shown(agent.cursor)
    code = deaf.read_until_closed()
    assert code in (1013, None)
    assert deaf.cursor < agent.cursor


@pytest.mark.parametrize(
    ("frame", "code"),
    [(json.dumps({"text": "x" * 200 * 1024}), 1009), (json.dumps({"text": "x" * 65 * 1024}), 4413)],
)
def test_a_frame_too_large_is_refused_and_the_chat_goes_on(
    sides: tuple[Client, Client], starting: Callable[..., Web], frame: str, code: int
) -> None:
    customer, agent = sides
    web = starting()
    customer.connect(web.port)
    agent.connect(web.port)
    assert customer.socket is not None
    with contextlib.suppress(ConnectionClosed):
        customer.socket.send(frame)
    assert customer.read_until_closed() == code
    customer.connect()
    customer.say("Smaller now.")
    customer.read_until_acknowledged()
    both_show_the_same(customer, agent)
