"""Settings read from the environment; without any, the county runs on the embedded database under `var/`."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from .paths import BEING_MADE, ROOT, VAR
from .paths import DOCUMENTS as DOCUMENTS

DEMO = os.environ.get("MASHANG_DEMO") == "1"
MASHANG_BEING_MADE = BEING_MADE
DEBUG = False


ONLY_WHEN_ASKED = 2**31  # kernel.sql asks for prepared statements; the ORM's never come back in the same words


def database(url: str) -> dict[str, Any]:
    """Django's form of an address as libpq reads it, like postgresql://user:password@host:port/name?sslmode=require."""
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "mashang.kernel.backend",
        "NAME": parts.pop("dbname", "mashang"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {"application_name": "mashang", "prepare_threshold": ONLY_WHEN_ASKED, **parts},
        "CONN_HEALTH_CHECKS": False,
        "CONN_MAX_AGE": None,
        "TEST": {"NAME": f"test_{os.environ.get('MASHANG_TEST_NAME', 'mashang')}", "TEMPLATE": "template0"},
    }


DATABASES = {"default": database(os.environ.get("DATABASE_URL", "postgresql:///mashang"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = os.environ.get("MASHANG_SECRET", "only-for-tests-and-tools")
MASHANG_KEY = os.environ.get("MASHANG_KEY", SECRET_KEY).encode()
LEDGER_NAME = os.environ.get("MASHANG_LEDGER_NAME", "mashang.local/ledger")  # the log's name in its checkpoints
LEDGER_KEY = os.environ.get("MASHANG_LEDGER_KEY", "")  # its signing key, else kept in var/keys/ledger.key
ALLOWED_HOSTS = [
    host.strip() for host in os.environ.get("MASHANG_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "ninja",
    "mashang.api",
    "mashang.portals.shared",
    "mashang.portals.shared.accounts",
    "mashang.portals.desk",
    "mashang.portals.cockpit",
    "mashang.portals.hall",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "procrastinate.contrib.django",
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
    "mashang.audit",
]
MIDDLEWARE = [
    "mashang.api.lean.Lean",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mashang.portals.shared.errors.Errors",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "mashang.portals.shared.gate.Gate",
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
                "mashang.portals.shared.context.shell",
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
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {  # compressing takes longer than all else that a demo waits for, and saves nothing on one machine
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedStaticFilesStorage"
    },
}
MASHANG_MAX_BODY = 64 * 1024 * 1024
"""The largest request body in bytes; anything larger is refused before it is read."""
MASHANG_RETENTION_YEARS = int(os.environ.get("MASHANG_RETENTION_YEARS", "10"))
"""How long a settled case keeps what it says of persons before that may be erased, but for what was collected wrongly."""
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
CSRF_FAILURE_VIEW = "mashang.portals.shared.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

AUTH_USER_MODEL = "org.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
MASHANG_HOMES = {"staff": "/desk/", "person": "/"}
SESSION_COOKIE_NAME = "mashang"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("MASHANG_HTTPS") == "1"
MASHANG_PROXIES = [
    host.strip()
    for host in os.environ.get("MASHANG_PROXIES", "127.0.0.1,::1" if SESSION_COOKIE_SECURE else "").split(",")
    if host.strip()
]
"""Whose word is taken (X-Forwarded-For, X-Forwarded-Proto) for where a request came from, and that it came by TLS."""
MASHANG_IDLE_SECONDS = {"staff": 30 * 60, "person": 2 * 3600}
"""After so long without a request a session ends (GB/T 22239 level 3: 会话超时)."""
MASHANG_KEEP_SECONDS = 5.0
MASHANG_MFA = os.environ.get("MASHANG_MFA", "0" if DEMO else "1") == "1"
"""Whether roles marked so in the rights table must sign in with two factors."""
MASHANG_CODE_SENDER = os.environ.get("MASHANG_CODE_SENDER", "mashang.org.actions.codes.to_outbox")

ACCOUNT_ADAPTER = "mashang.portals.shared.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
MFA_ADAPTER = "mashang.portals.shared.accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "马上办"
MFA_RECOVERY_CODES_SHOW_ONCE = True
SOCIALACCOUNT_ADAPTER = "mashang.portals.shared.accounts.adapters.IdentityAdapter"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
MASHANG_OIDC = json.loads(os.environ.get("MASHANG_OIDC", "[]"))
"""OpenID Connect providers: [{"id", "name", "client_id", "secret", "server", "for": "staff" | "person"}, ...]."""
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += ["://".join(urlsplit(p["server"])[:2]) for p in MASHANG_OIDC]
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": provider["id"],
                "name": provider["name"],
                "client_id": provider["client_id"],
                "secret": provider["secret"],
                "settings": {"server_url": provider["server"], "for": provider.get("for", "staff")},
            }
            for provider in MASHANG_OIDC
        ],
    }
}

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"  # the key in Django's credentials, not the name of the form's field
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = True  # each failure by itself, kept when a later success resets the count
AXES_HTTP_RESPONSE_CODE = 429
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "mashang.portals.shared.accounts.views.locked_out"
MASHANG_URL = os.environ.get("MASHANG_URL", "http://localhost:8000")
"""The public address of this installation, as printed in QR codes."""
_TO_FOLDER = "mashang.cases.actions.notices.to_folder"
MASHANG_SENDERS = {
    "sms": os.environ.get("MASHANG_SMS_SENDER", _TO_FOLDER),
    "mail": os.environ.get("MASHANG_MAIL_SENDER", _TO_FOLDER),
}
"""What carries a notice away: a function of the notice and the address; it raises `Undelivered` to be asked again later."""
PROCRASTINATE_ON_APP_READY = "mashang.site.jobs.register"
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"mashang": {"level": "INFO"}, "django": {"handlers": [], "propagate": True}},
}
