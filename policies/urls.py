from django.urls import path

from policies import api

urlpatterns = [path("api/v1/policies/clock", api.clock, name="clock")]
