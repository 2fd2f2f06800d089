"""Wordings are edited here; sessions have a state machine and are not."""

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from chat.models import Wording


@admin.register(Wording)
class WordingAdmin(SimpleHistoryAdmin):
    list_display = ("kind", "department", "language", "beginning")
    list_filter = ("kind", "language")
    list_select_related = ("department", "language")

    @admin.display(description=_("text"))
    def beginning(self, wording: Wording) -> str:
        """The first words, so that a row of the list stays a line."""
        return Truncator(wording.text).chars(80)
