"""Whom else people can be referred to: bodies outside of the city. Source: EM-COM-B."""

from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from agents.checks import check_phone
from agents.models.departments import Department, Language

HTTPS = URLValidator(schemes=["https"], message=_("Copy the address from the browser; it begins with https://."))


class OutsideBody(models.Model):
    """A body outside of the city that is responsible for something people ask the city about."""

    code = models.SlugField(
        _("code"), unique=True, help_text=_("Used by programs. Do not change it once referrals bear it.")
    )
    name = models.CharField(_("name"), max_length=150, unique=True, help_text=_("As residents read it."))
    responsible_for = models.CharField(
        _("responsible for"),
        max_length=300,
        help_text=_("In plain words, such as: electricity and its meters. Agents look for it by these words."),
    )
    phone = models.CharField(
        _("phone"),
        max_length=40,
        blank=True,
        validators=[check_phone],
        help_text=_("At least one way to reach it is needed."),
    )
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("Agents give it to residents."))
    page = models.URLField(
        _("web page"), blank=True, validators=[HTTPS], help_text=_("Agents link it; it begins with https://.")
    )
    departments = models.ManyToManyField(
        Department,
        related_name="outside_bodies",
        blank=True,
        verbose_name=_("departments"),
        help_text=_("Their agents are offered it first. None: everybody is offered it alike."),
    )
    languages = models.ManyToManyField(
        Language,
        related_name="+",
        blank=True,
        verbose_name=_("languages"),
        help_text=_("In which it answers, as far as is known."),
    )
    is_active = models.BooleanField(
        _("offered"), default=True, help_text=_("Agents can refer people to it. Off: it is listed no more.")
    )
    review_on = models.DateField(
        _("review on"),
        null=True,
        blank=True,
        help_text=_("When somebody looks whether it is still right. It ends nothing."),
    )
    history = HistoricalRecords(m2m_fields=[departments, languages])

    class Meta:
        verbose_name = _("outside body")
        verbose_name_plural = _("outside bodies")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(phone="", email="", page=""),
                name="agents_outsidebody_can_be_reached",
                violation_error_message=_("Give at least one way to reach it: phone, e-mail or web page."),
            )
        ]

    def __str__(self) -> str:
        return self.name
