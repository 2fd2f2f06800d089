"""What a chat was about, from the city's list. Reads only."""

from __future__ import annotations

from django.utils.translation import gettext as _

from chat.projection import Frame
from contactcenter.cases.models import Topic
from contactcenter.lib.errors import Invalid


def guard_topic(code: str, department_id: int) -> None:
    """Raise `Invalid` for what is no active topic of the department; none at all is allowed."""
    if code and not Topic.objects.offered_to(department_id).filter(code=code).exists():
        raise Invalid(_("Choose a topic from the list."), field="topic")


def offered_topics() -> list[Frame]:
    """Return the topics by which agents sort a chat; `department` is a code, or null for everybody's."""
    rows = Topic.objects.filter(is_active=True).select_related("department").order_by("name", "code")
    return [
        {"code": row.code, "name": row.name, "department": row.department.code if row.department else None}
        for row in rows
    ]
