"""Why something happened: the rule, its clause, its version and the figures, in one sentence for people."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from policies.hours import say_plain_date
from policies.models import RuleVersion


def why(version: RuleVersion, sentence: str, **figures: Any) -> dict[str, Any]:
    """Return what an automatic event bears in its `data`: figures, version, clause, and the reason in words."""
    return {**figures, "version": version.number, "clause": version.clause, "why": f"{sentence} {source_of(version)}"}


def source_of(version: RuleVersion) -> str:
    """Say where a rule comes from, and since when it holds."""
    facts = {
        "rule": version.rule,
        "number": version.number,
        "date": say_plain_date(timezone.localtime(version.effective_from)),
    }
    if version.document is None or not version.clause:
        return _("A rule of this city (%(rule)s, version %(number)d, since %(date)s).") % facts
    facts |= {"title": version.document.title, "clause": version.clause}
    return _("%(title)s, %(clause)s (%(rule)s, version %(number)d, since %(date)s).") % facts
