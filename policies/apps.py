from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    name = "policies"
    verbose_name = _("Policy")

    def ready(self) -> None:
        from policies import own_checks  # its models exist only now

        own_checks.register()
