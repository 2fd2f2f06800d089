"""The administration of the words by which an emergency is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contactcenter.lib.admin import HistoryAdmin
from policies.models import ScreeningWord
from policies.words import forget_words

if TYPE_CHECKING:
    ScreeningWordModelForm = forms.ModelForm[ScreeningWord]
else:
    ScreeningWordModelForm = forms.ModelForm


class ScreeningWordForm(ScreeningWordModelForm):
    class Meta:
        model = ScreeningWord
        fields = ("language", "kind", "phrase")
        error_messages = {
            "language": {"required": _("Write the language of the phrase, such as en.")},
            "kind": {"required": _("Choose what the phrase means.")},
            "phrase": {"required": _("Write the phrase as residents write it, such as “fire at my house”.")},
        }


@admin.register(ScreeningWord)
class ScreeningWordAdmin(HistoryAdmin):
    """Emergency words and names of services; this process uses a change at once, others after a few seconds."""

    form = ScreeningWordForm
    list_display = ("phrase", "kind", "language")
    list_filter = ("kind", "language")
    search_fields = ("phrase",)
    list_per_page = 200

    def save_model(self, request: HttpRequest, obj: ScreeningWord, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(forget_words)

    def delete_model(self, request: HttpRequest, obj: ScreeningWord) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(forget_words)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ScreeningWord]) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(forget_words)
