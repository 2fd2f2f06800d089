"""What is refused where it is typed, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import Department
from contactcenter.knowledge import rules
from contactcenter.knowledge.outcomes import outcomes
from contactcenter.knowledge.rules import Ill
from policies.catalogue import rules as catalogue
from policies.screening import screen
from policies.staff_texts import words_that_stop

SENTENCES: dict[Ill, str | Promise] = {
    Ill.CODE_TWICE: gettext_lazy("Another row of this menu has this code. Choose another one."),
    Ill.NO_SUCH_TOPIC: gettext_lazy("No row of this menu has the code %(under)s. Write that of a topic, or leave it."),
    Ill.UNDER_NO_TOPIC: gettext_lazy("%(under)s is no topic. Only under a topic can there be rows."),
    Ill.LOOP: gettext_lazy("This row leads back to itself: nobody would find a way into it or out. Put it elsewhere."),
    Ill.TOO_DEEP: gettext_lazy("A menu is at most %(depth)d rows deep. Put this one further up."),
    Ill.NO_WAY_ON: gettext_lazy("Nothing is under this topic, so nobody could go on from it. Add a row under it."),
    Ill.NO_TEXT: gettext_lazy("An answer needs its text."),
    Ill.NO_PAGE: gettext_lazy("A form needs its page."),
}
STAFF_PAGES = frozenset({"admin", "desk", "supervise", "accounts", "health", "api", "mail"})


def check_script_text(text: str) -> None:
    """Refuse a field that does not exist, and payment data. Raises `ValidationError`. Source: EM-SCR, EM-PAY."""
    faulty = rules.faulty_fields(text)
    if faulty:
        known = ", ".join(f"{{{name}}}" for name in rules.FIELDS)
        raise ValidationError(
            _("%(names)s cannot be filled in. The fields are: %(known)s.")
            % {"names": ", ".join(faulty), "known": known}
        )
    if screen(text).payment:
        raise ValidationError(_("This looks like a card or bank number. Please leave it out."))


def check_script_words(text: str, *, at: datetime) -> None:
    """Refuse a text that a chat would stop, with the words in it. Raises `ValidationError`. Source: EM-COM-C."""
    words = words_that_stop(text, at=at)
    if words:
        sentence = _("A chat would stop this text: it holds %(words)s (EM-COM-C). Write it in another way.")
        raise ValidationError({"text": sentence % {"words": quoted(words)}})


def quoted(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def check_short_name(name: str) -> None:
    """Refuse a short name that could not be found after a `/`. Raises `ValidationError`."""
    if "/" in name or name != name.strip() or not name.isprintable():
        raise ValidationError(_("A short name is one line without a / and without blanks at its ends."))


def check_filled(text: str, department: Department) -> None:
    """Refuse a text with a field for which the department that it names has nothing. Raises `ValidationError`."""
    used = set(rules.fields_in(text))
    lacking = [name for name in rules.OF_DEPARTMENT if name in used and not getattr(department, name)]
    if lacking:
        names = ", ".join(f"{{{name}}}" for name in lacking)
        raise ValidationError(
            {
                "text": _(
                    "%(department)s has nothing for %(names)s. Write it at the department first, or leave it out."
                )
                % {"department": department, "names": names}
            }
        )


def check_rule(rule: str) -> None:
    """Refuse a rule that is not in the catalogue. Raises `ValidationError`."""
    if rule not in catalogue():
        raise ValidationError(_("There is no rule %(rule)s in the catalogue.") % {"rule": rule})


def check_outcome(outcome: str) -> None:
    """Refuse an outcome with which no agent can end a chat. Raises `ValidationError`."""
    if outcome not in dict(outcomes()):
        known = ", ".join(value for value, _label in outcomes())
        raise ValidationError(
            _("No agent ends a chat with %(outcome)s. Choose one of: %(known)s.") % {"outcome": outcome, "known": known}
        )


def check_page(page: str) -> None:
    """Refuse an address that residents could not open. Raises `ValidationError`. Source: SJ-IVR."""
    if rules.is_web_page(page):
        return
    if not rules.is_own_path(page):
        raise ValidationError(_("Write an address that begins with https://, or a page here, such as /chat/."))
    path = urlsplit(page).path
    try:
        resolve(path)
    except Resolver404:
        raise ValidationError(_("There is no page %(page)s here.") % {"page": path}) from None
    if path.split("/")[1] in STAFF_PAGES:
        raise ValidationError(_("%(page)s is not for residents.") % {"page": path})
