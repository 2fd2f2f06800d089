"""Which certificates a preset's city asks for."""

from __future__ import annotations

from typing import Any

from agents.models import CertificateKind, Requirement
from contactcenter.presets.files import Preset


def load_kinds(preset: Preset, *, reset: bool) -> set[str]:
    """Make the kinds of certificates that are not there, and return their codes; with `reset` set the others back."""
    return {row["code"] for row in preset.certificates if _load_kind(dict(row), reset=reset)}


def _load_kind(row: dict[str, Any], *, reset: bool) -> bool:
    requirements = row.pop("requirements", [])
    code, row["language_id"] = row.pop("code"), row.pop("language", None)
    kind, is_new = CertificateKind.objects.get_or_create(code=code, defaults=row)
    if is_new:
        Requirement.objects.bulk_create(Requirement(kind=kind, **requirement) for requirement in requirements)
    elif reset:
        CertificateKind.objects.filter(pk=kind.pk).update(**row)
    return is_new
