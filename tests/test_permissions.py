# ruff: noqa: F401, F811  (the fixture `city` comes from the tests of the chat)
"""Who may read, write, accept and end: every page, endpoint and frame, for every kind of person.

A route or a frame that has no row here fails the test.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from agents.models import Agent, Role, User
from chat.commands import CUSTOMER_FRAMES, STAFF_FRAMES
from chat.models import ChatEvent, ChatSession, Seat
from chat.routing import websocket_urlpatterns
from tests.chat.conftest import City, city, online_agent
from tests.factories import UserFactory, log_in
from tests.policies.factories import adopt
from tests.wire import ORIGIN, Answer, Chat, Wire, Wires
from tests.wire import log_in as log_in_agent

PEOPLE = ("nobody", "customer", "another customer", "agent", "agent elsewhere", "supervisor", "admin")
UNKNOWN = str(uuid.UUID(int=4))

# Pages ----------------------------------------------------------------------
# The status of a GET: 302 is the way to the log-in page (or, for who is logged in, away from it).
EVERYBODY = dict.fromkeys(PEOPLE, 200)
NOT_FOUND = dict.fromkeys(PEOPLE, 404)
POST_ONLY = dict.fromkeys(PEOPLE, 405)
AWAY = dict.fromkeys(PEOPLE, 302)
STAFF = {**EVERYBODY, "nobody": 302, "customer": 302, "another customer": 302}
DESK = {**STAFF, "admin": 403}
DESK_JSON = {**DESK, "nobody": 401, "customer": 401, "another customer": 401, "admin": 404}  # see tests/desk
SUPERVISION = {**STAFF, "agent": 403, "agent elsewhere": 403, "admin": 403}
ADMINISTRATION = {**STAFF, "agent": 403, "agent elsewhere": 403, "supervisor": 403}
PAGES: dict[str, dict[str, int]] = {
    "": EVERYBODY,
    "chat/": EVERYBODY,
    "chat/widget/": EVERYBODY,
    "chat/message/": EVERYBODY,
    "styleguide/": NOT_FOUND,  # with debug on only
    "desk/": DESK,
    "desk/tasks/": DESK,
    "desk/tasks/<int:pk>/take/": POST_ONLY,
    "desk/tasks/<int:pk>/finish/": POST_ONLY,
    "desk/scripts/": DESK,
    "desk/scripts/add/": POST_ONLY,
    "desk/scripts/<int:pk>/": {**DESK, "agent": 404, "agent elsewhere": 404, "supervisor": 404},  # none of theirs
    "desk/scripts/<int:pk>/delete/": POST_ONLY,
    "api/v1/desk/scripts": EVERYBODY,  # by session, see tests/knowledge
    "api/v1/desk/scripts/<int:pk>/used": POST_ONLY,
    "desk/ladder/": DESK,
    "supervise/": SUPERVISION,
    "supervise/calendars/<int:pk>/close/": POST_ONLY,
    "supervise/calendars/<int:pk>/day/": POST_ONLY,
    "supervise/calendars/<int:pk>/open/": POST_ONLY,
    "supervise/certificates/": {**STAFF, **dict.fromkeys(PEOPLE[3:], 403)},  # no kind is approved by their roles
    "supervise/certificates/<int:pk>/approve/": POST_ONLY,
    "supervise/channels/": SUPERVISION,
    "supervise/channels/assign/": POST_ONLY,
    "supervise/channels/<int:pk>/end/": POST_ONLY,
    "supervise/ladder/": SUPERVISION,
    "supervise/ladder/<int:pk>/": {**SUPERVISION, "supervisor": 404},  # no such agent
    "supervise/ladder/<int:pk>/limit/": POST_ONLY,
    "supervise/service/": {**SUPERVISION, "admin": 200},
    "supervise/service/<int:pk>/turn/": POST_ONLY,
    "supervise/service/<int:pk>/drill/": POST_ONLY,
    "supervise/service/incidents/": POST_ONLY,
    "supervise/service/incidents/<int:pk>/end/": POST_ONLY,
    "supervise/retention/": {**SUPERVISION, "admin": 200},
    "supervise/retention/purge/": POST_ONLY,
    "supervise/evaluations/<int:pk>/close/": POST_ONLY,
    "supervise/chats/": SUPERVISION,
    "supervise/chats/<uuid:session_id>/": {**SUPERVISION, "supervisor": 404},  # no such chat
    "supervise/chats/<uuid:session_id>/mark/": POST_ONLY,
    "supervise/chats/<uuid:session_id>/texts/<uuid:uid>/": POST_ONLY,
    "accounts/": STAFF,
    "accounts/login/": EVERYBODY,
    "accounts/logout/": POST_ONLY,
    "accounts/second-factor/": AWAY,  # without a log-in under way: back to the beginning
    "accounts/second-factor/set-up/": STAFF,
    "accounts/password/": EVERYBODY,
    "accounts/password/sent/": EVERYBODY,
    "accounts/link/<str:secret>/": NOT_FOUND,  # unknown, used and expired look the same
    "mail/": NOT_FOUND,  # in the demo only
    "mail/<int:pk>/": NOT_FOUND,
    "policies/": EVERYBODY,
    "policies/clock/": STAFF,
    "health/": ADMINISTRATION,
    "healthz": EVERYBODY,
    "api/v1/chat/availability": EVERYBODY,
    "api/v1/chat/menu": EVERYBODY,
    "api/v1/chat/sessions": POST_ONLY,
    "api/v1/policies/clock": EVERYBODY,
    "api/v1/desk/tasks": DESK_JSON,
    "api/v1/desk/decisions": {**DESK_JSON, "agent": 404, "agent elsewhere": 404},
    "api/v1/desk/figures": {**DESK_JSON, "agent": 404, "agent elsewhere": 404},  # see tests/desk
    "api/v1/desk/directory": DESK_JSON,
    "api/v1/desk/refer": DESK_JSON,
    "api/v1/desk/refer/message": POST_ONLY,
}
OPERATORS = {"readyz", "metrics"}  # by address and state, see tests/operations
BY_TOKEN = {  # by the chat's token alone: the table of HTTP below
    "api/v1/chat/sessions/<uuid:session_id>/events",
    "api/v1/chat/sessions/<uuid:session_id>/frames",
}
BY_PREFIX = {"admin/": ADMINISTRATION}
EXAMPLES = {"<str:secret>": "x" * 43, "<int:pk>": "999999", "<uuid:session_id>": UNKNOWN, "<uuid:uid>": UNKNOWN}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


ROUTES = sorted(routes(get_resolver().url_patterns))


def prefix_of(route: str) -> str | None:
    return next((prefix for prefix in BY_PREFIX if route.startswith(prefix)), None)


def test_every_route_is_classified() -> None:
    known = PAGES.keys() | OPERATORS | BY_TOKEN
    assert [route for route in ROUTES if route not in known and prefix_of(route) is None] == []


def test_no_row_is_about_a_route_that_is_gone() -> None:
    assert sorted((PAGES.keys() | BY_TOKEN) - set(ROUTES)) == []


def client_of(person: str, city: City) -> Client:
    """Return a browser as this person has it; customers have no cookie, whatever chat they hold."""
    client = Client()
    users: dict[str, Any] = {
        "agent": city.rosa.user,
        "agent elsewhere": city.rudi.user,
        "supervisor": city.supervisor.user,
    }
    user = users.get(person) or (UserFactory(roles=[Role.ADMIN]) if person == "admin" else None)
    if isinstance(user, User):
        log_in(client, user)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("person", PEOPLE)
def test_each_page_is_for_whom_it_is_for(city: City, person: str) -> None:
    client = client_of(person, city)
    answers, expected = {}, {}
    for route, table in PAGES.items():
        if route.startswith("api/"):
            continue
        path = "/" + route
        for part, example in EXAMPLES.items():
            path = path.replace(part, example)
        answers[route], expected[route] = client.get(path).status_code, table[person]
    assert answers == expected


@pytest.mark.django_db
@pytest.mark.parametrize("person", PEOPLE)
def test_the_administration_is_for_administrators(city: City, person: str) -> None:
    client = client_of(person, city)
    own = {"admin/login/", "admin/logout/", "admin/password_change/", "admin/password_change/done/"}
    own |= {"admin/jsi18n/", "admin/autocomplete/"}
    plain = [route for route in ROUTES if prefix_of(route) and not {"<", "("} & set(route) and route not in own]
    assert len(plain) > 5
    for route in plain:
        answer = client.get("/" + route, follow=True)
        if ADMINISTRATION[person] == 302:
            assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next="), route
        elif person == "admin" and route.endswith("add/"):
            assert answer.status_code in (200, 403), route  # some things nobody adds by hand
        else:
            assert answer.status_code == ADMINISTRATION[person], route


@pytest.mark.django_db
def test_a_page_for_staff_sends_others_to_the_log_in_page(city: City) -> None:
    for path in ("/desk/", "/accounts/"):
        assert Client().get(path)["Location"] == f"/accounts/login/?next={path}"


# Chat over HTTP -------------------------------------------------------------
HTTP_STATUS = {person: 200 if person == "customer" else 401 for person in PEOPLE}


async def _headers_of(person: str, city: City, chat: Chat, other: Chat) -> dict[str, str]:
    tokens = {"customer": chat.token, "another customer": other.token}
    if person in tokens:
        return {"authorization": f"Bearer {tokens[person]}"}
    agent = {"agent": city.rosa, "agent elsewhere": city.rudi, "supervisor": city.supervisor}.get(person)
    if person == "admin":
        agent = await sync_to_async(online_agent)("Ada", city.general, role="admin")
    return {"cookie": f"townline_staff={await sync_to_async(log_in_agent)(agent)}"} if agent else {}


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("person", PEOPLE)
async def test_over_http_the_token_alone_opens_a_chat(city: City, wires: Wires, person: str) -> None:
    await sync_to_async(adopt)("DF-HOLD", seconds=120)  # who waits has a choice
    chat, other = await wires.ask(), await wires.ask()
    headers = await _headers_of(person, city, chat, other)
    for name in sorted(CUSTOMER_FRAMES, key=_at_the_end):
        answers = [await _over_http(wires, session, name, headers) for session in (chat.session, UNKNOWN)]
        assert answers[0].status == HTTP_STATUS[person], name
        assert answers[1].status == 401
        if person != "customer":
            assert answers[0].body == answers[1].body
    read = [await wires.get(f"/api/v1/chat/sessions/{each}/events", **headers) for each in (chat.session, UNKNOWN)]
    assert [answer.status for answer in read] == [HTTP_STATUS[person], 401]
    assert await ChatEvent.objects.acount() == (5 if person == "customer" else 2)


def _at_the_end(kind: str) -> int:
    return {"end": 1, "rate": 2}.get(kind, 0)


async def _over_http(wires: Wires, session: str, name: str, headers: dict[str, str]) -> Answer:
    return await wires.post(f"/api/v1/chat/sessions/{session}/frames", customer_frame(name), **headers)


def customer_frame(name: str) -> dict[str, Any]:
    """Return a good customer's frame of this type. A type without an example here fails the test."""
    examples: dict[str, dict[str, Any]] = {
        "message": {"id": str(uuid.uuid4()), "text": "Hello"},
        "typing": {},
        "read": {"seq": 1},
        "here": {},
        "end": {},
        "choose": {"option": "wait"},
        "rate": {"score": 5},
        "resync": {"last_seq": 0},
    }
    return {"type": name, **examples[name]}


