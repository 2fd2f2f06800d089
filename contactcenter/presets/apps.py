from functools import partial

from django.apps import AppConfig

from contactcenter.presets.files import preset_names, read_calendar
from policies.shipped import ship


class PresetsConfig(AppConfig):
    name = "contactcenter.presets"
    label = "presets"

    def ready(self) -> None:
        for name in preset_names():
            ship(name, partial(read_calendar, name))
