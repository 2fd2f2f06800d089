"""The Celery application: beat wakes sweeps, workers run them."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")

app = Celery("townline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