# Sockets --------------------------------------------------------------------
SOCKETS = {  # whom the handshake and `hello` admit; a number is the code of the close
    "^ws/chat/$": {person: "welcome" if person == "customer" else 4401 for person in PEOPLE},
    "^ws/desk/$": {
        "nobody": 4401,
        "customer": 4401,
        "another customer": 4401,
        "agent": "welcome",
        "agent elsewhere": "welcome",
        "supervisor": "welcome",
        "admin": 4403,
    },
}


def test_every_socket_is_classified() -> None:
    assert {str(pattern.pattern) for pattern in websocket_urlpatterns} == SOCKETS.keys()


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("person", PEOPLE)
async def test_each_socket_admits_whom_it_is_for(city: City, wires: Wires, person: str) -> None:
    chat, other = await wires.ask(), await wires.ask()
    headers = {"origin": ORIGIN, **await _headers_of(person, city, chat, other)}
    token = {"customer": chat.token, "another customer": other.token}.get(person, "")
    hello = {"type": "hello", "session": chat.session, "token": token, "last_seq": 0, "cursors": {}}
    for pattern, table in SOCKETS.items():
        wire = await wires.open("/" + pattern.strip("^$"), headers)
        if table[person] != 4403 and (table[person] == "welcome" or "chat" in pattern):
            await wire.send(hello)
        first = await wire.receive()
        assert first.get("code", first["type"]) == table[person], pattern


