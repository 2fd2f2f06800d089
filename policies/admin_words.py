"""The administration of the rows that the screening heeds: emergency words, profane words, domains for links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contactcenter.lib.admin import HistoryAdmin
from policies.models import LinkDomain, ProfanityWord, ScreeningWord
from policies.words import forget_words

if TYPE_CHECKING:
    ScreeningWordModelForm = forms.ModelForm[ScreeningWord]
    ProfanityWordModelForm = forms.ModelForm[ProfanityWord]
    LinkDomainModelForm = forms.ModelForm[LinkDomain]
else:
    ScreeningWordModelForm = ProfanityWordModelForm = LinkDomainModelForm = forms.ModelForm


class ScreeningWordForm(ScreeningWordModelForm):
    class Meta:
        model = ScreeningWord
        fields = ("language", "kind", "phrase")
        error_messages = {
            "language": {"required": _("Write the language of the phrase, such as en.")},
            "kind": {"required": _("Choose what the phrase means.")},
            "phrase": {"required": _("Write the phrase as residents write it, such as “fire at my house”.")},
        }


class ProfanityWordForm(ProfanityWordModelForm):
    class Meta:
        model = ProfanityWord
        fields = ("language", "kind", "phrase")
        error_messages = {
            "language": {"required": _("Write the language of the word, such as en.")},
            "kind": {"required": _("Choose whether it is a profane word, or a name that is none.")},
            "phrase": {"required": _("Write the word, or the whole name.")},
        }


class LinkDomainForm(LinkDomainModelForm):
    class Meta:
        model = LinkDomain
        fields = ("domain",)
        error_messages = {"domain": {"required": _("Write a domain, such as maplebrook.example.")}}


class RememberedAdmin(HistoryAdmin):
    """Rows that are remembered: this process uses a change at once, others after a few seconds."""

    list_per_page = 200

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(forget_words)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(forget_words)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(forget_words)


@admin.register(ScreeningWord)
class ScreeningWordAdmin(RememberedAdmin):
    """Emergency words and names of services."""

    form = ScreeningWordForm
    list_display = ("phrase", "kind", "language")
    list_filter = ("kind", "language")
    search_fields = ("phrase",)


@admin.register(ProfanityWord)
class ProfanityWordAdmin(RememberedAdmin):
    """Words that agents do not write, and names that hold such words. Source: EM-COM-C."""

    form = ProfanityWordForm
    list_display = ("phrase", "kind", "language")
    list_filter = ("kind", "language")
    search_fields = ("phrase",)


@admin.register(LinkDomain)
class LinkDomainAdmin(RememberedAdmin):
    """Sites to which an agent's links can be pressed. Source: EM-LINK."""

    form = LinkDomainForm
    list_display = ("domain",)
    search_fields = ("domain",)
