"""The directory: whom people can be referred to when one lacks the answer. Reads only. Source: EM-COM-B, EM-REF."""

from __future__ import annotations

from typing import Any
from unicodedata import combining, normalize

from agents.models import Department, OutsideBody


def directory() -> dict[str, list[dict[str, Any]]]:
    """Return the city's departments and the bodies outside of it, each with what reaches it; by name."""
    departments = Department.objects.filter(is_active=True).order_by("name")
    bodies = OutsideBody.objects.filter(is_active=True).prefetch_related("departments", "languages").order_by("name")
    return {
        "departments": [
            {"code": row.code, "name": row.name, "phone": row.phone, "email": row.email, "page": row.page}
            for row in departments
        ],
        "bodies": [_body(row) for row in bodies],
    }


def offered_departments(language: str) -> list[Department]:
    """Return the departments that residents may choose, the main one first, by name as it is read in a language."""
    rows = Department.objects.filter(is_active=True).prefetch_related("names")
    return sorted(rows, key=lambda row: (not row.is_default, _in_the_alphabet(row.name_in(language))))


def _in_the_alphabet(name: str) -> str:
    """Return what a name is sorted by: small letters without accents."""
    return "".join(letter for letter in normalize("NFD", name.casefold()) if not combining(letter))


def _body(row: OutsideBody) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "responsible_for": row.responsible_for,
        "phone": row.phone,
        "email": row.email,
        "page": row.page,
        "departments": sorted(each.code for each in row.departments.all()),
        "languages": sorted(each.code for each in row.languages.all()),
    }
