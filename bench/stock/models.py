"""One table, as a tutorial has it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Message(models.Model):
    """A message, neither numbered nor known again when it comes twice."""

    objects: ClassVar[models.Manager[Message]]

    session = models.CharField(max_length=36, db_index=True)
    sender = models.CharField(max_length=8)
    client_id = models.UUIDField()
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "stock"

    def __str__(self) -> str:
        return str(self.client_id)
