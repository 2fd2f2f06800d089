from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KnowledgeConfig(AppConfig):
    name = "contactcenter.knowledge"
    label = "knowledge"
    verbose_name = _("Scripts and menus")

    def ready(self) -> None:
        from contactcenter.knowledge import conformance
        from policies.reviews import register_reviewable

        conformance.register()
        for model in ("knowledge.Script", "knowledge.Sequence", "knowledge.Menu"):
            register_reviewable(model)
