from django.apps import AppConfig


class PresetsConfig(AppConfig):
    name = "contactcenter.presets"
    label = "presets"
