"""What an administrator fills in about a certificate: its dates, and what was seen for each requirement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from agents import actions
from agents.models import Certificate, Evidence, Requirement, User
from contactcenter.lib.errors import DomainError
from contactcenter.lib.forms import say_refusal

if TYPE_CHECKING:
    CertificateModelForm = forms.ModelForm[Certificate]
else:
    CertificateModelForm = forms.ModelForm

LONGEST_TEXT = 2000


class WithdrawalForm(forms.Form):
    why = forms.CharField(
        label=_("Why"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text=_("Kept with the certificate and in its history."),
        error_messages={"required": _("Write why the certificate is withdrawn.")},
    )


class EvidenceForm(CertificateModelForm):
    """A form that lets an action check and write, so that what the action refuses is said at its field.

    The action is the last part of the validation; the page's transaction is around both.
    """

    acting: ClassVar[tuple[User, datetime]]
    written: Certificate

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # unknown to the stubs
        if self.errors:
            return
        try:
            self.written = self.write()
        except DomainError as refusal:
            say_refusal(self, refusal)

    def write(self) -> Certificate:
        raise NotImplementedError

    def save(self, commit: bool = True) -> Certificate:
        """Return what the action has written."""
        return self.written

    def save_m2m(self) -> None:
        """Write nothing more."""


class NewCertificateForm(EvidenceForm):
    """A new certificate, with evidence for requirements of its kind."""

    def write(self) -> Certificate:
        by, at = self.acting
        facts = self.cleaned_data
        seen = {number_of(name): facts[name] for name in facts if is_evidence(name) and facts[name]}
        return actions.note_certificate(
            facts["agent"],
            facts["kind"],
            valid_from=facts["valid_from"],
            valid_through=facts["valid_through"],
            evidence=seen,
            by=by,
            at=at,
        )


class MoreEvidenceForm(EvidenceForm):
    """A certificate that waits: evidence is added, nothing else changes."""

    def write(self) -> Certificate:
        by, at = self.acting
        for name in filter(is_evidence, self.changed_data):
            actions.add_evidence(self.instance.pk, number_of(name), self.cleaned_data[name], by=by, at=at)
        return self.instance


def evidence_fields(requirements: Iterable[Requirement], seen: Iterable[Evidence] = ()) -> dict[str, forms.Field]:
    """Return a field for each requirement, filled with what was seen already."""
    texts = {evidence.requirement_id: evidence.text for evidence in seen}
    return {
        evidence_name(requirement): forms.CharField(
            label=_("Alternative %(number)d: %(text)s") % {"number": requirement.alternative, "text": requirement.text},
            required=False,
            max_length=LONGEST_TEXT,
            initial=texts.get(requirement.pk, ""),
            widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
            help_text=_("What was seen, such as a document and its date. Empty: nothing yet."),
        )
        for requirement in requirements
    }


def evidence_name(requirement: Requirement) -> str:
    return f"evidence_{requirement.pk}"


def is_evidence(name: str) -> bool:
    return name.startswith("evidence_")


def number_of(name: str) -> int:
    return int(name.removeprefix("evidence_"))
