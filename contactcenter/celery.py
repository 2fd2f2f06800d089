"""The Celery application: beat wakes sweeps, workers run them."""

import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # its stubs leave it out
from celery.signals import setup_logging, task_postrun, task_prerun
from django.conf import settings

from contactcenter.lib import logs
from contactcenter.lib.request_id import request_id

warnings.simplefilter("ignore", SecurityWarning)  # about root: messages are JSON, which runs nothing
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")

app = Celery("townline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logs(**_facts: Any) -> None:
    """Celery would log what tasks were given and what exceptions say; with a receiver here it sets up nothing."""
    logs.set_up(settings.LOGGING)


@task_prerun.connect
def begin_task(task_id: str, **_facts: Any) -> None:
    request_id.set(task_id)


@task_postrun.connect
def end_task(**_facts: Any) -> None:
    request_id.set("")
