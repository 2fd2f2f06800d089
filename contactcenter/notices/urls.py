from django.urls import path

from contactcenter.notices import views

app_name = "notices"
urlpatterns = [
    path("mail/", views.mailbox, name="mailbox"),
    path("mail/<int:pk>/", views.mail, name="mail"),
]