# What each desk may do with a chat of Rosa's department: waiting, hers, and ended by her.
REFUSED = "not_found"
DESK_FRAMES: dict[str, dict[str, tuple[str, str, str]]] = {
    #            agent (hers)                                 agent elsewhere       supervisor (not hers)
    "accept": {
        "queued": ("ok", REFUSED, "ok"),
        "active": ("ok", REFUSED, "taken"),
        "ended": ("ended", REFUSED, "ended"),
    },
    "message": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ack", REFUSED, REFUSED),
        "ended": ("ended", REFUSED, REFUSED),
    },
    "typing": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("nothing", REFUSED, REFUSED),
        "ended": ("nothing", REFUSED, REFUSED),
    },
    "read": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("nothing", REFUSED, REFUSED),
        "ended": ("nothing", REFUSED, REFUSED),
    },
    "keep_open": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ok", REFUSED, REFUSED),
        "ended": ("ended", REFUSED, REFUSED),
    },
    "decline": {  # nothing is on offer here
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": (REFUSED, REFUSED, REFUSED),
        "ended": (REFUSED, REFUSED, REFUSED),
    },
    "mark": {
        "queued": (REFUSED, REFUSED, "ok"),
        "active": ("ok", REFUSED, "ok"),
        "ended": ("ok", REFUSED, "ok"),
    },
    "ask_release": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("wrong_state", REFUSED, REFUSED),  # nothing stops the text
        "ended": ("ended", REFUSED, REFUSED),
    },
    "withdraw_release": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ok", REFUSED, REFUSED),
        "ended": ("ok", REFUSED, REFUSED),
    },
    "release": {  # no such text, whoever asks; the rest is told in tests/chat/test_agents_texts.py
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": (REFUSED, REFUSED, REFUSED),
        "ended": (REFUSED, REFUSED, REFUSED),
    },
    "hold": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ok", REFUSED, REFUSED),
        "ended": ("ended", REFUSED, REFUSED),
    },
    "resume": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ok", REFUSED, REFUSED),
        "ended": ("ended", REFUSED, REFUSED),
    },
    "transfer": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ok", REFUSED, REFUSED),
        "ended": ("ended", REFUSED, REFUSED),
    },
    "accept_transfer": {  # nobody was asked to
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ok", REFUSED, REFUSED),
        "ended": ("ended", REFUSED, REFUSED),
    },
    "decline_transfer": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": (REFUSED, REFUSED, REFUSED),
        "ended": (REFUSED, REFUSED, REFUSED),
    },
    "report_link": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("invalid", REFUSED, REFUSED),  # the question holds no link
        "ended": ("invalid", REFUSED, REFUSED),
    },
    "wrap_up": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("wrong_state", REFUSED, REFUSED),
        "ended": ("ok", REFUSED, REFUSED),
    },
    "note": {
        "queued": (REFUSED, REFUSED, "ok"),
        "active": ("ok", REFUSED, "ok"),
        "ended": ("ok", REFUSED, "ok"),
    },
    "case": {
        "queued": (REFUSED, REFUSED, "ok"),
        "active": ("ok", REFUSED, "ok"),
        "ended": ("ok", REFUSED, "ok"),
    },
    "resync": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ok", REFUSED, REFUSED),
        "ended": ("ok", REFUSED, REFUSED),
    },
    "end": {
        "queued": (REFUSED, REFUSED, REFUSED),
        "active": ("ok", REFUSED, REFUSED),
        "ended": ("ok", REFUSED, REFUSED),
    },
}
WITHOUT_A_CHAT = {"here", "presence"}  # about the person alone
DESKS = ("agent", "agent elsewhere", "supervisor")


