"""What an admin can set for the rules about offering, waiting, answering, passing on and following up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from policies.kinds import Number, Settable, say_seconds


def _say_offers(values: Mapping[str, Any]) -> str:
    return _(
        "A waiting chat is offered to one agent at a time, for %(offer)s. Who waits without a connection for "
        "%(abandoned)s leaves the queue; in a chat they show as away after %(away)s."
    ) % {
        "offer": say_seconds(values["offer_seconds"]),
        "abandoned": say_seconds(values["abandoned_seconds"]),
        "away": say_seconds(values["away_seconds"]),
    }


def _say_answers(values: Mapping[str, Any]) -> str:
    return _(
        "Who is away from the desk for %(desk)s gets no new chats. An agent who does not answer is reminded after "
        "%(remind)s, the supervisor is told %(tell)s later, and %(requeue)s after that the chat goes back to the queue."
    ) % {
        "desk": say_seconds(values["away_seconds"]),
        "remind": say_seconds(values["answer_seconds"]),
        "tell": say_seconds(values["supervisor_seconds"]),
        "requeue": say_seconds(values["requeue_seconds"]),
    }


def _say_choices(values: Mapping[str, Any]) -> str:
    return _(
        "In the queue and on hold there is a choice every %(time)s. A call back is due within %(minutes)d office "
        "minutes, a message within %(days)d business days."
    ) % {
        "time": say_seconds(values["seconds"]),
        "minutes": values["callback_minutes"],
        "days": values["message_days"],
    }


def _say_waits(values: Mapping[str, Any]) -> str:
    return _(
        "The expected wait is reckoned from the chats that were accepted in the last %(minutes)d minutes; with fewer "
        "than %(accepts)d of them nobody is told a time, only their place."
    ) % {"minutes": values["minutes"], "accepts": values["accepts"]}


def _say_follow_up(values: Mapping[str, Any]) -> str:
    sentence = ngettext(
        "A case that an agent opens from a chat is followed up within %(count)d week.",
        "A case that an agent opens from a chat is followed up within %(count)d weeks.",
        values["weeks"],
    )
    return sentence % {"count": values["weeks"]}


SERVICE: dict[str, Settable] = {
    "SJ-ACD": Settable(
        (
            Number(
                "offer_seconds",
                gettext_lazy("Seconds for which a chat is offered"),
                gettext_lazy(
                    "So long a waiting chat, and a seat, are reserved for the agent to whom it is offered; then it is "
                    "offered to the next. Holds for offers that are made from then on."
                ),
                5,
                600,
                default=30,
            ),
            Number(
                "abandoned_seconds",
                gettext_lazy("Seconds without a connection until a place in the queue is given up"),
                gettext_lazy(
                    "A resident who waits and whose browser has not been heard for so long has left; the chat ends as "
                    "abandoned."
                ),
                30,
                3600,
                default=120,
            ),
            Number(
                "away_seconds",
                gettext_lazy("Seconds without a connection until a resident shows as away"),
                gettext_lazy("In a running chat the agent then reads that the resident is away. It ends nothing."),
                5,
                3600,
                default=30,
            ),
        ),
        _say_offers,
    ),
    "EM-COM-D": Settable(
        (
            Number(
                "away_seconds",
                gettext_lazy("Seconds away from the desk until no chat is offered"),
                gettext_lazy(
                    "Counted from the agent's last key, click or message. Who is on a call or at the counter is left "
                    "alone. Running chats stay with the agent."
                ),
                30,
                7200,
                default=300,
            ),
            Number(
                "answer_seconds",
                gettext_lazy("Seconds until an agent is reminded to answer"),
                gettext_lazy("Counted from the first message of the resident that nobody has answered."),
                5,
                3600,
                default=60,
            ),
            Number(
                "supervisor_seconds",
                gettext_lazy("Seconds from the reminder until the supervisor is told"),
                gettext_lazy("Counted from when the reminder was really sent."),
                5,
                3600,
                default=60,
            ),
            Number(
                "requeue_seconds",
                gettext_lazy("Seconds from then until the chat goes back to the queue"),
                gettext_lazy("Counted from when the supervisor was told. It goes to the head of the queue."),
                5,
                3600,
                default=60,
            ),
        ),
        _say_answers,
    ),
    "EM-COM-Daii": Settable(
        (
            Number(
                "busy_seconds",
                gettext_lazy("Seconds until a waiting resident is told that all are busy"),
                gettext_lazy("Where no seat is free it is said at once; in any case after so long without an answer."),
                0,
                600,
                default=30,
            ),
        ),
        lambda values: (
            _("Who waits is told at once, or after %(time)s, that all are busy, and how else to reach us.")
            % {"time": say_seconds(values["busy_seconds"])}
        ),
    ),
    "DF-WAIT": Settable(
        (
            Number(
                "accepts",
                gettext_lazy("Accepted chats from which on a wait is told"),
                gettext_lazy("With fewer, of the department and language, no time is told: it would be a guess."),
                1,
                500,
                default=5,
            ),
            Number(
                "minutes",
                gettext_lazy("Minutes that are looked back"),
                gettext_lazy("A short time follows a rush sooner, a long one jumps less."),
                5,
                240,
                default=30,
            ),
        ),
        _say_waits,
    ),
    "DF-HOLD": Settable(
        (
            Number(
                "seconds",
                gettext_lazy("Seconds of waiting until there is a choice"),
                gettext_lazy(
                    "In the queue and on hold, and after so long again. Holds for waits that begin from then on."
                ),
                10,
                3600,
                default=120,
            ),
            Number(
                "callback_minutes",
                gettext_lazy("Office minutes until a call back is due"),
                gettext_lazy("Counted in the opening hours of the department."),
                1,
                6000,
                default=120,
            ),
            Number(
                "message_days",
                gettext_lazy("Business days until a message is to be answered"),
                gettext_lazy("Counted as the calendar of the department counts business days."),
                0,
                60,
                default=1,
            ),
        ),
        _say_choices,
    ),
    "PK-2W": Settable(
        (
            Number(
                "weeks",
                gettext_lazy("Weeks until a case is followed up"),
                gettext_lazy(
                    "A case that an agent opens from a chat is due at closing time of that day, or of the next "
                    "business day. Holds for cases that are opened from then on."
                ),
                1,
                26,
                default=2,
            ),
        ),
        _say_follow_up,
    ),
    "EM-FWD": Settable(
        (
            Number(
                "seconds",
                gettext_lazy("Seconds until a transfer that nobody accepts is over"),
                gettext_lazy(
                    "Until then the first agent keeps the chat, and afterwards, too. Holds for transfers that are "
                    "asked for from then on."
                ),
                5,
                600,
                default=60,
            ),
        ),
        lambda values: (
            _("A transfer that nobody accepts within %(time)s stays with the agent.")
            % {"time": say_seconds(values["seconds"])}
        ),
    ),
}
