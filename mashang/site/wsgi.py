"""The WSGI application that Granian, or any other server, runs."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from .environment import prepare
from .proxies import behind

prepare()
import_string("mashang.site.procedures.load")()
application = behind(get_wsgi_application())
