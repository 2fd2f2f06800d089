"""The states of a chat session, and the moves between them (see docs/states.md)."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.lib.errors import DomainError, WrongState


class Status(TextChoices):
    QUEUED = "queued", gettext_lazy("Waiting")
    ACTIVE = "active", gettext_lazy("In conversation")
    ON_HOLD = "on_hold", gettext_lazy("On hold")
    ENDED = "ended", gettext_lazy("Ended")


class Outcome(TextChoices):
    RESOLVED = "resolved", gettext_lazy("Resolved")
    REFERRED = "referred", gettext_lazy("Referred")
    OFF_TOPIC = "off_topic", gettext_lazy("Off topic")
    CONDUCT = "conduct", gettext_lazy("Ended for conduct")
    EMERGENCY = "emergency", gettext_lazy("Emergency")
    CASE_OPENED = "case_opened", gettext_lazy("Case opened")
    CUSTOMER_ENDED = "customer_ended", gettext_lazy("Ended by the resident")
    INACTIVE = "inactive", gettext_lazy("Resident went silent")
    ABANDONED = "abandoned", gettext_lazy("Resident left the queue")
    CLOSED = "closed", gettext_lazy("Office closed")


AGENT_OUTCOMES = frozenset(
    {Outcome.RESOLVED, Outcome.REFERRED, Outcome.OFF_TOPIC, Outcome.CONDUCT, Outcome.EMERGENCY, Outcome.CASE_OPENED}
)

ALLOWED: dict[str, frozenset[str]] = {
    Status.QUEUED: frozenset({Status.ACTIVE, Status.ENDED}),
    Status.ACTIVE: frozenset({Status.QUEUED, Status.ON_HOLD, Status.ENDED}),
    Status.ON_HOLD: frozenset({Status.ACTIVE, Status.QUEUED, Status.ENDED}),
    Status.ENDED: frozenset(),
}


def check_transition(before: str, after: str) -> None:
    """Raise `ended` or `WrongState` unless the table allows the move."""
    if after in ALLOWED[before]:
        return
    if before == Status.ENDED:
        raise DomainError("ended", _("This chat has ended."))
    raise WrongState(_("This chat is not in a state that allows that. Reload to see where it stands."))
