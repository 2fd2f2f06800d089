"""What an admin can set for the rules about how many chats one person may hold, and about the back-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from policies.kinds import Number, Settable, say_seconds
from policies.rungs import Rungs

BEGINNING: list[dict[str, Any]] = [
    {"chats": 0, "seats": 1},
    {"chats": 100, "operator": ">", "percent": 80, "seconds": 60, "seats": 2},
    {"chats": 500, "operator": ">=", "percent": 80, "seconds": 60, "seats": 3},
]


def say_rung(rung: Mapping[str, Any]) -> str:
    """Return a rung in words: what it asks for, and how many chats at once it allows."""
    asked = [ngettext("%(count)d finished chat", "%(count)d finished chats", rung["chats"]) % {"count": rung["chats"]}]
    if "percent" in rung:
        sentence = _("more than %(percent)d %% satisfied") if rung["operator"] == ">" else _("%(percent)d %% satisfied")
        asked.append(sentence % {"percent": rung["percent"]})
    if "seconds" in rung:
        asked.append(_("a first response below %(time)s") % {"time": say_seconds(rung["seconds"])})
    return _("%(seats)d after %(asked)s.") % {"seats": rung["seats"], "asked": ", ".join(asked)}


def _say_ladder(values: Mapping[str, Any]) -> str:
    first, *others = values["rungs"]
    sentences = [
        ngettext(
            "Everybody begins with %(count)d chat at once.",
            "Everybody begins with %(count)d chats at once.",
            first["seats"],
        )
        % {"count": first["seats"]},
        *map(say_rung, others),
        _("Nobody holds more than %(maximum)d, and a trainee no more than %(trainee_seats)d.") % values,
    ]
    return " ".join(sentences)


def _say_steps_down(values: Mapping[str, Any]) -> str:
    return _(
        "Who falls below %(below)d %% satisfied, or needs %(time)s or more for the first response, steps down by one "
        "rung. That is measured over the last %(window)d chats once %(ratings)d of them are rated, and at least "
        "%(between)d chats lie between two steps."
    ) % {
        "below": values["below_satisfaction"],
        "time": say_seconds(values["first_response_seconds"]),
        "window": values["window"],
        "ratings": values["min_ratings"],
        "between": max(1, values["chats_between"]),
    }


LADDER: dict[str, Settable] = {
    "EM-CAP": Settable(
        (
            Rungs(
                "rungs",
                gettext_lazy("Rungs"),
                gettext_lazy(
                    "One line for each number of chats at once, from the lowest. Whoever meets all that a line asks "
                    "for may hold so many. The first line asks for nothing. Everybody is placed anew when this changes."
                ),
                default=BEGINNING,
            ),
            Number(
                "maximum",
                gettext_lazy("Most chats at once"),
                gettext_lazy("Nobody holds more, whatever the ladder says. Chats that run stay."),
                1,
                100,
                default=3,
            ),
            Number(
                "trainee_seats",
                gettext_lazy("Most chats at once for a trainee"),
                gettext_lazy("For people whose only role on the desk is trainee. Chats that run stay."),
                1,
                100,
                default=1,
            ),
        ),
        _say_ladder,
    ),
    "EM-CAP-down": Settable(
        (
            Number(
                "below_satisfaction",
                gettext_lazy("Step down below so many percent satisfied"),
                gettext_lazy("Of the rated chats in the window, those rated 4 or 5. Exactly this many is not below."),
                0,
                100,
                default=80,
            ),
            Number(
                "first_response_seconds",
                gettext_lazy("Step down from so many seconds until the first response on"),
                gettext_lazy("The mean over the window, from when the offer was shown. Exactly this many counts."),
                1,
                3600,
                default=60,
            ),
            Number(
                "window",
                gettext_lazy("Last chats that are looked at"),
                gettext_lazy("Only so many of the latest finished chats decide about a step down."),
                1,
                10_000,
                default=100,
            ),
            Number(
                "min_ratings",
                gettext_lazy("Least ratings"),
                gettext_lazy("With fewer rated chats in the window nobody steps down."),
                1,
                10_000,
                default=10,
            ),
            Number(
                "chats_between",
                gettext_lazy("Finished chats between two steps down"),
                gettext_lazy("After a step down, the next one comes no sooner than so many finished chats later."),
                0,
                10_000,
                default=20,
            ),
        ),
        _say_steps_down,
    ),
    "SJ-BACK": Settable(
        (
            Number(
                "drill_days",
                gettext_lazy("Days between drills"),
                gettext_lazy(
                    "The back-up of each channel is to be tried out so many days after the last drill. Overdue ones "
                    "are listed for supervisors. Holds for drills that are noted from then on."
                ),
                1,
                1000,
                default=90,
            ),
        ),
        lambda values: (
            ngettext(
                "The back-up is tried out every %(count)d day.",
                "The back-up is tried out every %(count)d days.",
                values["drill_days"],
            )
            % {"count": values["drill_days"]}
        ),
    ),
}
