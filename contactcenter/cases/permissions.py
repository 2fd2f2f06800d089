"""Who may see which task, asked here by pages and API alike. Absent and foreign look the same."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agents.models import Agent
from contactcenter.cases.models import Task
from contactcenter.lib.errors import NotFound


def access_task(task_id: int, agent: Agent, *, lock: bool = False) -> Task:
    """Return a task that this agent may see, locked if asked. Raises `NotFound`."""
    tasks = Task.objects.locked() if lock else Task.objects.all()
    task = tasks.visible_to(agent).filter(pk=task_id).first()
    if task is None:
        raise NotFound(_("There is no such task on your list."))
    return task
