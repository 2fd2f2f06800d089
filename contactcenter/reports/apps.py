from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "contactcenter.reports"
    label = "reports"

    def ready(self) -> None:
        from policies.conformance import keep

        keep(
            "PK-A11Y",
            how=_(
                "Every page is examined in a real browser before a release: by axe, by keyboard alone, "
                "at 320 pixels, in light and dark. The running program does not measure it."
            ),
        )
