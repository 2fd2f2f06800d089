"""Whether what this room keeps was kept: from what was stored."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.actions.service import RULE as BACK_UP
from agents.service import PlanStanding, plans_standing
from policies.conformance import Finding, Period, keep


def register() -> None:
    """Tell the register what is kept here."""
    keep(
        BACK_UP,
        how=gettext_lazy(
            "A supervisor turns the back-up mode of a channel on, and each turn is written down; drills that are due "
            "are listed."
        ),
        check=check_back_up,
        lacks=gettext_lazy("The back-up modes of the other channels come with the channels, in step 7."),
    )


def check_back_up(period: Period) -> Finding:
    """Each plan names people and was tried out in time, as it stands at the end of the period. Source: SJ-BACK."""
    plans = plans_standing(on=timezone.localtime(period.end).date())
    if not plans:
        return Finding(0, departure=_("No channel has a back-up plan. An administrator writes it down."))
    broken = tuple(f"{each.plan.channel}: {fault}" for each in plans if (fault := _fault(each)))
    return Finding(len(plans), broken)


def _fault(standing: PlanStanding) -> str:
    if not standing.plan.people.all():
        return _("nobody is named")
    if standing.drill is None:
        return _("never tried out")
    return _("its drill is overdue") if standing.is_overdue else ""
