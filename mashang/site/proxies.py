"""Behind a proxy that ends TLS: who asked, and that it was by TLS, is what the proxy says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from granian.utils.proxies import wrap_wsgi_with_proxy_headers


def behind(application: Callable[..., Any]) -> Callable[..., Any]:
    """The application, believing X-Forwarded-For and X-Forwarded-Proto of `MASHANG_PROXIES` and of nobody else."""
    wrapped: Callable[..., Any] = wrap_wsgi_with_proxy_headers(application, settings.MASHANG_PROXIES)
    return wrapped