def staff_frame(name: str, session: str) -> dict[str, Any]:
    examples: dict[str, dict[str, Any]] = {
        "message": {"id": str(uuid.UUID(int=7, version=4)), "text": "Hello"},
        "read": {"seq": 1},
        "resync": {"last_seq": 0},
        "ask_release": {"id": str(uuid.UUID(int=7, version=4)), "text": "Hello"},
        "withdraw_release": {"id": str(uuid.UUID(int=7, version=4))},
        "release": {"id": str(uuid.UUID(int=7, version=4))},
        "report_link": {"seq": 1},
        "wrap_up": {"note": "", "topic": ""},
        "note": {"text": "Look at the drain."},
        "case": {"summary": "The drain is to be cleaned.", "topic": ""},
        "end": {"outcome": "resolved"},
        "mark": {"reason": "harassment", "note": ""},
        "decline": {"why": ""},
        "transfer": {"to": {"supervisor": True}, "reason": "supervisor", "summary": "She wants to complain."},
        "decline_transfer": {"why": "I go home."},
    }
    return {"type": name, "session": session, "ref": "x", **examples.get(name, {})}


def test_every_frame_is_classified() -> None:
    assert STAFF_FRAMES.keys() == DESK_FRAMES.keys() | WITHOUT_A_CHAT
    for name in CUSTOMER_FRAMES:
        assert customer_frame(name)["type"] == name


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["queued", "active", "ended"])
@pytest.mark.parametrize("name", DESK_FRAMES)
@pytest.mark.parametrize("person", DESKS)
async def test_a_chat_is_its_agents(
    city: City,
    wires: Wires,
    person: str,
    name: str,
    state: str,
) -> None:
    for rule in ("EM-HOLD", "EM-FWD"):
        await sync_to_async(adopt)(rule)
    chat = await _chat_in(state, city, wires)
    agents: dict[str, Agent] = {"agent": city.rosa, "agent elsewhere": city.rudi, "supervisor": city.supervisor}
    desk = await wires.desk(agents[person])
    await desk.next("welcome")
    before = await _everything()
    outcome = await _answer(desk, staff_frame(name, chat.session))
    assert outcome.get("code", outcome["type"]) == DESK_FRAMES[name][state][DESKS.index(person)]
    if outcome["type"] == "error":
        assert await _everything() == before
    if outcome.get("code") == REFUSED:
        assert await _answer(desk, staff_frame(name, UNKNOWN)) == outcome


