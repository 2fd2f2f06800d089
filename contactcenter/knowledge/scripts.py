"""What an agent may insert. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import Agent, Department
from contactcenter.knowledge.models import Script, Sequence, Step
from contactcenter.lib.errors import WrongState
from policies.versions import in_force, rules_in_force

RULE = "EM-SCR"


def guard_adopted(*, at: datetime) -> None:
    """Refuse where the city has not adopted scripts. Raises `WrongState`. Source: EM-SCR."""
    if in_force(RULE, at=at) is None:
        raise WrongState(
            _("This city has not adopted EM-SCR, so there are no scripts. An administrator can adopt the rule.")
        )


def offered_to(agent: Agent, *, at: datetime) -> dict[str, Any]:
    """Return the scripts and sequences that she may insert at an instant; none unless adopted. Source: EM-SCR."""
    held = rules_in_force(at=at)
    if RULE not in held:
        return {"scripts": [], "sequences": []}
    on = timezone.localtime(at).date()
    scripts = Script.objects.for_agent(agent).select_related("department", "about").prefetch_related("about__names")
    named = Step.objects.select_related("script__about").prefetch_related("script__about__names")
    steps = Prefetch("steps", named)
    sequences = Sequence.objects.filter(is_active=True).prefetch_related(steps)
    return {
        "scripts": [
            {
                "id": script.pk,
                "name": script.name,
                "text": script.text,
                "department": script.department.code if script.department else None,
                "language": script.language_id,
                "personal": script.owner_id is not None,
                "uses": script.uses,
                "overdue": script.is_overdue(on=on),
                "about": _facts_of(script.about),
            }
            for script in scripts
        ],
        "sequences": [_plain(each) for each in sequences if each.rule in held or not each.rule],
    }


def _plain(sequence: Sequence) -> dict[str, Any]:
    return {
        "id": sequence.pk,
        "key": sequence.key,
        "name": sequence.name,
        "language": sequence.language_id,
        "outcome": sequence.outcome,
        "rule": sequence.rule or None,
        "steps": [
            {"text": step.script.text, "script": step.script_id, "about": _facts_of(step.script.about)}
            for step in sequence.steps.all()
        ],
    }


def _facts_of(department: Department | None) -> dict[str, Any] | None:
    """Return what a referral says of the department that it names, in a chat of any language. Source: EM-REF."""
    if department is None:
        return None
    return {
        "department": department.name,
        "names": department.names_by_language(),
        "phone": department.phone,
        "email": department.email,
        "page": department.page,
    }
