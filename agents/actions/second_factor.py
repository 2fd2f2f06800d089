"""The second factor: an authenticator app, and recovery codes that each work once."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from agents import rules
from agents.actions.logins import end_logins
from agents.models import RecoveryCode, User
from contactcenter.lib.errors import Invalid, WrongState
from contactcenter.lib.hashing import keyed_hash


@transaction.atomic
def new_device(user: User) -> TOTPDevice:
    """Return the device that the person is setting up; a new one unless one waits. Raises `WrongState`."""
    User.objects.locked().get(pk=user.pk)
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        raise WrongState(_("A second factor is set up already. An administrator can reset it."))
    device, _is_new = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    return device


@transaction.atomic
def confirm_device(user: User, code: str, *, at: datetime) -> list[str]:
    """Finish the set-up by the app's first code; return the recovery codes, which are shown this once.

    Raises `WrongState`, `Invalid`.
    """
    device = _locked_devices(user).filter(confirmed=False).first()
    if device is None or TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        raise WrongState(_("A second factor is set up already. An administrator can reset it."))
    if not _matches(device, code):
        raise Invalid(_("This code is not right. Wait for the next one and write that."), field="code")
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return _new_recovery_codes(user, at=at)


@transaction.atomic
def use_second_factor(user: User, typed: str, *, at: datetime) -> bool:
    """Say whether the app's code or a recovery code is right; either works once.

    After each wrong one the next is looked at only after a pause that doubles.
    """
    device = _locked_devices(user).filter(confirmed=True).first()
    if device is None:
        return False
    code = rules.normal_recovery_code(typed)
    if len(code) != rules.RECOVERY_LENGTH:
        return bool(device.verify_token(code))
    if not device.verify_is_allowed()[0]:
        return False
    unused = RecoveryCode.objects.filter(user=user, key=_key(user, code), used_at__isnull=True)
    if unused.update(used_at=at) == 0:
        device.throttle_increment(commit=True)
        return False
    device.throttle_reset(commit=True)
    return True


@transaction.atomic
def reset_second_factor(user: User, *, at: datetime) -> None:
    """Take device and recovery codes away, and end every log-in; the next one sets a new factor up."""
    User.objects.locked().get(pk=user.pk)
    TOTPDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    end_logins(user, at=at)


def _locked_devices(user: User) -> Any:
    return TOTPDevice.objects.select_for_update(no_key=True, of=("self",)).filter(user=user)


def _matches(device: TOTPDevice, code: str) -> bool:
    """A set-up is not throttled for long: whoever sets up holds the secret anyway."""
    device.throttle_reset(commit=False)
    return bool(device.verify_token("".join(code.split())))


def _new_recovery_codes(user: User, *, at: datetime) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [_random_code() for _number in range(rules.RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, key=_key(user, code), created_at=at) for code in codes)
    return [rules.shown_recovery_code(code) for code in codes]


def _random_code() -> str:
    return "".join(secrets.choice(rules.RECOVERY_ALPHABET) for _place in range(rules.RECOVERY_LENGTH))


def _key(user: User, code: str) -> str:
    return keyed_hash("recovery code", f"{user.pk}:{code}")
