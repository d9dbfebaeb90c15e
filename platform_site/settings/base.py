"""Settings of every process; what differs between installations comes from outside.

`DATABASE_URL` (SQLite under `var/` without it), `REDIS_URL` (a cache in the process
without it), `ASSAY_SECRET_KEY` (a random one in `var/` without it), `ASSAY_HOSTS`
(host names beyond this machine, separated by commas), `ASSAY_DEBUG`, and
`configs/platform_config.yaml`.
"""

import os
from datetime import timedelta
from typing import Any, Final

import dj_database_url
from django.urls import reverse_lazy

from common.secret_files import read_or_create
from platform_site.configuration import ROOT, load_configuration

PLATFORM: Final = load_configuration()
PLATFORM_VERSION: Final = "0.1.0"
BASE_DIR: Final = ROOT
VAR = PLATFORM.resolve(PLATFORM.paths.var)
STORE_ROOT = VAR / "market_data"
ARTEFACT_ROOT = VAR / "artefacts"
STRATEGY_FOLDER = PLATFORM.resolve(PLATFORM.paths.strategies)
LOCK_FILE: Final = ROOT / "requirements.txt"

DEBUG = os.environ.get("ASSAY_DEBUG") == "1"
SECRET_KEY = os.environ.get("ASSAY_SECRET_KEY") or read_or_create(VAR / "secret-key")
ALLOWED_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    *filter(None, os.environ.get("ASSAY_HOSTS", "").split(",")),
]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS[3:]]

INSTALLED_APPS = [
    "unfold",
    # Commands need no page of the back office: urls.py finds them for the web process.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "common",
    "exchanges",
    "portfolio",
    "trading",
    "research",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "platform_site.urls"
WSGI_APPLICATION = "platform_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "platform_site" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    """Return Django's description of the database, with what durability needs."""
    settings: dict[str, Any] = dict(dj_database_url.parse(url))
    if settings["ENGINE"].endswith("sqlite3"):
        # Django's, refusing to reckon with exact decimals, which it keeps as text.
        settings["ENGINE"] = "common.backends.sqlite3"
        settings["OPTIONS"] = {
            # A transaction that will write takes the lock when it begins: two writers
            # wait for each other instead of failing half-way.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
            ),
        }
    else:
        settings["OPTIONS"] = {
            **settings.get("OPTIONS", {}),
            "pool": {"min_size": 0, "max_size": 8},
        }
        settings["CONN_HEALTH_CHECKS"] = True
    return settings


DATABASES = {
    "default": _database(os.environ.get("DATABASE_URL") or f"sqlite:///{VAR / 'assay.sqlite3'}")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "")
# Who tells a worker that there is something to do; loaded with the first word to one.
TASK_SENDER: Final = "platform_site.celery.send"
TASK_COUNTER: Final = "platform_site.celery.count_waiting"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = "/api/v1/"
LOGOUT_REDIRECT_URL = reverse_lazy("admin:login")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "platform_site.formats"

STATIC_URL = "static/"
# Files are served from the packages themselves: nothing has to be collected first.
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# Beyond this machine the platform stands behind a proxy that speaks TLS.
if len(ALLOWED_HOSTS) > 3:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["common.api.permissions.ModelPermissions"],
    "DEFAULT_FILTER_BACKENDS": ["common.api.filters.StrictFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "common.api.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PAGINATION_CLASS": "common.api.pagination.StableCursorPagination",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": PLATFORM.api.anonymous_rate,
        "user": PLATFORM.api.user_rate,
        "login": PLATFORM.api.login_rate,
    },
    "DEFAULT_SCHEMA_CLASS": "common.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "common.api.errors.handle",
    "PAGE_SIZE": PLATFORM.api.page_size,
    "COERCE_DECIMAL_TO_STRING": True,
    "NUM_PROXIES": 1 if len(ALLOWED_HOSTS) > 3 else 0,
}
REST_KNOX = {"TOKEN_TTL": timedelta(days=PLATFORM.api.token_days), "AUTO_REFRESH": False}
SPECTACULAR_SETTINGS = {
    "TITLE": "Assay",
    "DESCRIPTION": "Market data, strategies, experiments and the runs they were judged by.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {"StageEnum": "trading.models.promotions.STAGES"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}
UNFOLD = {
    "SITE_TITLE": "Assay",
    "SITE_HEADER": "Assay",
    "SITE_SYMBOL": "science",
    "SITE_URL": "/api/v1/",
    "DASHBOARD_CALLBACK": "platform_site.back_office.dashboard",
    "SIDEBAR": {"navigation": "platform_site.back_office.navigation"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
