"""The WSGI application that Granian, or any other server, runs."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from .environment import prepare

prepare()
import_string("mashang.site.procedures.load")()
application = get_wsgi_application()
