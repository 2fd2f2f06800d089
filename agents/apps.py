from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = _("staff")


class StaffAdminConfig(AdminConfig):
    default_site = "agents.site.StaffAdminSite"
