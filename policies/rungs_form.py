"""The field in which an administrator types the rungs of a ladder: a fixed set of lines, empty ones left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policies.rungs import MOST_RUNGS, OPERATORS, Rungs, examine

COLUMNS = {
    "chats": gettext_lazy("Chats needed"),
    "operator": gettext_lazy("Satisfied"),
    "percent": gettext_lazy("Percent"),
    "seconds": gettext_lazy("First response below, in seconds"),
    "seats": gettext_lazy("Chats at once"),
}
LINES = range(1, MOST_RUNGS + 1)


def _labelled(widget: type[forms.Widget], line: int, name: str, **more: Any) -> forms.Widget:
    label = _("Line %(line)d: %(what)s") % {"line": line, "what": COLUMNS[name]}
    attrs = {"aria-label": label} if name == "operator" else {"aria-label": label, "size": 6, "inputmode": "numeric"}
    return widget(attrs=attrs, **more)


class RungsInput(forms.MultiWidget):
    """A table of plain fields, one line for each rung."""

    template_name = "admin/policies/rungs.html"
    use_fieldset = True

    def __init__(self) -> None:
        signs = [("", _("any")), *((sign, sign) for sign in OPERATORS)]
        super().__init__(
            {
                f"{line}_{name}": _labelled(forms.Select, line, name, choices=signs)
                if name == "operator"
                else _labelled(forms.TextInput, line, name)
                for line in LINES
                for name in COLUMNS
            }
        )

        self.faulty: set[str] = set()  # cells, as `2_chats`

    def decompress(self, value: Any) -> list[Any]:
        return as_cells(value or [])

    def get_context(self, name: str, value: Any, attrs: Mapping[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, dict(attrs or {}))
        cells, width = context["widget"]["subwidgets"], len(COLUMNS)
        for cell in cells:
            if cell["name"].removeprefix(f"{name}_") not in self.faulty:
                cell["attrs"].pop("aria-invalid", None)
        context["widget"]["columns"] = COLUMNS.values()
        context["widget"]["lines"] = [cells[start : start + width] for start in range(0, len(cells), width)]
        return context


class HiddenRungs(RungsInput):
    """The same, as the preview sends it along."""

    template_name = "django/forms/widgets/multiple_hidden.html"
    use_fieldset = False

    def __init__(self) -> None:
        super().__init__()
        self.widgets = [forms.HiddenInput() for _cell in self.widgets]


class RungsField(forms.Field):
    """The rungs as `Rungs` keeps them; all that is wrong is said with its line, and marked in its field."""

    widget = RungsInput
    hidden_widget = HiddenRungs

    def __init__(self, *, kind: Rungs, **about: Any) -> None:
        super().__init__(**about)
        self.kind = kind

    def prepare_value(self, value: Any) -> Any:
        return as_cells(value) if _are_rungs(value) else value

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        lines = _read(value or [])
        if not lines:
            return []  # the action asks for them, unless the rule is withdrawn
        rungs, faults = examine(list(lines.values()))
        places = list(lines)
        found = [replace(fault, line=fault.line and places[fault.line - 1]) for fault in faults]
        self.widget.faulty = {f"{fault.line}_{column}" for fault in found for column in fault.columns}
        if found:
            raise ValidationError([self.kind.say(fault) for fault in found])
        return rungs


def as_cells(rungs: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return rungs as the flat list of what stands in the fields."""
    lines = [[rung.get(name, "") for name in COLUMNS] for rung in rungs]
    lines += [[""] * len(COLUMNS)] * (MOST_RUNGS - len(lines))
    return [cell for line in lines for cell in line]


def _are_rungs(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


def _read(cells: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """Return the lines in which something stands, by their number; figures as numbers, others as they were typed."""
    width = len(COLUMNS)
    lines = [dict(zip(COLUMNS, cells[start : start + width], strict=False)) for start in range(0, len(cells), width)]
    return {
        number: {name: _figure(cell) for name, cell in line.items()}
        for number, line in enumerate(lines, start=1)
        if any(str(c).strip() for c in line.values() if c)
    }


def _figure(cell: Any) -> Any:
    text = str(cell or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
