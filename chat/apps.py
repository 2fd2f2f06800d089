from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Live chat")

    def ready(self) -> None:
        from chat import (
            conformance,
            conformance_ladder,
            conformance_passing,
            conformance_retention,
            conformance_routing,
            conformance_texts,
            conformance_waiting,
        )
        from chat.states import AGENT_OUTCOMES, Outcome
        from contactcenter.knowledge.outcomes import register_outcomes

        conformance.register()
        conformance_ladder.register()
        conformance_passing.register()
        conformance_retention.register()
        conformance_routing.register()
        conformance_waiting.register()
        conformance_texts.register()
        register_outcomes([choice for choice in Outcome.choices if choice[0] in AGENT_OUTCOMES])
