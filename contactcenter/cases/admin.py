"""The administration of topics; tasks and customers are worked on the desk."""

from __future__ import annotations

from django.contrib import admin

from contactcenter.cases.models import Topic
from contactcenter.lib.admin import ConfigAdmin


@admin.register(Topic)
class TopicAdmin(ConfigAdmin):
    list_display = ("name", "code", "department", "is_active")
    list_filter = ("is_active", "department")
    search_fields = ("name", "code")
    list_select_related = ("department",)
