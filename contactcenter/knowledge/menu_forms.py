"""The rows of a menu as an administrator types them: the whole tree in one form, refused where it leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.knowledge.checks import SENTENCES
from contactcenter.knowledge.models import Menu, Node
from contactcenter.knowledge.rules import MAX_DEPTH, Row, faults_of

if TYPE_CHECKING:
    NodeModelForm = forms.ModelForm[Node]
    NodeInlineFormSet = forms.BaseInlineFormSet[Node, Menu, forms.ModelForm[Node]]
else:
    NodeModelForm, NodeInlineFormSet = forms.ModelForm, forms.BaseInlineFormSet


NO_CODE = {"invalid": gettext_lazy("Write small letters, digits and hyphens only, such as water-bills.")}


class NodeForm(NodeModelForm):
    """A row; the topic above it is named by its code, so that new rows can stand under new topics."""

    under = forms.SlugField(
        label=gettext_lazy("Under"),
        required=False,
        help_text=gettext_lazy("The code of the topic above it. Empty: at the top."),
        error_messages=NO_CODE,
    )
    field_order = ("label", "kind", "code", "under", "position", "text", "page", "department", "topic")

    class Meta:
        model = Node
        fields = ("code", "position", "label", "kind", "text", "page", "department", "topic")
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}
        error_messages = {"code": NO_CODE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.parent is not None:
            self.initial["under"] = self.instance.parent.code

    def row(self) -> Row:
        facts = self.cleaned_data
        return Row(facts["code"], facts["under"], facts["kind"], facts["text"], facts["page"])


class NodeFormSet(NodeInlineFormSet):
    """All rows of a menu."""

    def typed(self) -> list[NodeForm]:
        """Return the forms of the rows that there will be."""
        new = [form for form in self.extra_forms if form.has_changed()]
        left = [form for form in (*self.initial_forms, *new) if form not in self.deleted_forms]
        return cast(list[NodeForm], left)

    def clean(self) -> None:
        """Refuse a tree that leads nowhere, each fault at its field. Source: SJ-IVR."""
        if any(self.errors):
            return
        forms_typed = self.typed()
        if not forms_typed and self.instance.is_shown:
            raise forms.ValidationError(_("A menu that is shown needs a row. Add one, or do not show it."))
        for fault in faults_of([form.row() for form in forms_typed]):
            form = forms_typed[fault.row]
            facts = {"under": form.cleaned_data.get("under", ""), "depth": MAX_DEPTH}
            form.add_error(fault.field, str(SENTENCES[fault.ill]) % facts)

    def nodes(self) -> list[Node]:
        """Return the rows as they will be, each with the row above it."""
        typed = self.typed()
        by_code = {form.cleaned_data["code"]: form.instance for form in typed}
        for form in typed:
            form.instance.parent = by_code.get(form.cleaned_data["under"])
        return [form.instance for form in typed]

    def save(self, commit: bool = True) -> list[Node]:
        """Save the rows, and then what is under what: a new topic has to be there first."""
        saved: list[Node] = super().save(commit)
        if commit:
            before = {form.instance.pk: form.instance.parent_id for form in self.typed()}
            for node in self.nodes():
                if node.parent_id != before[node.pk]:
                    node.save()
        return saved
