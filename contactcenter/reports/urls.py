from django.urls import path

from contactcenter.reports import views

app_name = "reports"
urlpatterns = [
    path("policies/", views.policies, name="policies"),
    path("policies/clock/", views.clock, name="clock"),
]
