"""The log-in between its two steps, and how a session becomes a log-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import SESSION_KEY, login
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp.plugins.otp_totp.models import TOTPDevice

from agents import rules
from agents.actions import end_login, open_login
from agents.models import Role, User
from agents.permissions import may_work_the_desk, must_give_second_factor

PENDING = "log_in_second_step"


@dataclass(frozen=True, slots=True)
class Pending:
    """A person whose password was right and whose second factor is still to come. Opens nothing by itself."""

    user: User
    next: str


def has_device(user: User) -> bool:
    """Say whether the person has set a second factor up."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def asks_second_step(user: User) -> bool:
    """Say whether a log-in goes on after the password: the roles ask for it, or the person chose it."""
    return has_device(user) or must_give_second_factor(user)


def begin_second_step(request: HttpRequest, user: User, *, next_url: str, at: datetime) -> None:
    """Remember in the session who is half-way in; the session opens nothing yet."""
    _leave_earlier(request, at=at)
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": user.pk,
        "at": at.timestamp(),
        "next": next_url,
        "hash": user.get_session_auth_hash(),
    }


def pending_step(request: HttpRequest, *, at: datetime) -> Pending | None:
    """Return who is half-way in, for 10 minutes and while the password stays the same."""
    kept = request.session.get(PENDING)
    if kept is None or at.timestamp() - kept["at"] > rules.SECOND_STEP_LASTS.total_seconds():
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != kept["hash"]:
        return None
    return Pending(user=user, next=kept["next"])


def finish_log_in(request: HttpRequest, user: User, *, second_factor: bool, at: datetime) -> None:
    """Open a fresh session for the person, and note the log-in that keeps it alive."""
    _leave_earlier(request, at=at)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    open_login(user, request.session.session_key or "", second_factor=second_factor, at=at)


def _leave_earlier(request: HttpRequest, *, at: datetime) -> None:
    if SESSION_KEY in request.session:
        end_login(request.session.session_key or "", at=at)
    request.session.flush()


def safe_next(request: HttpRequest, wanted: str) -> str:
    """Return where the person wanted to go, if that is one of our own pages; else nothing."""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""


def landing_page(user: User, *, at: datetime) -> str:
    """Return the page on which the person's work begins."""
    if may_work_the_desk(user, at=at):
        return "/desk/"
    return "/admin/" if user.has_role(Role.ADMIN) else "/accounts/"
