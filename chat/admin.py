"""Wordings are edited here; sessions have a state machine and are not."""

from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from chat.models import Wording


@admin.register(Wording)
class WordingAdmin(SimpleHistoryAdmin):
    list_display = ("kind", "department", "language", "text")
    list_filter = ("kind", "language")
    list_select_related = ("department", "language")
