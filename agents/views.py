"""Log-in and log-out, the second factor, invitations and forgotten passwords, and a person's own page."""

from __future__ import annotations

import asyncio
from base64 import b32encode

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, authenticate
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents import qr, rules, steps
from agents.actions import (
    Try,
    ask_for_new_password,
    begin_try,
    confirm_device,
    end_login,
    forget_tries,
    new_device,
    set_password_by_link,
    use_second_factor,
)
from agents.forms import CodeForm, FirstCodeForm, ForgottenForm, LogInForm, NewPasswordForm
from agents.models import LogIn, Role, User
from agents.permissions import access_link, may_work_the_desk, must_give_second_factor
from contactcenter.lib.address import client_address
from contactcenter.lib.errors import Invalid, NotFound, WrongState
from contactcenter.notices.permissions import may_read_demo_mail

page = require_http_methods(["GET", "HEAD", "POST"])


@page
@never_cache
@sensitive_post_parameters("password")
async def log_in(request: HttpRequest) -> HttpResponse:
    """User name and password. A try that is slowed down waits here, where it holds no thread."""
    if request.method != "POST":
        return await sync_to_async(_show_log_in)(request, LogInForm())
    form = LogInForm(request.POST)
    if not form.is_valid():
        return await sync_to_async(_show_log_in)(request, form)
    address = client_address(request)
    tried = await sync_to_async(begin_try)(form.cleaned_data["username"], address, at=timezone.now())
    if tried.is_slowed_down:
        await asyncio.sleep(settings.LOGIN_SLOW_SECONDS)
    return await sync_to_async(_answer_log_in)(request, form, tried)


def _show_log_in(request: HttpRequest, form: LogInForm, *, status: int = 200) -> HttpResponse:
    wanted = steps.safe_next(request, request.POST.get("next") or request.GET.get("next") or "")
    context = {
        "form": form,
        "next": wanted,
        "is_demo": settings.DEMO,
        "has_mail_page": may_read_demo_mail(request.META, is_demo=settings.DEMO),
    }
    return render(request, "accounts/log_in.html", context, status=status)


def _answer_log_in(request: HttpRequest, form: LogInForm, tried: Try) -> HttpResponse:
    username = form.cleaned_data["username"]
    request.log_in_try = tried  # type: ignore[attr-defined]  # `agents.lockout` reads it
    user = authenticate(request, username=username, password=form.cleaned_data["password"])
    if tried.is_locked_out:
        form.add_error(None, _("Too many wrong passwords for this name. Wait 15 minutes, or ask for a new password."))
        response = _show_log_in(request, form, status=429)
        response["Retry-After"] = str(int(rules.FAILURE_WINDOW.total_seconds()))
        return response
    if not isinstance(user, User):
        form.add_error(None, _("User name and password do not go together. Check both and try again."))
        return _show_log_in(request, form)
    forget_tries(username, client_address(request))
    return _go_on(request, user)


def _go_on(request: HttpRequest, user: User) -> HttpResponse:
    """After the right password: in, or to the second step."""
    at = timezone.now()
    wanted = steps.safe_next(request, request.POST.get("next", ""))
    if steps.asks_second_step(user):
        steps.begin_second_step(request, user, next_url=wanted, at=at)
        return redirect("agents:second_factor" if steps.has_device(user) else "agents:set_up")
    steps.finish_log_in(request, user, second_factor=False, at=at)
    return redirect(wanted or steps.landing_page(user, at=at))


@require_POST
@never_cache
def log_out(request: HttpRequest) -> HttpResponse:
    """End the log-in and its sockets."""
    if SESSION_KEY in request.session:
        end_login(request.session.session_key or "", at=timezone.now())
    request.session.flush()
    return redirect(settings.LOGOUT_REDIRECT_URL)


