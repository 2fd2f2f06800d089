from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "agents"
    default = True
    verbose_name = _("staff")

    def ready(self) -> None:
        from agents import conformance
        from policies.reviews import register_reviewable

        register_reviewable("agents.CertificateKind")
        register_reviewable("agents.OutsideBody")
        conformance.register()


class StaffAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "agents.site.StaffAdminSite"
