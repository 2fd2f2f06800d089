"""Addresses for operators and administrators."""

from django.urls import path

from contactcenter.operations import views

app_name = "operations"
urlpatterns = [
    path("health/", views.health, name="health"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]
