"""The addresses of the sockets."""

from django.urls import re_path

from chat.consumers import CustomerSocket, DeskSocket

websocket_urlpatterns = [
    re_path(r"^ws/chat/$", CustomerSocket.as_asgi()),  # type: ignore[arg-type]  # an ASGI application
    re_path(r"^ws/desk/$", DeskSocket.as_asgi()),  # type: ignore[arg-type]  # an ASGI application
]
