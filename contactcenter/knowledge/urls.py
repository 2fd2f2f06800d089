from django.urls import path

from contactcenter.knowledge import api, views

app_name = "knowledge"
urlpatterns = [
    path("desk/scripts/", views.scripts, name="scripts"),
    path("desk/scripts/add/", views.add, name="add"),
    path("desk/scripts/<int:pk>/", views.change, name="change"),
    path("desk/scripts/<int:pk>/delete/", views.delete, name="delete"),
    path("api/v1/desk/scripts", api.scripts, name="api_scripts"),
    path("api/v1/desk/scripts/<int:pk>/used", api.used, name="api_used"),
]
