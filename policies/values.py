"""What an admin can set for a rule: its values, their limits, and what each means in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contactcenter.lib.errors import Invalid
from policies.kinds import Number, Settable, Switch, Text, TimeOfDay, Value, say_seconds
from policies.values_ladder import LADDER
from policies.values_service import SERVICE


def say_minutes_left(seconds: int) -> str:
    """Return a span for a sentence that goes on with “minutes”: 2, or 2:30."""
    return str(seconds // 60) if seconds % 60 == 0 else say_seconds(seconds)


def _say_hours(values: Mapping[str, Any]) -> str:
    if values["always_open"]:
        return _("The chat is open at any hour, which departs from the rule.")
    return _("The chat opens inside the opening hours only.")


def _say_questions(values: Mapping[str, Any]) -> str:
    asked = [_("e-mail")] * values["ask_email"] + [_("phone")] * values["ask_phone"]
    if not asked:
        return _("The form before a chat asks for the name and the question only.")
    return _("The form before a chat asks for the name, the question, and if people like: %(more)s.") % {
        "more": ", ".join(asked)
    }


def _say_payment(values: Mapping[str, Any]) -> str:
    ways = [way for way in (values["page"], values["phone"]) if way]
    if not ways:
        return _("Who wants to pay is not told where: neither a page nor a phone number is given.")
    return _("Who wants to pay is told where: %(ways)s.") % {"ways": ", ".join(ways)}


def _say_purge(values: Mapping[str, Any]) -> str:
    if not values["legal_basis"]:
        return _("Nothing is deleted and the chat does not open: there is no legal basis for the daily purge.")
    sentences = (
        _("Each day at %(purge_at)s, chats that ended at least %(grace_minutes)d minutes before and bear no mark go."),
        _("A chat that still runs %(run_on_minutes)d minutes after closing time is ended."),
        _("After its end an agent has %(wrap_up_minutes)d minutes to round a chat off."),
        _("Back-ups get no older than %(backup_days)d days."),
        _("Legal basis: %(legal_basis)s"),
    )
    return " ".join(sentences) % values


def _say_evaluation(values: Mapping[str, Any]) -> str:
    sentence = ngettext(
        "An open evaluation is to be decided within %(count)d day.",
        "An open evaluation is to be decided within %(count)d days.",
        values["days"],
    )
    return sentence % {"count": values["days"]}


def _say_emergency(values: Mapping[str, Any]) -> str:
    unknown = _("no number is given")
    facts = {name: number or unknown for name, number in values.items()}
    return (
        _(
            "Who writes of an emergency is told whom to call. Danger to life or property: %(life_number)s. "
            "No danger: %(non_emergency_number)s. Utilities, roads, flooding: %(city_number)s."
        )
        % facts
    )


SETTABLE: dict[str, Settable] = {
    "EM-PII-B": Settable(
        (
            Switch(
                "ask_email",
                gettext_lazy("Ask for an e-mail address"),
                gettext_lazy(
                    "The form before a chat then has a field for it, which may stay empty. What is not asked for is "
                    "not kept, whatever a program sends. Holds for chats that begin from then on."
                ),
            ),
            Switch(
                "ask_phone",
                gettext_lazy("Ask for a phone number"),
                gettext_lazy("Likewise, for the number at which residents can be called back."),
            ),
        ),
        _say_questions,
    ),
    "EM-PAY": Settable(
        (
            Text(
                "page",
                gettext_lazy("Online payment page"),
                gettext_lazy(
                    "Shown as a link to who types a card or account number, and to agents for who wants to pay. "
                    "Empty: no page is named."
                ),
                longest=200,
                is_address=True,
            ),
            Text(
                "phone",
                gettext_lazy("Phone number for payments"),
                gettext_lazy("Named in the same places, for who would rather pay by phone. Empty: none is named."),
                longest=40,
                is_phone=True,
            ),
        ),
        _say_payment,
    ),
    "EM-RET-A": Settable(
        (
            TimeOfDay(
                "purge_at",
                gettext_lazy("Time of the daily purge"),
                gettext_lazy(
                    "On the city's clock. From the next run on, ended chats that nobody marked are deleted at this "
                    "time. A run that was missed is made up for."
                ),
                default="02:00",
            ),
            Number(
                "grace_minutes",
                gettext_lazy("Minutes of rest before a chat is deleted"),
                gettext_lazy(
                    "A chat that ended less long ago than this before the run is left for the next one. "
                    "At least 30: for so long a resident may still read and copy it."
                ),
                30,
                1440,
                default=60,
            ),
            Number(
                "run_on_minutes",
                gettext_lazy("Minutes a chat may run on after closing"),
                gettext_lazy(
                    "A chat that still runs so long after closing time is ended, so that it can be deleted, too. "
                    "0: at closing time itself."
                ),
                0,
                720,
                default=60,
            ),
            Number(
                "wrap_up_minutes",
                gettext_lazy("Minutes to round a chat off"),
                gettext_lazy(
                    "After its end an agent may add a note, a topic and an outcome for so long; then the chat is done "
                    "by itself. The purge spares it until then. Holds for chats that end from then on."
                ),
                1,
                240,
                default=15,
            ),
            Text(
                "legal_basis",
                gettext_lazy("Legal basis of the purge"),
                gettext_lazy(
                    "The clause, law or decision that lets the city delete its chats. While this is empty the purge "
                    "refuses to run, and the chat does not open."
                ),
                longest=300,
            ),
            Number(
                "backup_days",
                gettext_lazy("Greatest age of a back-up, in days"),
                gettext_lazy(
                    "No back-up, and no archived write-ahead log, may get older than this, so that what was deleted "
                    "here is in the end gone from there, too."
                ),
                1,
                365,
                default=30,
            ),
            Text(
                "backup_basis",
                gettext_lazy("Legal basis of the back-ups"),
                gettext_lazy("Why back-ups may be kept so long. Kept for the record; nothing else changes by it."),
                longest=300,
            ),
        ),
        _say_purge,
    ),
    "EM-EVAL": Settable(
        (
            Number(
                "days",
                gettext_lazy("Days until an evaluation is to be decided"),
                gettext_lazy(
                    "Calendar days, counted from the first mark. An evaluation that is still open then is listed as "
                    "overdue, so that no chat is kept by not deciding."
                ),
                1,
                90,
                default=14,
            ),
        ),
        _say_evaluation,
    ),
    "EM-HRS": Settable(
        (
            Switch(
                "always_open",
                gettext_lazy("Open at any hour"),
                gettext_lazy(
                    "The chat then takes residents day and night, whatever the calendar says. The conformance page "
                    "shows it as a departure from EM-HRS. Meant for demonstrations."
                ),
            ),
        ),
        _say_hours,
    ),
    "EM-HRS-30": Settable(
        (
            Number(
                "minutes_before_closing",
                gettext_lazy("Minutes before closing"),
                gettext_lazy(
                    "New chats are taken until so many minutes before closing time; who waits by then may still be "
                    "accepted until closing. 0: until closing time itself."
                ),
                0,
                720,
                default=30,
            ),
        ),
        lambda values: (
            _("The last chat begins %(count)d minutes before closing time.")
            % {"count": values["minutes_before_closing"]}
        ),
    ),
    "EM-IDLE-2": Settable(
        (
            Number(
                "seconds",
                gettext_lazy("Seconds of silence until the notice"),
                gettext_lazy(
                    "Counted from the agent's last message that the resident has not followed with a sign of life. "
                    "Holds for messages that are written from then on; running clocks keep theirs."
                ),
                1,
                3600,
                default=120,
            ),
        ),
        lambda values: (
            _("A silent resident is asked after %(time)s whether they are still there.")
            % {"time": say_seconds(values["seconds"])}
        ),
    ),
    "EM-IDLE-4": Settable(
        (
            Number(
                "seconds",
                gettext_lazy("Seconds of silence in total until the end"),
                gettext_lazy(
                    "The notice of EM-IDLE-2 is part of it: with 120 there and 240 here the chat ends 120 seconds "
                    "after the notice was sent. Holds for notices that are sent from then on."
                ),
                2,
                7200,
                default=240,
            ),
        ),
        lambda values: _("A chat ends after %(time)s of silence in total.") % {"time": say_seconds(values["seconds"])},
    ),
    "EM-911": Settable(
        (
            Text(
                "life_number",
                gettext_lazy("Danger to life or property"),
                gettext_lazy("Who writes of such a danger is told at once to call this number. It must be given."),
                longest=40,
                is_phone=True,
                default="911",
                is_required=True,
            ),
            Text(
                "non_emergency_number",
                gettext_lazy("Police and fire without danger"),
                gettext_lazy(
                    "Named to who writes of such a thing where nobody is in danger. Empty: no number is named."
                ),
                longest=40,
                is_phone=True,
            ),
            Text(
                "city_number",
                gettext_lazy("The city's emergency line"),
                gettext_lazy(
                    "Named to who writes of broken utilities, damaged roads or flooding. Empty: no number is named."
                ),
                longest=40,
                is_phone=True,
            ),
        ),
        _say_emergency,
    ),
    "DF-REVIEW": Settable(
        (
            Number(
                "years",
                gettext_lazy("Years between reviews"),
                gettext_lazy(
                    "A document without a review date of its own is due so many years after its last review, or "
                    "after its adoption. Overdue ones are listed."
                ),
                1,
                50,
                default=5,
            ),
        ),
        lambda values: _("Documents are reviewed every %(count)d years.") % {"count": values["years"]},
    ),
    **SERVICE,
    **LADDER,
}


def default_of(rule: str, name: str) -> Any:
    """Return what a value is where nobody has set it. Raises `KeyError` for a name that the rule does not have."""
    return _defaults(rule)[name]


def whole(rule: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a version with those that it did not have yet, as their defaults."""
    return {**_defaults(rule), **values}


def _defaults(rule: str) -> dict[str, Any]:
    return {value.name: value.default for value in values_of(rule)}


def values_of(rule: str) -> tuple[Value, ...]:
    """Return what can be set for a rule."""
    settable = SETTABLE.get(rule)
    return settable.values if settable else ()


def check_values(rule: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a rule, whole and within their limits. Raises `Invalid`."""
    known = values_of(rule)
    unknown = set(values) - {value.name for value in known}
    if unknown:
        raise Invalid(
            _("%(rule)s has no value %(names)s.") % {"rule": rule, "names": ", ".join(sorted(unknown))}, field="values"
        )
    return {value.name: value.check(values.get(value.name)) for value in known}


def say(rule: str, values: Mapping[str, Any]) -> str:
    """Return what a rule's values mean, in a sentence."""
    settable = SETTABLE.get(rule)
    return settable.say(whole(rule, values)) if settable else _("The rule holds as it is written.")
