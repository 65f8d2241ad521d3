"""Settings read from the environment; without any, the county runs on the embedded database under `var/`."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .paths import DOCUMENTS as DOCUMENTS
from .paths import ROOT, VAR

DEMO = os.environ.get("MASHANG_DEMO") == "1"
DEBUG = False


def database(url: str) -> dict[str, Any]:
    """Django's form of postgresql://user:password@host:port/name?host=/socket/folder."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or "mashang",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": str(parts.port or query.get("port", [""])[0]),
        "OPTIONS": {"application_name": "mashang"},
        "CONN_HEALTH_CHECKS": False,
        "CONN_MAX_AGE": None,
        "TEST": {"NAME": f"test_{os.environ.get('MASHANG_TEST_NAME', 'mashang')}", "TEMPLATE": "template0"},
    }


DATABASES = {"default": database(os.environ.get("DATABASE_URL", "postgresql:///mashang"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = os.environ.get("MASHANG_SECRET", "only-for-tests-and-tools")
MASHANG_KEY = os.environ.get("MASHANG_KEY", SECRET_KEY).encode()
ALLOWED_HOSTS = os.environ.get("MASHANG_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "mashang.clocks",
    "mashang.ledger",
    "mashang.org",
    "mashang.cases",
    "mashang.documents",
    "mashang.catalogue",
    "mashang.approvals",
    "mashang.reviews",
    "mashang.supervision",
    "mashang.performance",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "mashang.site.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "mashang" / "site" / "locale"]
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"

AUTH_USER_MODEL = "org.Account"
MASHANG_SENDERS = dict.fromkeys(("sms", "mail"), "mashang.cases.actions.notices.to_folder")
