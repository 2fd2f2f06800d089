from django.urls import path

from contactcenter.portal import leaving, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("chat/", views.chat, name="chat"),
    path("chat/widget/", views.widget, name="widget"),
    path("chat/message/", leaving.leave, name="message"),
    path("styleguide/", views.styleguide, name="styleguide"),
]
