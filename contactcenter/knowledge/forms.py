"""What an agent fills in: a script of her own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Department, Language
from contactcenter.knowledge.actions import Words
from contactcenter.knowledge.checks import check_script_text, check_short_name
from contactcenter.knowledge.models import Script
from contactcenter.knowledge.rules import MAX_SCRIPT

if TYPE_CHECKING:
    DepartmentField = forms.ModelChoiceField[Department]
    LanguageField = forms.ModelChoiceField[Language]
else:
    DepartmentField = LanguageField = forms.ModelChoiceField


class OwnScriptForm(forms.Form):
    """A script that only this agent sees."""

    name = forms.CharField(
        label=_("Short name"),
        max_length=40,
        validators=[check_short_name],
        help_text=_("You find it with / and a part of its name."),
        error_messages={"required": _("Give the script a short name.")},
    )
    text = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 4}),
        validators=[MaxLengthValidator(MAX_SCRIPT), check_script_text],
        help_text=_(
            "May hold {customer}, {agent}, {department}, {phone}, {email}, {page} and {city}. "
            "Write nothing of a resident into it: a script is not deleted with the chat."
        ),
        error_messages={"required": _("Write what the script says.")},
    )
    language = LanguageField(Language.objects.none(), label=_("Language"), empty_label=None)
    department = DepartmentField(
        Department.objects.none(),
        label=_("Department"),
        required=False,
        empty_label=_("All of mine"),
        help_text=_("Listed first in chats of this department."),
    )

    def __init__(self, *args: Any, agent: Agent, script: Script | None = None, **kwargs: Any) -> None:
        if script is not None:
            kwargs["initial"] = {name: getattr(script, name) for name in ("name", "text", "language", "department")}
        super().__init__(*args, **kwargs)
        language, department = self.fields["language"], self.fields["department"]
        assert isinstance(language, forms.ModelChoiceField)
        assert isinstance(department, forms.ModelChoiceField)
        language.queryset = Language.objects.filter(is_active=True)
        department.queryset = Department.objects.filter(memberships__agent=agent)

    def words(self) -> Words:
        facts = self.cleaned_data
        return Words(facts["name"], facts["text"], facts["language"], facts["department"])