@page
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second step of a log-in: the app's code, or a recovery code."""
    at = timezone.now()
    pending = steps.pending_step(request, at=at)
    if pending is None:
        return _start_again(request)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if use_second_factor(pending.user, form.cleaned_data["code"], at=at):
            steps.finish_log_in(request, pending.user, second_factor=True, at=at)
            return redirect(pending.next or steps.landing_page(pending.user, at=at))
        form.add_error("code", _("This code is not right, or was used already. Wait for the next one and try again."))
    return render(request, "accounts/second_factor.html", {"form": form})


@page
@never_cache
def set_up(request: HttpRequest) -> HttpResponse:
    """Set up a second factor: on the way in where the roles ask for it, or later of one's own will."""
    at = timezone.now()
    pending = steps.pending_step(request, at=at)
    user = pending.user if pending else request.user
    if not isinstance(user, User):
        return _start_again(request)
    try:
        device = new_device(user)
    except WrongState as refusal:
        messages.info(request, refusal.detail)
        return redirect("agents:second_factor" if pending else "agents:account")
    form = FirstCodeForm(request.POST or None)
    if form.is_valid():
        try:
            codes = confirm_device(user, form.cleaned_data["code"], at=at)
        except Invalid as refusal:
            form.add_error("code", refusal.detail)
        else:
            steps.finish_log_in(request, user, second_factor=True, at=at)
            wanted = (pending.next if pending else "") or steps.landing_page(user, at=at)
            return render(request, "accounts/recovery_codes.html", {"codes": codes, "next": wanted})
    key = b32encode(device.bin_key).decode().rstrip("=")
    context = {
        "form": form,
        "picture": qr.draw(device.config_url),
        "key": " ".join(key[start : start + 4] for start in range(0, len(key), 4)),
        "is_compulsory": must_give_second_factor(user),
    }
    return render(request, "accounts/set_up.html", context)


def _start_again(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("The log-in was not finished in time. Start again."))
    return redirect("agents:log_in")


@page
@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a new password. The answer is the same whoever asks."""
    form = ForgottenForm(request.POST or None)
    if form.is_valid():
        ask_for_new_password(form.cleaned_data["name"].strip(), at=timezone.now())
        return redirect("agents:forgotten_sent")
    return render(request, "accounts/forgotten.html", {"form": form})


@require_safe
@never_cache
def forgotten_sent(request: HttpRequest) -> HttpResponse:
    """What to expect after asking."""
    has_mail_page = may_read_demo_mail(request.META, is_demo=settings.DEMO)
    return render(request, "accounts/forgotten_sent.html", {"has_mail_page": has_mail_page})


@page
@never_cache
@sensitive_post_parameters("password", "again")
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a password by a one-time link. The link's address is told to no other page."""
    response = _answer_link(request, secret)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _answer_link(request: HttpRequest, secret: str) -> HttpResponse:
    at = timezone.now()
    try:
        opened = access_link(secret, at=at)
        form = NewPasswordForm(request.POST or None, user=opened.user)
        if form.is_valid():
            set_password_by_link(secret, form.cleaned_data["password"], at=at)
            messages.success(request, _("Your new password is set. Log in with it."))
            return redirect("agents:log_in")
    except NotFound as refusal:
        return render(request, "accounts/link_gone.html", {"sentence": refusal.detail}, status=refusal.status)
    return render(request, "accounts/new_password.html", {"form": form, "link": opened})


@require_safe
@login_required
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """A person's own page: roles, second factor, where their work is."""
    user = request.user
    assert isinstance(user, User)
    context = {
        "roles": [Role(role).label for role in Role.values if role in user.roles],
        "has_device": steps.has_device(user),
        "may_work_the_desk": may_work_the_desk(user),
        "is_admin": user.has_role(Role.ADMIN),
        "log_ins": LogIn.objects.live(at=timezone.now()).filter(user=user).order_by("-at"),
        "session_key": request.session.session_key,
    }
    return render(request, "accounts/account.html", context)
