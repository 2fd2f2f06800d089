"""The addresses of the product; each room lists its own, in full."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("contactcenter.operations.urls")),
    path("", include("chat.urls")),
    path("", include("policies.urls")),
    path("", include("agents.urls")),
    path("", include("contactcenter.notices.urls")),
    path("", include("contactcenter.knowledge.urls")),
    path("", include("contactcenter.desk.urls")),
    path("", include("contactcenter.reports.urls")),
    path("", include("contactcenter.portal.urls")),
    path("admin/", admin.site.urls),
]
