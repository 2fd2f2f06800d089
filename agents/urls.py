from django.urls import path

from agents import views

app_name = "agents"
urlpatterns = [
    path("accounts/", views.account, name="account"),
    path("accounts/login/", views.log_in, name="log_in"),
    path("accounts/logout/", views.log_out, name="log_out"),
    path("accounts/second-factor/", views.second_factor, name="second_factor"),
    path("accounts/second-factor/set-up/", views.set_up, name="set_up"),
    path("accounts/password/", views.forgotten, name="forgotten"),
    path("accounts/password/sent/", views.forgotten_sent, name="forgotten_sent"),
    path("accounts/link/<str:secret>/", views.link, name="link"),
]
