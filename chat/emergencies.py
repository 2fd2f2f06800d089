"""What a resident reads who speaks of an emergency, and where to pay. Reads only. Source: EM-911, EM-PAY."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import Department
from chat.models import Emergency
from chat.wordings import wording_of
from policies.models import RuleVersion
from policies.screening import WordList
from policies.versions import in_force
from policies.why import why
from policies.words import word_list

EMERGENCY, PAY = "EM-911", "EM-PAY"


@dataclass(frozen=True)
class Help:
    """What the system says at once: a text of the city, why, and the numbers that it names."""

    rule: str
    text: str
    numbers: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return what a refusal bears of it."""
        return {"text": self.text, "numbers": self.numbers}


_DEFAULTS = {
    Emergency.LIFE: gettext_lazy("If somebody is in danger, call {number} now. We cannot send help from this chat."),
    Emergency.CITY: gettext_lazy("Please call the city's emergency line now: {number}. It is faster than this chat."),
    Emergency.NON_EMERGENCY: gettext_lazy("Please call {number} for this. We cannot send anybody from this chat."),
}


_WITHOUT_NUMBER = gettext_lazy("We cannot send anybody from this chat. We will tell you here whom to turn to.")


def emergency_words() -> WordList:
    """Return the city's words for emergencies."""
    return word_list()


def help_in_emergency(kind: str, department: Department, language: str, *, at: datetime) -> Help | None:
    """Return what to say to somebody who spoke of this kind of emergency; None where EM-911 is not adopted."""
    version = in_force(EMERGENCY, at=at)
    if version is None:
        return None
    numbers = _numbers(kind, version)
    with translation.override(language):
        default = _DEFAULTS[Emergency(kind)] if numbers else _WITHOUT_NUMBER
        number = numbers[0] if numbers else ""
        text = wording_of(f"emergency_{kind}", department, language, default=str(default), number=number)
        sentence = _("What was written may be an emergency, and a chat cannot send help.")
        data = why(version, sentence, kind=kind, numbers=numbers)
    return Help(EMERGENCY, text, numbers, data)


def _numbers(kind: str, version: RuleVersion) -> list[str]:
    """Return whom to call, the right one first; who is not in danger is never sent to the dispatchers alone."""
    life = str(version.value_of("life_number"))
    own = {Emergency.CITY: "city_number", Emergency.NON_EMERGENCY: "non_emergency_number"}.get(Emergency(kind))
    if own is None:
        return [life]
    number = str(version.value_of(own))
    return [number, life] if number and number != life else [number] if number else []


def where_to_pay(department: Department, language: str, *, at: datetime) -> Help | None:
    """Return where to pay, since nothing may be paid in a chat; None where EM-PAY is not adopted."""
    version = in_force(PAY, at=at)
    if version is None:
        return None
    page, phone = str(version.value_of("page")), str(version.value_of("phone"))
    with translation.override(language):
        default = _("Please do not write card or bank numbers here; what looked like one was hidden.")
        if page or phone:
            default += " " + _("You can pay here: {pay_page} {pay_phone}")
        text = wording_of("payment", department, language, default=default, pay_page=page, pay_phone=phone).strip()
        data = why(version, _("No payment information is taken in a chat."), page=page, phone=phone)
    return Help(PAY, text, [phone] if phone else [], data)


def emergency_in(text: str, department: Department | None, language: str, *, at: datetime) -> dict[str, Any] | None:
    """Return `{"text", "numbers"}` for a refusal when the refused text speaks of an emergency. Source: EM-911."""
    kinds = emergency_words().find(text)
    if not kinds or department is None:
        return None
    found = help_in_emergency(kinds[0], department, language, at=at)
    return found.body() if found else None
