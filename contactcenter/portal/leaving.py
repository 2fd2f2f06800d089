"""The form for who cannot or need not chat: a message, answered by e-mail or by a call. Works without JavaScript."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from agents.directory import offered_departments
from agents.models import Department, Language
from chat.actions.left import Left, leave_message
from chat.emergencies import emergency_in
from chat.rules import MAX_NAME, MAX_TEXT
from contactcenter.cases.contacts import email_of, phone_of
from contactcenter.cases.due import say_due
from contactcenter.lib.address import address_block, client_address
from contactcenter.lib.errors import DomainError, Invalid, TooFast
from contactcenter.lib.frames import check_text
from contactcenter.lib.hashing import keyed_hash
from contactcenter.lib.language import stem_of
from contactcenter.lib.text import normal_text
from policies.screening import screen

HOUR = 3600  # seconds


class MessageForm(forms.Form):
    """A message for a department, and how to answer it."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Enter your name, so that we know how to address you.")},
    )
    department = forms.ModelChoiceField(
        label=gettext_lazy("Department"),
        queryset=Department.objects.none(),
        to_field_name="code",
        empty_label=None,
        help_text=gettext_lazy("If you do not know which one, leave it as it is."),
    )
    text = forms.CharField(
        label=gettext_lazy("What can we do for you?"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Please leave out card numbers and passwords."),
        error_messages={"required": gettext_lazy("Write what we can help with.")},
    )
    answer = forms.ChoiceField(
        label=gettext_lazy("How shall we answer?"),
        choices=[("email", gettext_lazy("By e-mail")), ("phone", gettext_lazy("By a call"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how we shall answer: by e-mail or by a call.")},
    )
    email = forms.CharField(
        label=gettext_lazy("Your e-mail address"),
        required=False,
        help_text=gettext_lazy("Needed for an answer by e-mail."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Your phone number"),
        required=False,
        help_text=gettext_lazy("Needed for a call back. With the area code."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["department"]
        assert isinstance(field, forms.ModelChoiceField)
        for name in ("email", "phone"):
            self.fields[name].is_chosen = True  # type: ignore[attr-defined]  # one of the two is needed
        field.queryset = Department.objects.filter(is_active=True)
        language = _read_in()
        field.choices = [(row.code, row.name_in(language)) for row in offered_departments(language)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        by = given.get("answer")
        check, missing = {
            "email": (email_of, _("Enter your e-mail address, or choose to be called.")),
            "phone": (phone_of, _("Enter your phone number, or choose an answer by e-mail.")),
        }.get(by or "", (None, ""))
        if check is None or by is None:
            return given
        given[{"email": "phone", "phone": "email"}[by]] = ""  # what is not needed is not kept
        try:
            given[by] = check(self._filled(given.get(by, ""), by, missing), field=by)
            check_text(given.get("name", ""), "name")
            check_text(given.get("text", ""), "text")
        except Invalid as refusal:
            self.add_error(refusal.more["field"], refusal.detail)
        return given

    @staticmethod
    def _filled(value: str, field: str, missing: str) -> str:
        if not value.strip():
            raise Invalid(missing, field=field)
        return value


@csrf_exempt  # nobody is logged in here, and no cookie is set; whence it comes is looked at instead
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """The form, and once it is sent what happens next. Source: EM-HRS, EM-HRS-30."""
    if request.method != "POST":
        chosen = request.GET.get("department", "")
        form = MessageForm(initial={"key": uuid4(), "department": chosen, "answer": "email"})
        return render(request, "portal/message.html", {"form": form})
    form = MessageForm(request.POST)
    urgent = _urgent(form)
    try:
        _guard_origin(request)
        if form.is_valid():
            _guard_pace(request)
            return _keep(request, form, urgent)
    except DomainError as refusal:
        form.add_error(None, refusal.detail)
    return render(request, "portal/message.html", {"form": form, "urgent": urgent}, status=400)


def _keep(request: HttpRequest, form: MessageForm, urgent: dict[str, Any] | None) -> HttpResponse:
    given = form.cleaned_data
    left = Left(
        name=normal_text(given["name"]),
        text=normal_text(given["text"]),
        department=given["department"],
        language=_language(),
        email=given["email"],
        phone=given["phone"],
        key=str(given["key"] or ""),
    )
    at = timezone.now()
    task = leave_message(left, at=at)
    facts = {
        "answered_by": task.department.name_in(_read_in()),
        "due": say_due(task.due_at, task.calendar_version_id) if task.due_at and task.due_at >= at else "",
        "by": given["answer"],
        "to": given[given["answer"]],
        "urgent": urgent,
        "hidden": screen(given["text"]).payment,
    }
    return render(request, "portal/message_sent.html", facts)


def _read_in() -> str:
    """Return the language of the page."""
    return translation.get_language() or "en"


def _language() -> Language:
    """Return the language of the page, if the city serves it; else English."""
    wanted = stem_of(_read_in())
    rows = Language.objects.filter(is_active=True)
    found = rows.filter(code=wanted).first() or rows.filter(code="en").first() or rows.first()
    if found is None:
        raise Invalid(_("The city offers no language yet. Please call us."), field="language")
    return found


def _urgent(form: MessageForm) -> dict[str, Any] | None:
    """Whoever writes of an emergency is told whom to call, whatever becomes of the form. Source: EM-911."""
    text = str(form.data.get("text", ""))[:20_000]
    rows = Department.objects.filter(is_active=True)
    department = rows.filter(code=form.data.get("department", "")).first() or rows.filter(is_default=True).first()
    return emergency_in(text, department, _read_in(), at=timezone.now())


def _guard_origin(request: HttpRequest) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin not in settings.ALLOWED_ORIGINS:
        raise DomainError(
            "forbidden_origin", _("This form was sent from another site. Open it here and send it again.")
        )


def _guard_pace(request: HttpRequest) -> None:
    """Refuse more messages from one address in an hour than chats may be asked for; counted per process."""
    limit, address = settings.LIMIT_CHATS_PER_ADDRESS_HOUR, client_address(request)
    if not limit or address is None:
        return
    key = f"left:{keyed_hash('address', address_block(address))}"
    if cache.add(key, 1, HOUR):
        return
    try:
        sent = cache.incr(key)
    except ValueError:  # its hour ended in between
        return
    if sent > limit:
        raise TooFast(
            _("Too many messages were sent from your connection. Try again later, or call us."), retry_after=HOUR
        )
