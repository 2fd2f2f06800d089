"""What the style guide shows: the tokens and icons as they stand in the files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

SWATCHES = [
    ("paper", "the page"),
    ("surface", "panes, cards, fields"),
    ("sunken", "wells"),
    ("ink", "text"),
    ("ink-2", "second text"),
    ("line-strong", "edges, 3:1"),
    ("bar", "header"),
    ("brook", "act, link, selected"),
    ("brook-soft", "own words"),
    ("rule", "a rule acted"),
    ("rule-soft", "a rule is about to"),
    ("note", "staff only"),
    ("ok", "kept, done"),
    ("warn", "soon"),
    ("bad", "late, not kept"),
    ("focus", "the ring"),
]


class ExampleForm(forms.Form):
    """A form with something wrong, to look at."""

    name = forms.CharField(label=_("Your name"), help_text=_("As on your bill"))
    phone = forms.CharField(label=_("Phone"), min_length=7, required=False)
    call_back = forms.BooleanField(label=_("Call me back"), required=False)
    channel = forms.ChoiceField(
        label=_("Answer by"), choices=[("chat", _("Chat")), ("phone", _("Phone"))], widget=forms.RadioSelect
    )


def context() -> dict[str, Any]:
    """Return swatches, icon names and an example form with errors."""
    return {
        "swatches": SWATCHES,
        "icons": icon_names(),
        "form": ExampleForm({"name": "Tomasz Lind", "phone": "555"}),
    }


def icon_names() -> list[str]:
    """Return the ids of the icons, in the order of the file; the mark is not one."""
    drawn = (Path(settings.BASE_DIR) / "static" / "icons.svg").read_text()
    return [name for name in re.findall(r'<symbol id="([a-z-]+)"', drawn) if name != "mark"]