async def _chat_in(state: str, city: City, wires: Wires) -> Chat:
    if state == "queued":
        return await wires.ask()
    chat, _customer, desk = await wires.conversation(city.rosa)
    if state == "ended":
        await desk.send({"type": "end", "session": chat.session, "outcome": "referred", "ref": "end"})
        await desk.next("ok", ref="end")
    return chat


async def _answer(desk: Wire, frame: dict[str, Any]) -> dict[str, Any]:
    """Return what answers the frame; `nothing` when it is none that is answered and a later one was."""
    await desk.send(frame)
    if frame["type"] not in ("typing", "read"):
        return await desk.where(lambda got: got.get("ref") == "x")
    await desk.send({"type": "here", "ref": "fence"})
    answer = await desk.where(lambda got: got.get("ref") in ("x", "fence"))
    if answer["ref"] == "x":
        await desk.next("ok", ref="fence")
    return answer if answer["ref"] == "x" else {"type": "nothing"}


async def _everything() -> tuple[list[Any], list[Any], int]:
    sessions = [row async for row in ChatSession.objects.order_by("pk").values("pk", "status", "agent", "last_seq")]
    events = [row async for row in ChatEvent.objects.order_by("session", "seq").values_list("session", "seq", "uid")]
    return sessions, events, await Seat.objects.acount()


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_desk_reads_no_chat_that_is_not_its_agents(city: City, wires: Wires) -> None:
    chat, customer, _desk = await wires.conversation(city.rosa, name="Dana", question="A private matter")
    for agent in (city.rudi, city.supervisor):
        desk = await wires.desk(agent, {chat.session: 0})
        welcome = await desk.next("welcome")
        assert welcome["sessions"] == []
        await customer.send({"type": "message", "id": str(uuid.uuid4()), "text": "More of it"})
        await customer.next("ack")
        await customer.send({"type": "typing"})
        heard = json.dumps([welcome, *await desk.nothing_more()])
        assert "private" not in heard
        assert chat.session not in heard
