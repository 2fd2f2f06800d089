from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "contactcenter.portal"
    label = "portal"
