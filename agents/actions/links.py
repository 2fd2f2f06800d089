"""One-time links: sent by mail, used once, then a password is set."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from agents import rules
from agents.actions.logins import end_logins
from agents.models import OneTimeLink, User
from agents.permissions import access_link
from contactcenter.lib.hashing import digest, new_secret
from contactcenter.notices.actions import queue_mail

HOUR = timedelta(hours=1)
KEPT = timedelta(days=1)


@transaction.atomic
def ask_for_new_password(name: str, *, at: datetime) -> None:
    """Mail a link for a new password to the person with this user name or work e-mail.

    Nothing happens when there is nobody, no address, or when three links were
    sent within the hour; the caller answers the same in every case.
    """
    people = User.objects.locked().filter(is_active=True).exclude(email="")
    user = people.filter(Q(username__iexact=name) | Q(email__iexact=name)).order_by("pk").first()
    if user is None or _links_of_last_hour(user, at=at) >= rules.RESETS_PER_HOUR:
        return
    send_link(user, OneTimeLink.Purpose.RESET, at=at)


@transaction.atomic
def set_password_by_link(secret: str, password: str, *, at: datetime) -> User:
    """Use a one-time link up: set the password, end every log-in of the person. Raises `NotFound`."""
    link = access_link(secret, at=at, lock=True)
    user = User.objects.locked().get(pk=link.user_id)
    user.set_password(password)
    user._history_user = user  # type: ignore[attr-defined]  # simple-history's own name for "who"
    user.save(update_fields=["password"])
    link.used_at = at
    link.save(update_fields=["used_at"])
    withdraw_links(user, at=at)
    end_logins(user, at=at)
    return user


def send_link(user: User, purpose: OneTimeLink.Purpose, *, at: datetime) -> OneTimeLink:
    """Mail a new link; earlier ones of the same purpose stop working."""
    withdraw_links(user, at=at, purpose=purpose)
    secret = new_secret()
    lasts = rules.INVITATION_LASTS if purpose == OneTimeLink.Purpose.INVITATION else rules.RESET_LASTS
    link = OneTimeLink.objects.create(
        user=user, purpose=purpose, digest=digest(secret), created_at=at, expires_at=at + lasts
    )
    queue_mail(
        to=user.email,
        subject=_subject(purpose),
        body=render_to_string(
            f"notices/{purpose.value}.txt",
            {
                "person": user,
                "city": settings.CITY_NAME,
                "link": f"{settings.PUBLIC_URL}/accounts/link/{secret}/",
                "days": lasts.days,
                "expires_at": link.expires_at,
            },
        ),
        holds_one_time_link=True,
        at=at,
    )
    return link


def withdraw_links(user: User, *, at: datetime, purpose: str | None = None) -> None:
    """Let the person's unused links end now."""
    links = OneTimeLink.objects.filter(user=user, used_at__isnull=True, expires_at__gt=at)
    if purpose is not None:
        links = links.filter(purpose=purpose)
    links.update(expires_at=at)


def delete_dead_links(*, at: datetime) -> None:
    """Delete links that have opened nothing for a day: used or run out."""
    OneTimeLink.objects.filter(expires_at__lt=at - KEPT).delete()


def _links_of_last_hour(user: User, *, at: datetime) -> int:
    return OneTimeLink.objects.filter(user=user, purpose=OneTimeLink.Purpose.RESET, created_at__gt=at - HOUR).count()


def _subject(purpose: OneTimeLink.Purpose) -> str:
    if purpose == OneTimeLink.Purpose.INVITATION:
        return _("Your invitation to the contact centre of %(city)s") % {"city": settings.CITY_NAME}
    return _("A new password for the contact centre of %(city)s") % {"city": settings.CITY_NAME}
