"""Tries to log in: counted before the password is looked at, forgotten when it was right.

Because a try counts from its beginning, tries at the same moment cannot get
past the limit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from agents import rules
from agents.models import LogInTry, Role, User
from contactcenter.lib.address import Address, address_block
from contactcenter.lib.hashing import keyed_hash
from contactcenter.lib.serial import one_at_a_time
from contactcenter.notices.actions import queue_mail

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Try:
    """What becomes of a try: refused, or let through, at once or slowly."""

    is_locked_out: bool
    is_slowed_down: bool = False


@transaction.atomic
def begin_try(username: str, address: Address | None, *, at: datetime) -> Try:
    """Count a try to log in. After 5 in 15 minutes for this user name from this address it is refused.

    100 of a user name or of an address within an hour only slow further ones
    down, and the administrators are told once.
    """
    username_key, address_key = _keys(username, address)
    _serialise(username_key, address_key)
    tries = LogInTry.objects.filter(at__gt=at - rules.FAILURE_WINDOW)
    if rules.is_locked_out(tries.filter(username_key=username_key, address_key=address_key).count()):
        return Try(is_locked_out=True)
    watched = LogInTry.objects.filter(at__gt=at - rules.WATCH_WINDOW)
    of_username = watched.filter(username_key=username_key).count()
    of_address = watched.filter(address_key=address_key).count()
    LogInTry.objects.create(username_key=username_key, address_key=address_key, at=at)
    forget_old_tries(at=at)
    if of_username == rules.FAILURES_WATCHED:
        _tell_admins(_("for one user name"), at=at)
    if of_address == rules.FAILURES_WATCHED:
        _tell_admins(_("from one network address"), at=at)
    return Try(
        is_locked_out=False,
        is_slowed_down=rules.is_slowed_down(of_username) or rules.is_slowed_down(of_address),
    )


def forget_tries(username: str, address: Address | None) -> None:
    """The password was right: the tries of this user name from this address count no more."""
    username_key, address_key = _keys(username, address)
    LogInTry.objects.filter(username_key=username_key, address_key=address_key).delete()


def forget_old_tries(*, at: datetime) -> None:
    """Delete tries that are older than a day: no limit looks so far back."""
    LogInTry.objects.filter(at__lt=at - KEPT).delete()


def _keys(username: str, address: Address | None) -> tuple[str, str]:
    place = address_block(address) if address is not None else ""
    return keyed_hash("log-in user name", username.casefold()), keyed_hash("log-in address", place)


def _serialise(*keys: str) -> None:
    """Let tries of the same user name or address wait for each other until the transaction ends."""
    for key in sorted(keys):
        one_at_a_time(key)


def _tell_admins(what: str, *, at: datetime) -> None:
    body = _(
        "There were %(number)d failed log-ins %(what)s within an hour.\n\n"
        "Further ones are slowed down; nobody is locked out by this. If you do not know why, "
        "look at the people in the administration and disable whom you do not trust."
    ) % {"number": rules.FAILURES_WATCHED, "what": what}
    for admin in User.objects.holding(Role.ADMIN).exclude(email=""):
        queue_mail(to=admin.email, subject=_("Many failed log-ins"), body=body, at=at)
