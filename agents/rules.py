"""Rules about people and log-ins over plain values: no database, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

Level = Literal["trainee", "full"]

DESK_ROLES = frozenset({"agent", "trainee", "supervisor"})
WITHOUT_SECOND_FACTOR = frozenset({"agent", "trainee"})

ACTIVITY_STEP = timedelta(seconds=10)  # a log-in is touched at most once in this time

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_ALLOWED = 5
WATCH_WINDOW = timedelta(hours=1)
FAILURES_WATCHED = 100

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=1)
RESETS_PER_HOUR = 3
SECOND_STEP_LASTS = timedelta(minutes=10)

RECOVERY_CODES = 10
RECOVERY_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32
RECOVERY_LENGTH = 12  # 60 bits


def needs_second_factor(roles: Collection[str]) -> bool:
    """Say whether people with these roles must give a second factor: all but agents and trainees."""
    return not set(roles) <= WITHOUT_SECOND_FACTOR


def works_the_desk(roles: Collection[str]) -> bool:
    """Say whether one of these roles takes chats."""
    return not DESK_ROLES.isdisjoint(roles)


def is_suspended(until: datetime | None, *, at: datetime) -> bool:
    """Say whether a suspension that lasts to `until` still holds."""
    return until is not None and at < until


def level_of(roles: Collection[str]) -> Level:
    """Return the level whose certificates are asked for: trainee until agent or supervisor. Source: PH-CERT."""
    held = set(roles)
    return "trainee" if "trainee" in held and held.isdisjoint({"agent", "supervisor"}) else "full"


def alternatives_met(requirements: Mapping[int, int], evidenced: Collection[int]) -> bool:
    """Say whether every requirement of at least one alternative has evidence.

    `requirements` maps each requirement to the number of its alternative;
    without any requirement nothing has to be shown. Source: PH-CERT.
    """
    return not lacking_of_nearest(requirements, evidenced)


def lacking_of_nearest(requirements: Mapping[int, int], evidenced: Collection[int]) -> list[int]:
    """Return what still lacks evidence in the alternative that lacks least; of equal ones in the first."""
    lacking: dict[int, list[int]] = {alternative: [] for alternative in sorted(requirements.values())}
    for requirement, alternative in requirements.items():
        if requirement not in evidenced:
            lacking[alternative].append(requirement)
    return min(lacking.values(), key=len, default=[])


def last_date(valid_from: date, valid_days: int | None) -> date | None:
    """Return the last date of a certificate that begins then and counts for so many days; None without an end."""
    if valid_days is None:
        return None
    return date.fromordinal(min(valid_from.toordinal() + valid_days - 1, date.max.toordinal()))


def is_locked_out(failures: int) -> bool:
    """Say whether so many failures of one user name from one address within 15 minutes lock that pair."""
    return failures >= FAILURES_ALLOWED


def is_slowed_down(failures: int) -> bool:
    """Say whether so many failures of one address, or of one user name, within an hour slow the next try down."""
    return failures >= FAILURES_WATCHED


def normal_recovery_code(typed: str) -> str:
    """Return a typed recovery code without spaces and dashes, lower case, with o as 0, i and l as 1."""
    kept = "".join(char for char in typed.lower() if char.isalnum())
    return kept.translate(str.maketrans("oil", "011"))


def shown_recovery_code(code: str) -> str:
    """Return the code in groups of four, as people read it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
