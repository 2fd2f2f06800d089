from django.urls import path

from contactcenter.desk import channels, ladder, refer, retention, service, supervise, tasks, views

app_name = "desk"
urlpatterns = [
    path("desk/", views.desk, name="desk"),
    path("desk/tasks/", tasks.tasks, name="tasks"),
    path("desk/tasks/<int:pk>/take/", tasks.take, name="take"),
    path("desk/tasks/<int:pk>/finish/", tasks.finish, name="finish"),
    path("api/v1/desk/tasks", tasks.task_counts, name="task_counts"),
    path("api/v1/desk/directory", tasks.desk_directory, name="directory"),
    path("api/v1/desk/refer", refer.refer, name="refer"),
    path("desk/ladder/", ladder.own_ladder, name="own_ladder"),
    path("supervise/", supervise.supervise, name="supervise"),
    path("supervise/calendars/<int:pk>/close/", supervise.close, name="close"),
    path("supervise/calendars/<int:pk>/day/", supervise.day, name="day"),
    path("supervise/calendars/<int:pk>/open/", supervise.reopen, name="reopen"),
    path("supervise/retention/", retention.retention, name="retention"),
    path("supervise/retention/purge/", retention.purge_now, name="purge_now"),
    path("supervise/evaluations/<int:pk>/close/", retention.close_evaluation, name="close_evaluation"),
    path("supervise/chats/", retention.chats, name="chats"),
    path("supervise/chats/<uuid:session_id>/", retention.chat, name="chat"),
    path("supervise/chats/<uuid:session_id>/mark/", retention.mark, name="mark"),
    path("supervise/channels/", channels.channels, name="channels"),
    path("supervise/channels/assign/", channels.assign, name="assign_channel"),
    path("supervise/channels/<int:pk>/end/", channels.end, name="end_assignment"),
    path("supervise/chats/<uuid:session_id>/texts/<uuid:uid>/", supervise.decide, name="decide"),
    path("supervise/ladder/", ladder.ladder, name="ladder"),
    path("supervise/ladder/<int:pk>/", ladder.ladder_of, name="ladder_of"),
    path("supervise/ladder/<int:pk>/limit/", ladder.limit, name="limit"),
    path("supervise/service/", service.service, name="service"),
    path("supervise/service/<int:pk>/turn/", service.turn, name="turn_backup"),
    path("supervise/service/<int:pk>/drill/", service.drill, name="drill"),
    path("supervise/service/incidents/", service.post, name="post_incident"),
    path("supervise/service/incidents/<int:pk>/end/", service.end, name="end_incident"),
    path("supervise/certificates/", supervise.certificates, name="certificates"),
    path("supervise/certificates/<int:pk>/approve/", supervise.approve, name="approve"),
]
