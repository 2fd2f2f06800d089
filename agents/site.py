"""Django's administration, for administrators who came through our own log-in page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from agents.views import log_out


class StaffAdminSite(AdminSite):
    site_header = settings.CITY_NAME
    site_title = _("Administration")
    index_title = _("Administration")
    site_url = "/accounts/"
    enable_nav_sidebar = True

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send everybody to the one log-in page, which knows the lock and the second factor."""
        if request.user.is_authenticated:
            raise PermissionDenied(_("The administration is for administrators."))
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or "/admin/")

    def password_change(  # type: ignore[override]  # the stubs know only Django's own page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send the person to the page that mails a link, after which every log-in ends."""
        return redirect("agents:forgotten")

    def logout(  # type: ignore[override]  # the stubs know only Django's own page after it
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log out as every page does."""
        return log_out(request)
