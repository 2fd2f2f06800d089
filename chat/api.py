"""Chat over HTTP, without cookies: what a socket can do, for who cannot open one."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agents.models import Department, Language
from chat import actions, news
from chat.commands import Customer, check_pace, obey_customer, refusal_frame
from chat.emergencies import emergency_in
from chat.fields import text_of, uuid_of
from chat.models import ChatSession, Side, Wording
from chat.permissions import access_as_customer, access_by_digest
from chat.projection import Frame, event_frame, iso, ok_frame
from chat.relay import Relay, current_relay
from chat.rules import MAX_NAME
from contactcenter.cases.contacts import MAX_EMAIL, guard_payment, phone_of
from contactcenter.knowledge.menus import plain_menu
from contactcenter.lib.address import address_block, client_address
from contactcenter.lib.api import bearer_token, json_body, open_to_sites, refusal_response, whole_number_argument
from contactcenter.lib.errors import STATUS_OF, DomainError, Invalid
from contactcenter.lib.frames import check_text
from contactcenter.lib.hashing import keyed_hash, new_secret
from contactcenter.lib.language import stem_of, supported
from contactcenter.lib.phones import LONGEST_PHONE
from contactcenter.lib.text import normal_text
from policies.versions import in_force

EVENTS_AN_ANSWER = 200
LONGEST_WAIT = 25  # seconds
AVAILABILITY_SECONDS = 10
MAX_TOPIC = 100
MOST_LOOKED_AT = 20_000  # characters of a question that is refused anyway
_RETURNING = re.compile(r"[A-Za-z0-9_-]{22,64}")


@open_to_sites("GET")
async def availability(request: HttpRequest) -> HttpResponse:
    """Say whether a chat can be asked for now; the same for everybody, 10 s old at most."""
    code, language = request.GET.get("department", ""), request.GET.get("language", "")
    check_text(code, "department")
    with translation.override(supported(language) or "en"):
        facts = await current_relay().read(_availability, code, language, timezone.now())
    return JsonResponse(facts, headers={"Cache-Control": f"public, max-age={AVAILABILITY_SECONDS}"})


@open_to_sites("GET")
async def menu(request: HttpRequest) -> HttpResponse:
    """Answer the self-service menu of a department in a language, at any hour; 10 s old at most. Source: SJ-IVR."""
    code, language = request.GET.get("department", ""), request.GET.get("language", "en")
    check_text(code, "department")
    check_text(language, "language")
    with translation.override(supported(language) or "en"):
        facts = await current_relay().read(_menu, code, language, timezone.now())
    return JsonResponse(facts, headers={"Cache-Control": f"public, max-age={AVAILABILITY_SECONDS}"})


@open_to_sites("POST")
async def sessions(request: HttpRequest) -> HttpResponse:
    """Ask for a chat."""
    body = json_body(request)
    address = client_address(request)
    key = keyed_hash("address", address_block(address)) if address else ""
    with translation.override(supported(body.get("language")) or "en"):
        try:
            answer, is_new = await current_relay().read(_request_or_refuse, body, key, timezone.now())
        except DomainError as refusal:
            return refusal_response(refusal)
    return JsonResponse(answer, status=201 if is_new else 200)


@open_to_sites("GET")
async def session_events(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Answer the events after a cursor, waiting for news if there are none."""
    token = bearer_token(request)
    after = whole_number_argument(request, "after", 0)
    wait = min(whole_number_argument(request, "wait", 0), LONGEST_WAIT)
    relay = current_relay()
    session = await relay.read(access_as_customer, session_id, token, at=timezone.now())
    digest = session.token_digest
    poll = relay.open_poll(session_id)
    await _note_presence(relay, session, wait)
    try:
        answer = await relay.read(_news_of, session_id, digest, after)
        if answer["events"] or not wait:
            return JsonResponse(answer)
        await asyncio.wait([poll], timeout=wait)
        if poll.done():
            await _note_presence(relay, session, 0)
        is_superseded = poll.done() and not poll.result()
        answer = await relay.read(_news_of, session_id, digest, after)
        if is_superseded:
            answer["events"] = []
        return JsonResponse(answer)
    finally:
        relay.close_poll(session_id, poll)


