"""Pages under WSGI (gunicorn, beside the sockets of `contactcenter.asgi`)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
pages = get_wsgi_application()

from contactcenter.lib.static import serve_static  # noqa: E402  (needs the settings)

application = serve_static(pages)
