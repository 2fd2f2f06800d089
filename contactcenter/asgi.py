"""Pages, programs' interface and sockets in one ASGI application."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
pages = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  (needs the settings)
from django.urls import re_path  # noqa: E402

from chat.relay import stop_current_relay  # noqa: E402
from chat.routing import websocket_urlpatterns  # noqa: E402
from contactcenter.lib.request_id import with_request_id  # noqa: E402
from contactcenter.lib.sockets import lifespan, refuse_unknown_path  # noqa: E402
from contactcenter.lib.static import static_asgi  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": URLRouter([re_path(r"^static/", static_asgi()), re_path(r"", pages)]),  # type: ignore[arg-type]
        "websocket": with_request_id(
            URLRouter([*websocket_urlpatterns, re_path(r"", refuse_unknown_path)])  # type: ignore[arg-type]
        ),
        "lifespan": lifespan(stop_current_relay),
    }
)
