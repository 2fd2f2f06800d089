from django.urls import path

from contactcenter.desk import supervise, views

app_name = "desk"
urlpatterns = [
    path("desk/", views.desk, name="desk"),
    path("supervise/", supervise.supervise, name="supervise"),
    path("supervise/calendars/<int:pk>/close/", supervise.close, name="close"),
    path("supervise/calendars/<int:pk>/day/", supervise.day, name="day"),
    path("supervise/calendars/<int:pk>/open/", supervise.reopen, name="reopen"),
    path("supervise/certificates/", supervise.certificates, name="certificates"),
    path("supervise/certificates/<int:pk>/approve/", supervise.approve, name="approve"),
]
