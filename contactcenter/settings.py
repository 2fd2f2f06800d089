"""Everything that an operator decides, read from the environment; `.env.example` lists each variable."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _whole_number(name: str, default: int) -> int:
    """Return a whole number of 0 or more from the environment, or stop with a sentence."""
    try:
        number: int = env.int(name, default=default)
    except ValueError:
        number = -1
    if number < 0:
        raise ImproperlyConfigured(f"{name} must be a whole number, 0 or more.")
    return number


def _one_of(name: str, words: tuple[str, ...]) -> str:
    """Return one of these words from the environment, by default the first, or stop with a sentence."""
    word: str = env.str(name, default=words[0])
    if word not in words:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(words)}.")
    return word


def _origins(name: str, default: list[str]) -> list[str]:
    """Return exact origins such as https://www.example.gov, without a trailing slash, or stop with a sentence."""
    origins: list[str] = [origin.rstrip("/") for origin in env.list(name, default=default) if origin]
    for origin in origins:
        if not origin.startswith(("http://", "https://")) or origin.count("/") != 2 or "*" in origin:
            raise ImproperlyConfigured(f"{name}: {origin} is no origin. Write https://host or https://host:port.")
    return origins


# ---- What this process is --------------------------------------------------
TESTING = env.bool("TESTING", default=False)
DEMO = env.bool("DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not (DEMO or TESTING or DEBUG):
        raise ImproperlyConfigured("SECRET_KEY is not set. Set it to 50 or more random characters and keep it secret.")
    SECRET_KEY = "only-for-the-demo-and-tests-" + "0123456789" * 3
FAILPOINTS = frozenset(env.list("FAILPOINTS", default=[]))
if FAILPOINTS and not TESTING:
    raise ImproperlyConfigured("FAILPOINTS is for tests only. Unset it.")

# ---- Where it is reached ---------------------------------------------------
HOST = env.str("HOST", default="127.0.0.1")
PORT = _whole_number("PORT", 8000)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ALLOWED_ORIGINS = _origins("ALLOWED_ORIGINS", [f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}"])
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
EMBED_SITES = _origins("EMBED_SITES", [])
PUBLIC_URL = env.str("PUBLIC_URL", default=ALLOWED_ORIGINS[0] if ALLOWED_ORIGINS else "").rstrip("/")
try:
    TRUSTED_PROXIES = [ipaddress.ip_network(block) for block in env.list("TRUSTED_PROXIES", default=[])]
    OPS_ALLOW = [ipaddress.ip_network(block) for block in env.list("OPS_ALLOW", default=[])]
except ValueError as error:
    raise ImproperlyConfigured(f"TRUSTED_PROXIES and OPS_ALLOW list addresses or networks: {error}.") from None
OPS_TOKEN = env.str("OPS_TOKEN", default="")
HTTPS = env.bool("HTTPS", default=False)
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked within the machine room
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS

# ---- The city --------------------------------------------------------------
CITY_NAME = env.str("CITY_NAME", default="Maplebrook")
TIME_ZONE = env.str("TIME_ZONE", default="America/Toronto")
USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]

# ---- Limits (0 = no limit) -------------------------------------------------
LIMIT_SOCKETS_PER_ADDRESS = _whole_number("LIMIT_SOCKETS_PER_ADDRESS", 20)
LIMIT_CHATS_PER_ADDRESS_HOUR = _whole_number("LIMIT_CHATS_PER_ADDRESS_HOUR", 10)
LIMIT_MESSAGES_WARN = _whole_number("LIMIT_MESSAGES_WARN", 10)
LIMIT_MESSAGES_CLOSE = _whole_number("LIMIT_MESSAGES_CLOSE", 30)
AGENT_GRACE = timedelta(seconds=_whole_number("AGENT_GRACE_SECONDS", 60))
CATCH_UP_SECONDS = _whole_number("CATCH_UP_SECONDS", 10)
TASKS_KEPT = timedelta(days=_whole_number("TASK_KEEP_DAYS", 90))

# ---- Parts -----------------------------------------------------------------
ROOT_URLCONF = "contactcenter.urls"
ASGI_APPLICATION = "contactcenter.asgi.application"
WSGI_APPLICATION = "contactcenter.wsgi.application"
INSTALLED_APPS = [
    "agents.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "axes",
    "channels",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "simple_history",
    "policies",
    "agents",
    "chat",
    "contactcenter.notices",
    "contactcenter.cases",
    "contactcenter.knowledge",
    "contactcenter.portal",
    "contactcenter.desk",
    "contactcenter.reports",
    "contactcenter.presets",
    "contactcenter.operations",
]
MIDDLEWARE = [
    "contactcenter.lib.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "contactcenter.lib.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "agents.middleware.StaffSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "contactcenter.portal.context.city",
                "contactcenter.desk.context.rooms",
            ]
        },
    }
]
FORM_RENDERER = "contactcenter.portal.forms.ComponentRenderer"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # X-Frame-Options: the widget is framed, by `EMBED_SITES` alone (CSP)

