"""The Celery application: beat wakes sweeps, workers run them."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # its stubs leave it out

warnings.simplefilter("ignore", SecurityWarning)  # about root: messages are JSON, which runs nothing
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")

app = Celery("townline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
