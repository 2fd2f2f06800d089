"""Which agent takes which channel: the supervisor decides, with dates and a reason. Source: EM-COM-Da."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from agents.actions import assign_channel, end_assignment
from agents.models import Agent, Channel, ChannelAssignment
from contactcenter.desk.acting import person_of
from contactcenter.desk.supervise import for_supervisors
from contactcenter.lib.admin import DayInput
from contactcenter.lib.errors import DomainError
from contactcenter.lib.forms import say_refusal

LONGEST_WHY = 300


class AssignForm(forms.Form):
    """Let an agent take a channel."""

    agent = forms.ModelChoiceField(
        label=gettext_lazy("Agent"),
        queryset=Agent.objects.none(),
        error_messages={"required": gettext_lazy("Choose the agent.")},
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices, initial=Channel.CHAT)
    from_on = forms.DateField(
        label=gettext_lazy("From"),
        widget=DayInput(),
        error_messages={"required": gettext_lazy("Choose the first day."), "invalid": gettext_lazy("Write a day.")},
    )
    through_on = forms.DateField(
        label=gettext_lazy("Through"),
        required=False,
        widget=DayInput(),
        help_text=gettext_lazy("The last day. Empty: until somebody ends it."),
        error_messages={"invalid": gettext_lazy("Write a day, or leave it empty.")},
    )
    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=LONGEST_WHY,
        help_text=gettext_lazy("For whoever asks later."),
        error_messages={"required": gettext_lazy("Write why; whoever asks later reads it.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Agent.objects.filter(user__is_active=True).select_related("user").order_by("user__username")
        field = self.fields["agent"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people


@require_safe
@for_supervisors
def channels(request: HttpRequest) -> HttpResponse:
    """Who takes what, from today on."""
    return _page(request, AssignForm(initial={"from_on": timezone.localdate()}))


@require_POST
@for_supervisors
def assign(request: HttpRequest) -> HttpResponse:
    """Assign a channel to an agent; a refusal stands at its field, with everything typed."""
    form = AssignForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        made = assign_channel(by=person_of(request), **form.cleaned_data)
    except DomainError as refusal:
        say_refusal(form, refusal)
        return _page(request, form, status=refusal.status)
    messages.success(request, _("Assigned: %(assignment)s.") % {"assignment": made})
    return redirect("desk:channels")


@require_POST
@for_supervisors
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an assignment end with today; chats that run stay."""
    get_object_or_404(ChannelAssignment, pk=pk)
    try:
        ended = end_assignment(pk, through_on=timezone.localdate(), by=person_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("Ends with today: %(assignment)s.") % {"assignment": ended})
    return redirect("desk:channels")


def _page(request: HttpRequest, form: AssignForm, *, status: int = 200) -> HttpResponse:
    running = ChannelAssignment.objects.not_over(on=timezone.localdate()).select_related("agent__user", "assigned_by")
    context = {
        "assignments": running.order_by("agent__user__username", "channel", "from_on"),
        "assign": form,
        "form": form if form.is_bound else None,
        "room": "supervise",
    }
    return render(request, "desk/channels.html", context, status=status)