# ---- Stores ----------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default="postgresql://townline@127.0.0.1:5432/townline")}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "townline"},
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# ---- Staff log-in ----------------------------------------------------------
AUTH_USER_MODEL = "agents.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
LOGIN_IDLE = timedelta(minutes=30)
LOGIN_ABSOLUTE = timedelta(hours=12)
SESSION_COOKIE_AGE = int(LOGIN_ABSOLUTE.total_seconds())
SESSION_COOKIE_NAME = "townline_staff"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
PASSWORD_RESET_TIMEOUT = 3600
OTP_TOTP_ISSUER = f"{CITY_NAME} contact centre"

LOGIN_SLOW_SECONDS = 2.0  # how long a try waits after 100 failures of its user name or address
AXES_HANDLER = (
    "agents.lockout.StaffLogInHandler"  # counts in `agents.actions.lockout`; the numbers are in `agents.rules`
)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "agents.lockout.axes_client_address"
AXES_ENABLE_ADMIN = False
SIMPLE_HISTORY_REVERT_DISABLED = True  # the history is for reading; a change is made at the form, where it is checked
AXES_VERBOSE = False

# ---- Mail (through the outbox) ---------------------------------------------
# Without EMAIL_URL the demo keeps its mail for the local mail page; anybody else needs a mail server on this machine.
vars().update(env.email("EMAIL_URL", default="smtp://localhost:25"))
if DEMO and not env.str("EMAIL_URL", default=""):
    EMAIL_BACKEND = "contactcenter.notices.backends.DemoMailBackend"
EMAIL_TIMEOUT = 20
MAIL_KEPT = timedelta(days=_whole_number("MAIL_KEEP_DAYS", 30))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Contact centre <no-reply@maplebrook.example>")

# ---- What a page may load --------------------------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# ---- Background work -------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "townline"
CELERY_TASK_ROUTES = {"chat.tasks.*": {"queue": "sweeps"}, "contactcenter.operations.tasks.*": {"queue": "sweeps"}}
CELERY_BEAT_SCHEDULE = {
    "send-due-mail": {
        "task": "contactcenter.notices.tasks.send_due_mail",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "let-lost-agents-go": {
        "task": "chat.tasks.sweep_connections",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "chat-timers": {
        "task": "chat.tasks.sweep_timers",
        "schedule": 1.0,
        "options": {"expires": 1},
    },
    "daily-purge": {
        "task": "chat.tasks.purge_daily",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "heartbeat": {
        "task": "contactcenter.operations.tasks.heartbeat",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "ledger": {
        "task": "contactcenter.operations.tasks.carry_ledger",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "tidy": {
        "task": "contactcenter.operations.tasks.tidy",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
}

# ---- Logs: ids only, never a word of a person ------------------------------
LOG_FORMAT = _one_of("LOG_FORMAT", ("json", "plain"))
LOG_LEVEL = _one_of("LOG_LEVEL", ("WARNING", "DEBUG", "INFO", "ERROR", "CRITICAL"))
LOGGING_CONFIG = "contactcenter.lib.logs.set_up"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "contactcenter.lib.logs.JsonLines"},
        "plain": {"()": "contactcenter.lib.logs.PlainLines"},
    },
    # The level is the handler's too: servers give their own loggers levels of their own.
    "handlers": {
        "stderr": {"class": "contactcenter.lib.logs.StderrHandler", "formatter": LOG_FORMAT, "level": LOG_LEVEL}
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Whoever brings handlers of its own gives them up; access logs would hold addresses and references.
    "loggers": {
        **{
            name: {"handlers": [], "propagate": True}
            for name in ("django", "django.server", "uvicorn", "uvicorn.error", "gunicorn.error", "celery")
        },
        **{name: {"handlers": [], "propagate": False} for name in ("uvicorn.access", "gunicorn.access")},
    },
}
# With SENTRY_DSN exceptions are also reported, as types and places in the code alone.
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    from contactcenter.lib import sentry

    sentry.start(SENTRY_DSN)
    LOGGING["handlers"]["sentry"] = {"class": "contactcenter.lib.sentry.SentryHandler", "level": "ERROR"}  # type: ignore[index]
    LOGGING["root"]["handlers"].append("sentry")  # type: ignore[index]
