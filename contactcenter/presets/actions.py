"""Loading a city: what is missing is made, what is there is kept, unless it is to be reset."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils.translation import gettext as _

from agents.actions import assign_to_chat, certify, note_earlier, set_roles
from agents.ladder import Record
from agents.models import Agent, Department, DepartmentName, Language, Membership, OutsideBody, User
from chat.models import Wording
from contactcenter.cases.models import Topic
from contactcenter.lib.errors import Invalid, WrongState
from contactcenter.presets.backups import load_backups
from contactcenter.presets.certificates import load_kinds
from contactcenter.presets.files import Person, Preset
from contactcenter.presets.knowledge import load_knowledge
from contactcenter.presets.policy import load_policy
from contactcenter.presets.words import load_domains, load_words


@transaction.atomic
def load(preset: Preset, *, reset: bool, at: datetime) -> None:
    """Load a city. Safe to run again: rows that are there are kept as an admin left them, unless `reset`.

    The password of the demo's people is `DEMO_PASSWORD` after each run.
    Raises `WrongState` for demo people outside of the demo, `Invalid` for a name in an unknown language.
    """
    if preset.people and not (settings.DEMO and settings.DEMO_PASSWORD):
        raise WrongState(_("This preset brings people with a known password. Set DEMO=1 and DEMO_PASSWORD to load it."))
    _guard_names(preset)
    load_policy(preset, reset=reset, at=at)
    load_words(preset.words, preset.profanity, reset=reset, at=at)
    load_domains(preset.link_domains, reset=reset, at=at)
    for row in preset.languages:
        _put(Language, {"code": row["code"]}, {"name": row["name"]}, reset=reset)
    if reset:
        Department.objects.filter(is_default=True).exclude(code=_default_code(preset)).update(is_default=False)
    for row in preset.departments:
        _put_department(row, reset=reset)
    for row in preset.outside_bodies:
        _put_outside_body(row, reset=reset)
    for row in preset.topics:
        _put_topic(row, reset=reset)
    for row in preset.wordings:
        key = {"kind": row["kind"], "language_id": row["language"], "department": None}
        _put(Wording, key, {"text": row["text"]}, reset=reset)
    new_kinds = load_kinds(preset, reset=reset)
    made = [person for person in preset.people if _put_person(person, reset=reset, at=at)]
    today = at.astimezone(ZoneInfo(preset.calendar.definition.zone)).date()
    _certify(preset.people, kinds=new_kinds, on=today, at=at)
    _certify(made, kinds=[row["code"] for row in preset.certificates], on=today, at=at)
    _assign(preset.people, on=today)
    load_backups(preset.backups, reset=reset, today=today, at=at)
    _set_heads(preset, reset=reset)
    load_knowledge(preset, reset=reset, on=today)
    _follow_demo_password(preset.people)


def _put(model: Any, key: dict[str, Any], values: dict[str, Any], *, reset: bool) -> None:
    if reset:
        model.objects.update_or_create(defaults=values, **key)
    else:
        model.objects.get_or_create(defaults=values, **key)


def _put_department(row: dict[str, Any], *, reset: bool) -> None:
    values = {name: value for name, value in row.items() if name not in {"code", "head", "names"}}
    if not reset and values.get("is_default") and Department.objects.filter(is_default=True).exists():
        values["is_default"] = False  # an admin has chosen another one
    _put(Department, {"code": row["code"]}, values, reset=reset)
    department = Department.objects.get(code=row["code"])
    for language, name in row.get("names", {}).items():
        _put(DepartmentName, {"department": department, "language_id": language}, {"name": name}, reset=reset)


def _guard_names(preset: Preset) -> None:
    """Refuse a department's name in a language that the preset does not bring. Raises `Invalid`."""
    spoken = {row["code"] for row in preset.languages}
    for row in preset.departments:
        for language in row.get("names", {}):
            if language not in spoken:
                facts = {"code": row["code"], "language": language}
                sentence = _("The department %(code)s has a name in %(language)s, which is no language of this preset.")
                raise Invalid(sentence % facts, field="names")


def _put_outside_body(row: dict[str, Any], *, reset: bool) -> None:
    values = {name: value for name, value in row.items() if name not in {"code", "departments", "languages"}}
    is_there = OutsideBody.objects.filter(code=row["code"]).exists()
    _put(OutsideBody, {"code": row["code"]}, values, reset=reset)
    if reset or not is_there:
        body = OutsideBody.objects.get(code=row["code"])
        body.departments.set(Department.objects.filter(code__in=row.get("departments", [])))
        body.languages.set(Language.objects.filter(code__in=row.get("languages", [])))


def _put_topic(row: dict[str, Any], *, reset: bool) -> None:
    department = Department.objects.get(code=row["department"]) if "department" in row else None
    _put(Topic, {"code": row["code"]}, {"name": row["name"], "department": department}, reset=reset)


def _default_code(preset: Preset) -> str:
    return next((str(row["code"]) for row in preset.departments if row.get("is_default")), "")


def _put_person(person: Person, *, reset: bool, at: datetime) -> bool:
    """Make a person with roles, departments and languages, or set an existing one back; say whether it did."""
    user = User.objects.filter(username=person.username).first()
    if user is not None and not reset:
        return False
    user = user or User(username=person.username)
    user.first_name, user.last_name = person.name
    user.display_name = user.first_name
    user.email = person.email
    user.is_active = user.is_demo = True
    user.save()
    set_roles(user, person.roles, by=None, at=at)
    if person.departments:
        agent = Agent.objects.get(user=user)
        _place(agent, person)
        if person.earlier:
            note_earlier(agent.pk, figures=_earlier(person.earlier), by=None, at=at)
    return True


def _earlier(figures: dict[str, int]) -> Record:
    mean = timedelta(seconds=figures["first_response_seconds"])
    return Record(figures["chats"], figures["rated"], figures["satisfied"], mean)


def _place(agent: Agent, person: Person) -> None:
    agent.languages.set(Language.objects.filter(code__in=person.languages))
    Membership.objects.filter(agent=agent).delete()
    departments = Department.objects.in_bulk(person.departments, field_name="code")
    for number, code in enumerate(person.departments):
        Membership.objects.create(agent=agent, department=departments[code], is_primary=number == 0)


def _certify(people: Iterable[Person], *, kinds: Collection[str], on: date, at: datetime) -> None:
    """Give people the certificates of these kinds that their city asks of them."""
    for agent in Agent.objects.filter(user__username__in=[person.username for person in people]):
        certify(agent, kinds=kinds, on=on, at=at)


def _assign(people: Iterable[Person], *, on: date) -> None:
    """Let people take chats, as far as nobody has decided about them."""
    for agent in Agent.objects.filter(user__username__in=[person.username for person in people]):
        assign_to_chat(agent, on=on)


def _set_heads(preset: Preset, *, reset: bool) -> None:
    for row in preset.departments:
        department = Department.objects.get(code=row["code"])
        if "head" in row and (reset or department.head_id is None):
            department.head = User.objects.get(username=row["head"])
            department.save(update_fields=["head"])


def _follow_demo_password(people: Iterable[Person]) -> None:
    """Let every demo person have the demo's password; one hash for all, since they share it anyway."""
    usernames = [person.username for person in people]
    stored = dict(User.objects.filter(username__in=usernames, is_demo=True).values_list("username", "password"))
    right = {encoded for encoded in set(stored.values()) if check_password(settings.DEMO_PASSWORD, encoded)}
    wrong = [username for username, encoded in stored.items() if encoded not in right]
    if wrong:
        User.objects.filter(username__in=wrong).update(password=make_password(settings.DEMO_PASSWORD))
