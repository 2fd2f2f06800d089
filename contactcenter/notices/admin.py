from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contactcenter.lib.errors import DomainError
from contactcenter.notices.actions import try_again
from contactcenter.notices.models import Mail

if TYPE_CHECKING:
    MailModelAdmin = admin.ModelAdmin[Mail]
else:
    MailModelAdmin = admin.ModelAdmin


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("failing", str(_("Failing"))), ("waiting", str(_("Waiting"))), ("sent", str(_("Sent")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mail]) -> QuerySet[Mail]:
        if self.value() == "failing":
            return queryset.filter(sent_at__isnull=True, attempts__gt=0)
        if self.value() == "waiting":
            return queryset.filter(sent_at__isnull=True, attempts=0)
        if self.value() == "sent":
            return queryset.filter(sent_at__isnull=False)
        return queryset


@admin.register(Mail)
class MailAdmin(MailModelAdmin):
    """The outbox, to look at. Texts are not shown: they are for their readers."""

    list_display = ("subject", "to", "created_at", "sent_at", "attempts", "failed_code", "next_attempt_at")
    list_filter = (StateFilter,)
    fields = ("to", "subject", "message_id", "created_at", "sent_at", "attempts", "failed_code", "next_attempt_at")
    readonly_fields = fields
    actions = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Mail | None = None) -> bool:
        return False

    @admin.action(description=_("Try again now"))
    def send_again(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        for mail in queryset:
            try:
                try_again(mail, at=timezone.now())
            except DomainError as refusal:
                self.message_user(request, refusal.detail, messages.ERROR)
