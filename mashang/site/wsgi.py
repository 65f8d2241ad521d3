"""The WSGI application that Granian, or any other server, runs."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from .environment import prepare

prepare()
import_string("mashang.site.procedures.load")()
application = wrap_wsgi_with_proxy_headers(get_wsgi_application(), settings.MASHANG_PROXIES)
