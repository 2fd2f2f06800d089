"""Every write of this room but the administration's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from agents.models import Agent, Department, Language
from contactcenter.knowledge.checks import check_script_words
from contactcenter.knowledge.models import Script
from contactcenter.knowledge.permissions import access_own_script, access_script
from contactcenter.knowledge.scripts import guard_adopted
from contactcenter.lib.errors import Invalid, WrongState

MOST_OWN = 200


@dataclass(frozen=True)
class Words:
    """What an agent writes of a script of her own."""

    name: str
    text: str
    language: Language
    department: Department | None = None


@transaction.atomic
def write_own_script(words: Words, *, by: Agent, script_id: int | None = None, at: datetime) -> Script:
    """Write a script that only she sees, or rewrite one. Raises `NotFound`, `Invalid`, `WrongState`. Source: EM-SCR."""
    guard_adopted(at=at)
    Agent.objects.locked().get(pk=by.pk)  # two windows write one after the other
    if script_id is None and Script.objects.filter(owner=by).count() >= MOST_OWN:
        raise WrongState(_("You have %(count)d scripts of your own. Delete one first.") % {"count": MOST_OWN})
    script = Script(owner=by) if script_id is None else access_own_script(script_id, by)
    script.name, script.text = words.name, words.text
    script.language, script.department = words.language, words.department
    script._history_user = by.user  # type: ignore[attr-defined]  # who did it, for the history
    _save(script, at=at)
    return script


def _save(script: Script, *, at: datetime) -> None:
    try:
        script.full_clean()
        check_script_words(script.text, at=at)
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        raise Invalid(" ".join(sentences), field="name" if field == "__all__" else field) from None
    script.save()


@transaction.atomic
def delete_own_script(script_id: int, *, by: Agent) -> None:
    """Delete one of her own scripts. Raises `NotFound`. Source: EM-SCR."""
    script = access_own_script(script_id, by)
    script._history_user = by.user  # type: ignore[attr-defined]
    script.delete()


@transaction.atomic
def count_use(script_id: int, *, by: Agent, at: datetime) -> None:
    """Note that she inserted a script. Raises `NotFound`, `WrongState`. Source: EM-SCR."""
    guard_adopted(at=at)
    script = access_script(script_id, by)
    Script.objects.filter(pk=script.pk).update(uses=F("uses") + 1, used_at=at)
