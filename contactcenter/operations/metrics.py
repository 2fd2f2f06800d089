"""The figures of the running service, read from the database at each scrape: the same whichever process is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.models import Agent, Department, Presence
from chat.models import ChatSession, Connection
from chat.retention import last_run
from chat.states import Status
from contactcenter.notices.models import Mail
from contactcenter.operations.models import Heartbeat


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, or one for each value of `label`; `samples` pairs that value with the number."""

    name: str
    meaning: str | Promise
    samples: tuple[tuple[str, float], ...]
    label: str = ""

    @property
    def unit(self) -> str:
        return "s" if self.name.endswith("_seconds") else ""


Source = Callable[[datetime], list[Figure]]


def read_figures(*, at: datetime) -> list[Figure]:
    """Ask every source of figures."""
    return [figure for source in SOURCES for figure in source(at)]


def as_text(figures: Iterable[Figure]) -> bytes:
    """Return the figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read(list(figures)))
    return generate_latest(registry)


class _Read(Collector):
    """Hands over what was read, once."""

    def __init__(self, figures: list[Figure]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for figure in self._figures:
            with translation.override("en"):
                family = GaugeMetricFamily(
                    figure.name, str(figure.meaning), labels=[figure.label] if figure.label else []
                )
            for value, number in figure.samples:
                family.add_metric([value] if figure.label else [], number)
            yield family


def seconds_since(then: datetime | None, at: datetime) -> float:
    """Return how long ago that was; 0 when it is still to come, or was never."""
    return max((at - then).total_seconds(), 0.0) if then is not None else 0.0


# Where the figures come from ------------------------------------------------
def _queues(at: datetime) -> list[Figure]:
    waiting = (
        ChatSession.objects.queued().values("department__code").annotate(chats=Count("pk"), since=Min("queued_at"))
    )
    found = {row["department__code"]: row for row in waiting.order_by()}
    codes = sorted({*Department.objects.filter(is_active=True).values_list("code", flat=True), *found})
    depth = tuple((code, float(found[code]["chats"]) if code in found else 0.0) for code in codes)
    wait = tuple((code, seconds_since(found[code]["since"], at) if code in found else 0.0) for code in codes)
    return [
        Figure("townline_queue_chats", _("Chats that wait for an agent."), depth, "department"),
        Figure("townline_queue_longest_wait_seconds", _("How long the first of them waits."), wait, "department"),
    ]


def _running(at: datetime) -> list[Figure]:
    running = ChatSession.objects.filter(status__in=[Status.ACTIVE, Status.ON_HOLD])
    found = running.aggregate(
        chats=Count("pk"), due=Min("idle_deadline", filter=Q(status=Status.ACTIVE, idle_deadline__lte=at))
    )
    wrapping = ChatSession.objects.filter(wrap_up_deadline__lte=at).aggregate(due=Min("wrap_up_deadline"))
    oldest = min((due for due in (found["due"], wrapping["due"]) if due is not None), default=None)
    return [
        Figure("townline_chats_active", _("Chats in conversation or on hold."), (("", float(found["chats"])),)),
        Figure(
            "townline_timer_lag_seconds",
            _("How long the oldest timer of a chat is due without having acted."),
            (("", seconds_since(oldest, at)),),
        ),
    ]


def _sockets(at: datetime) -> list[Figure]:
    found = Connection.objects.fresh(at=at).aggregate(customer=Count("session"), staff=Count("agent"))
    samples = tuple((side, float(found[side])) for side in ("customer", "staff"))
    return [Figure("townline_sockets_open", _("Open sockets of all processes."), samples, "side")]


def _people(at: datetime) -> list[Figure]:
    found = dict(Agent.objects.filter(user__is_active=True).order_by().values_list("presence").annotate(Count("pk")))
    samples = tuple((presence, float(found.get(presence, 0))) for presence in Presence.values)
    return [Figure("townline_agents", _("Agents by presence."), samples, "presence")]


def _processes(at: datetime) -> list[Figure]:
    samples = tuple((beat.name, seconds_since(beat.at, at)) for beat in Heartbeat.objects.order_by("name"))
    meaning = _("How long ago the worker and beat last showed themselves.")
    return [Figure("townline_heartbeat_age_seconds", meaning, samples, "process")]


def _outbox(at: datetime) -> list[Figure]:
    found = Mail.objects.aggregate(
        waiting=Count("pk", filter=Q(next_attempt_at__isnull=False)),
        failing=Count("pk", filter=Q(sent_at__isnull=True, attempts__gt=0)),
        due=Min("next_attempt_at", filter=Q(next_attempt_at__lte=at)),
    )
    return [
        Figure(
            "townline_outbox_mails_waiting", _("Mails that are still to be sent."), (("", float(found["waiting"])),)
        ),
        Figure(
            "townline_outbox_mails_failing",
            _("Mails that were tried and not sent, given up or to be tried again."),
            (("", float(found["failing"])),),
        ),
        Figure(
            "townline_outbox_oldest_due_seconds",
            _("How long the oldest mail that is due waits to be sent."),
            (("", seconds_since(found["due"], at)),),
        ),
    ]


def _retention(at: datetime) -> list[Figure]:
    last = last_run()
    found = ChatSession.objects.aggregate(
        oldest=Min("ended_at", filter=Q(retained=False)), kept=Count("pk", filter=Q(retained=True))
    )
    age = seconds_since(last.started_at if last else None, at)
    oldest = seconds_since(found["oldest"], at)
    return [
        Figure("townline_purge_age_seconds", _("How long ago the purge ran; 0 before its first run."), (("", age),)),
        Figure(
            "townline_transcript_oldest_seconds",
            _("How long ago the oldest chat ended that nothing keeps and that is still there."),
            (("", oldest),),
        ),
        Figure("townline_chats_kept", _("Chats that are kept under a mark."), (("", float(found["kept"])),)),
    ]


# Each is a statement or two; a further one is added here.
SOURCES: tuple[Source, ...] = (_queues, _running, _sockets, _people, _processes, _outbox, _retention)
