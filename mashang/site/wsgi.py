"""The WSGI application that Granian, or any other server, runs."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from .environment import prepare

prepare(start_django=False)
application = get_wsgi_application()
