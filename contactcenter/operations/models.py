"""Signs of life of the processes behind the web."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a kind of process last showed itself; one row a kind."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"