@open_to_sites("POST")
async def session_frames(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Take any customer's frame but `hello`, and answer as the socket would."""
    token = bearer_token(request)
    relay = current_relay()
    session = await relay.read(access_as_customer, session_id, token, at=timezone.now())
    await _note_presence(relay, session, 0)
    frame = json_body(request)
    with translation.override(session.language_id):
        _pace, refusal = check_pace(relay, (session_id, Side.CUSTOMER))
        if refusal is not None:
            return _frame_response(refusal_frame(refusal, frame))
    answers: list[Frame] = []
    caller = Customer(relay, session_id, session.token_digest, None, answers.append, session.language_id)
    await obey_customer(caller, frame)
    return _frame_response(answers[0] if answers else ok_frame(frame.get("ref")))


async def _note_presence(relay: Relay, session: ChatSession, wait: int) -> None:
    """Note that a resident without a socket is there, for as long as their poll waits. Source: SJ-ACD."""
    if session.unseen_since is not None:
        await relay.read(actions.note_poll, session.pk, until=timezone.now() + timedelta(seconds=wait))


def _frame_response(frame: Frame) -> HttpResponse:
    return JsonResponse(frame, status=STATUS_OF[frame["code"]] if frame["type"] == "error" else 200)


# On a reader's thread -------------------------------------------------------
def _availability(code: str, language_code: str, at: datetime) -> dict[str, Any]:
    key = f"availability:{keyed_hash('availability', f'{code}:{language_code}')}"
    facts: dict[str, Any] | None = cache.get(key)
    if facts is None:
        department = department_for(code)
        language = language_for(language_code) if language_code else None
        facts = news.read_availability(department, language, at=at)
        facts["notice"] = _notice(department, language)
        facts["asks"] = [field for field, is_asked in asked_for(at=at).items() if is_asked]
        cache.set(key, facts, AVAILABILITY_SECONDS)
    return facts


def _menu(code: str, language_code: str, at: datetime) -> dict[str, Any]:
    key = f"menu:{keyed_hash('menu', f'{code}:{language_code}')}"
    facts: dict[str, Any] | None = cache.get(key)
    if facts is None:
        facts = plain_menu(department_for(code), language_for(language_code).pk, at=at)
        cache.set(key, facts, AVAILABILITY_SECONDS)
    return facts


def asked_for(*, at: datetime) -> dict[str, bool]:
    """Return which contact details the city asks for before a chat; what is not asked is not kept. Source: EM-PII-B.

    Where the rule is not adopted, what is given is taken.
    """
    version = in_force("EM-PII-B", at=at)
    return {field: version is None or bool(version.value_of(f"ask_{field}")) for field in ("email", "phone")}


def _notice(department: Department, language: Language | None) -> str:
    spoken = language.pk if language else "en"
    wording = Wording.objects.for_chat(Wording.Kind.COLLECTION, department_id=department.pk, language=spoken)
    return wording.filled(department=department, language=spoken) if wording else ""


def _request_or_refuse(body: dict[str, Any], address_key: str, at: datetime) -> tuple[dict[str, Any], bool]:
    """Ask for a chat; whatever the refusal, who speaks of an emergency is told whom to call. Source: EM-911."""
    try:
        return _request_chat(body, address_key, at)
    except DomainError as refusal:
        question = body.get("question")
        found = emergency_in(question[:MOST_LOOKED_AT], *_whom(body), at=at) if isinstance(question, str) else None
        if found is not None:
            refusal.more["emergency"] = found
        raise


def _whom(body: dict[str, Any]) -> tuple[Department | None, str]:
    """Return department and language that a refused request names, as far as there are such."""
    code, language = body.get("department"), body.get("language")
    rows = Department.objects.filter(is_active=True)
    department = rows.filter(code=code).first() if isinstance(code, str) else None
    try:
        spoken = language_for(language).pk if isinstance(language, str) else "en"
    except Invalid:
        spoken = "en"
    return department or rows.filter(is_default=True).first(), spoken


def _request_chat(body: dict[str, Any], address_key: str, at: datetime) -> tuple[dict[str, Any], bool]:
    returning = _returning(body)
    request_key, returning_key = _request_key(body), keyed_hash("returning", returning)
    opened = actions.repeat_request(request_key, returning_key=returning_key, at=at) if request_key else None
    if opened is None:  # the first time: only now do the other fields matter
        opened = actions.request_chat(_request(body, request_key, returning_key, address_key, at=at), at=at)
    waiting = news.read_waiting(opened.session, at=at)
    answer = {
        "session": str(opened.session.pk),
        "token": opened.token,
        "returning": returning,
        "state": opened.session.status,
        "position": waiting[0] if waiting else None,
        "estimated_wait_seconds": waiting[1] if waiting else None,
    }
    return answer, opened.is_new


def _request(
    body: dict[str, Any], request_key: str, returning_key: str, address_key: str, *, at: datetime
) -> actions.Request:
    asks = asked_for(at=at)
    return actions.Request(
        name=_name(body),
        question=text_of(body, "question"),
        department=department_for(_optional(body, "department", 50)),
        language=language_for(_optional(body, "language", 35)),
        topic=_optional(body, "topic", MAX_TOPIC),
        email=_email(body) if asks["email"] else "",
        phone=_phone(body) if asks["phone"] else "",
        request_key=request_key,
        returning_key=returning_key,
        address_key=address_key,
    )


def _request_key(body: dict[str, Any]) -> str:
    """Return the keyed hash of the client's `id`, which is a secret of its own; empty without one."""
    if body.get("id") is None:
        return ""
    request_id = uuid_of(body, "id")
    if request_id.version != 4:
        raise Invalid(_("id must be a random UUID (version 4)."), field="id")
    return keyed_hash("request", str(request_id))


def _returning(body: dict[str, Any]) -> str:
    """Return the secret by which the browser comes back: its own, or a new one."""
    value = body.get("returning")
    return value if isinstance(value, str) and _RETURNING.fullmatch(value) else new_secret()


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Invalid(_("Enter your name, so that we know how to address you."), field="name")
    if len(name) > MAX_NAME:
        raise DomainError("too_long", _("Enter a name of at most 100 characters."), field="name")
    return normal_text(name)


def _optional(body: dict[str, Any], field: str, longest: int) -> str:
    value = body.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(_("%(field)s must be text.") % {"field": field}, field=field)
    if len(value) > longest:
        raise DomainError(
            "too_long", _("%(field)s may have %(max)d characters.") % {"field": field, "max": longest}, field=field
        )
    return value


def _email(body: dict[str, Any]) -> str:
    email = _optional(body, "email", MAX_EMAIL)
    if email:
        guard_payment(email, "email")
        try:
            validate_email(email)
        except ValidationError:
            raise Invalid(
                _("Enter an e-mail address like name@example.com, or leave it empty."), field="email"
            ) from None
    return email


def _phone(body: dict[str, Any]) -> str:
    phone = _optional(body, "phone", LONGEST_PHONE).strip()
    return phone and phone_of(phone)


def department_for(code: str) -> Department:
    """Return the open department with this code, the default one for an empty code. Raises `Invalid`."""
    rows = Department.objects.filter(is_active=True)
    department = rows.filter(code=code).first() if code else rows.filter(is_default=True).first()
    if department is None:
        raise Invalid(_("There is no such department."), field="department")
    return department


def language_for(code: str) -> Language:
    """Return the language of a BCP 47 code, `en-CA` being English. Raises `Invalid`."""
    rows = {row.code.lower(): row for row in Language.objects.filter(is_active=True)}
    wanted = code.lower()
    language = rows.get(wanted) or rows.get(stem_of(wanted))
    if language is None:
        raise Invalid(_("Choose one of the languages that we offer."), field="language")
    return language


def _news_of(session_id: UUID, token_digest: str, after: int) -> dict[str, Any]:
    at = timezone.now()
    session: ChatSession = access_by_digest(session_id, token_digest, at=at)
    cursor = after if after <= session.last_seq else 0
    rows = news.events_after({session_id: cursor}, limit=EVENTS_AN_ANSWER)
    waiting = news.read_waiting(session, at=at)
    return {
        "events": [event_frame(row) for row in rows],
        "state": session.status,
        "position": waiting[0] if waiting else None,
        "estimated_wait_seconds": waiting[1] if waiting else None,
        "last_seq": session.last_seq,
        "server_time": iso(at),
    }
