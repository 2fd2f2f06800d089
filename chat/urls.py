"""Chat over HTTP."""

from django.urls import path

from chat import api

urlpatterns = [
    path("api/v1/chat/availability", api.availability, name="chat-availability"),
    path("api/v1/chat/menu", api.menu, name="chat-menu"),
    path("api/v1/chat/sessions", api.sessions, name="chat-sessions"),
    path("api/v1/chat/sessions/<uuid:session_id>/events", api.session_events, name="chat-events"),
    path("api/v1/chat/sessions/<uuid:session_id>/frames", api.session_frames, name="chat-frames"),
]
