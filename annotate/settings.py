"""Settings, all read from the environment: docs/configuration.md describes each."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.csp import CSP
from psycopg.conninfo import conninfo_to_dict

from annotate.environment import read_secret_files

read_secret_files()
BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env(name, default).split(",") if item.strip()]


def env_int(name: str, default: int) -> int:
    return int(env(name) or default)


# Over TCP: half a minute after the other end has gone without a word, the system tells.
ALIVE = {
    **{"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4},
    "tcp_user_timeout": 30_000,  # milliseconds
}


def database(url: str, *, pooled: bool = False) -> dict:
    """Return Django's description of the PostgreSQL database that `url` names.

    `pooled`: through PgBouncer, which hands each transaction to another connection.
    """
    options = conninfo_to_dict(url)
    return {
        "ENGINE": "annotate.database",
        "NAME": options.pop("dbname", ""),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": str(options.pop("port", "")),
        # Each server thread keeps its connection. A connection that broke is dropped
        # after the request that met it; the browser sends that request again.
        "CONN_MAX_AGE": 600,
        "DISABLE_SERVER_SIDE_CURSORS": pooled,  # they outlast their transaction
        "OPTIONS": {"connect_timeout": 5, **ALIVE, **options},
    }


# --- Where things are ----------------------------------------------------------------
DATA_DIR = Path(env("ANNOTATE_DATA_DIR") or BASE_DIR / ".data").resolve()
# Without DATABASE_URL, annotate.embedded starts a server and sets it (see manage.py).
# What one connection is kept for (listening, commands) goes past a pooler: see manage.py.
DATABASE_DIRECT_URL = env("DATABASE_DIRECT_URL")
DATABASES = {
    "default": database(
        env("DATABASE_URL", f"postgresql:///annotate?host={DATA_DIR}"),
        pooled=bool(DATABASE_DIRECT_URL),
    )
}
if DATABASE_REPLICA_URL := env("DATABASE_REPLICA_URL"):
    # Without it, pages are made all the same: nobody waits long for it, or is told of it.
    replica = database(DATABASE_REPLICA_URL, pooled=bool(DATABASE_DIRECT_URL))
    replica["OPTIONS"] = {**replica["OPTIONS"], "connect_timeout": 2}
    DATABASES["replica"] = {**replica, "CONN_HEALTH_CHECKS": True}
    DATABASE_ROUTERS = ["annotate.replica.Router"]
# Seconds that a page waits for a database that says nothing; 0 for any number.
DATABASE_TIMEOUT = env_int("DATABASE_TIMEOUT", 15)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Secrets and hosts ---------------------------------------------------------------
DEBUG = env("DEBUG", "0") == "1"
SECRET_KEY = env("SECRET_KEY", "only-for-development" if DEBUG else "")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
# Serving over HTTPS is said once; everything that follows from it is derived.
HTTPS = env("HTTPS", "0") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
if HTTPS:  # no other host can set a cookie of such a name, a subdomain neither
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    MESSAGE_STORAGE = "annotate.headers.SecureMessages"
# A session ends when it was not used for so long, and so long after its sign-in at the latest:
# annotate/accounts/sessions.py. A second factor that was shown counts for so long.
SESSION_COOKIE_AGE = 3_600 * env_int("SESSION_IDLE_HOURS", 72)
SESSION_LONGEST = 3_600 * env_int("SESSION_LONGEST_HOURS", 336)
SECOND_FACTOR_SECONDS = 3_600 * env_int("SECOND_FACTOR_HOURS", 24)
PASSWORD_RESET_TIMEOUT = 3_600  # seconds that a link for a new password works
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}

# --- The application -----------------------------------------------------------------
INSTALLED_APPS = [
    "annotate.accounts",
    "annotate.articles",
    "annotate.live",
    "annotate.reviews",
    "annotate.annotations",
    "annotate.notices",
    "annotate.discussion",
    "annotate.moderation",
    "annotate.backups",
    "annotate.operations",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "annotate.apps.SessionsConfig",
    "unfold.apps.BasicAppConfig",
    "annotate.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks_db",
]
MIDDLEWARE = [
    "annotate.operations.middleware.RequestMiddleware",
    "annotate.operations.metrics.MetricsMiddleware",
    "annotate.headers.HeadersMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "annotate.headers.RefusingMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "annotate.accounts.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "annotate.accounts.middleware.SignInRequiredMiddleware",
    "annotate.accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "annotate.headers.NotAllowedMiddleware",
]
ROOT_URLCONF = "annotate.urls"
WSGI_APPLICATION = "annotate.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "annotate.annotations.context.common",
            ],
        },
    },
]

# --- The admin -----------------------------------------------------------------------
# Alpine, which django-unfold comes with, compiles the expressions in its templates. Only
# the admin's own pages may: annotate.admin_site.
ADMIN_CSP = {**SECURE_CSP, "script-src": [*SECURE_CSP["script-src"], CSP.UNSAFE_EVAL]}
UNFOLD = {
    "SITE_TITLE": "Annotate",
    "SITE_HEADER": "Annotate",
    "SITE_URL": reverse_lazy("articles"),
    "SITE_FAVICONS": [{"rel": "icon", "href": lambda request: static("mark.svg")}],
    "STYLES": [lambda request: static("css/admin.css")],
    "SIDEBAR": {"navigation": "annotate.admin_menu.navigation"},
}

# --- People --------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["annotate.accounts.backends.RoleBackend"]
SESSION_ENGINE = "annotate.accounts.session_store"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "articles"
LOGOUT_REDIRECT_URL = "sign_in"
PASSWORD_LENGTH = {"min_length": env_int("PASSWORD_MIN_LENGTH", 8)}
DJANGO_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict] = [
    {"NAME": f"{DJANGO_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{DJANGO_VALIDATORS}.MinimumLengthValidator", "OPTIONS": PASSWORD_LENGTH},
    {"NAME": f"{DJANGO_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": f"{DJANGO_VALIDATORS}.NumericPasswordValidator"},
    {
        "NAME": "annotate.accounts.passwords.WordsOfTheSiteValidator",
        "OPTIONS": PASSWORD_LENGTH,
    },
]
# The browser reads this cookie when it sends work that waited for a new sign-in.
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "annotate.views.csrf_failure"
# Of django-allauth only what is named in annotate/accounts/urls.py can be reached.
ACCOUNT_ADAPTER = "annotate.accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # admins make accounts
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds; then the password is asked for again
# Attempts in a time by a client's address (ip), by the name that is tried (key), or by a
# person who is signed in. The page that refuses more says that five minutes are enough.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "30/5m/ip,5/5m/key",
    "reauthenticate": "10/5m/user",
    "change_password": "5/5m/user",
    "reset_password": "20/5m/ip,5/5m/key",
    "reset_password_from_key": "20/5m/ip",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/5m/ip"}
# How many proxies stand before the site, each of which adds to X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXIES", 0)
MFA_ADAPTER = "annotate.accounts.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "add_webauthn": "annotate.accounts.forms_passkeys.PasskeyForm",
    "authenticate_webauthn": "annotate.accounts.forms_passkeys.AuthenticateForm",
    "login_webauthn": "annotate.accounts.forms_passkeys.LoginForm",
    "reauthenticate_webauthn": "annotate.accounts.forms_passkeys.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Annotate"
MFA_TOTP_TOLERANCE = 1  # codes of 30 seconds before and after: clocks differ
# Who is asked for a second factor: nobody, all who moderate, or everybody.
SECOND_FACTOR = env("SECOND_FACTOR") or ("moderators" if HTTPS else "off")
if SECOND_FACTOR not in ("off", "moderators", "everybody"):
    raise ImproperlyConfigured(
        f"SECOND_FACTOR is “off”, “moderators” or “everybody”, not “{SECOND_FACTOR}”."
    )
# Shared by all processes: how often a sign-in failed is counted here.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_cache",
        # With fewer, many made-up names would push the count of a real one out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# So often a person may do in ten minutes what costs; 0 for as often as they like.
RATE_LIMITS = {
    "comments": 120,
    "exports": 120,
    "flags": 60,
    "imports": 120,
    "searches": 600,
    "stories": 240,
}
for item in env_list("RATE_LIMITS"):
    name, _, number = item.partition("=")
    if name not in RATE_LIMITS or not number.isdecimal():
        raise ImproperlyConfigured(
            f"RATE_LIMITS: “{item}” is none of {', '.join(f'{one}=…' for one in RATE_LIMITS)}."
        )
    RATE_LIMITS[name] = int(number)
REQUESTS_PER_SECOND = env_int("REQUESTS_PER_SECOND", 20)  # of a person, in the long run

# So many tags of each new reviewer are seen by a moderator before others see them.
PREMODERATED_TAGS = env_int("PREMODERATED_TAGS", 0)

# --- Mail: to the console unless a server is named --------------------------------------
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": env("EMAIL_HOST"),
            "port": env_int("EMAIL_PORT", 587),
            "username": env("EMAIL_HOST_USER"),
            "password": env("EMAIL_HOST_PASSWORD"),
            "use_tls": env("EMAIL_USE_TLS", "1") == "1",
            "timeout": 20,
        },
    }
    if env("EMAIL_HOST")
    else {"BACKEND": "annotate.mail.Console"}
}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DEFAULT_FROM_EMAIL", "annotate@localhost")
# Where links in mail lead: a worker knows of no request that could tell.
SITE_URL = env("SITE_URL").rstrip("/") or (
    f"https://{ALLOWED_HOSTS[0].lstrip('.')}"
    if HTTPS and ALLOWED_HOSTS
    else f"http://127.0.0.1:{env_int('PORT', 8000)}"
)
MAIL_DIGEST_HOUR = env_int("MAIL_DIGEST_HOUR", 7)  # 0 to 23, in TIME_ZONE
# Sent by `manage.py db_worker`, and by the worker of `make run`.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Limits of a story -----------------------------------------------------------------
STORY_MAX_BYTES = env_int("STORY_MAX_BYTES", 2_000_000)  # of UTF-8 text
STORY_MAX_SENTENCES = env_int("STORY_MAX_SENTENCES", 20_000)
STORY_FILE_MAX_BYTES = env_int("STORY_FILE_MAX_BYTES", 10_000_000)
IMPORT_MAX_BYTES = env_int("IMPORT_MAX_BYTES", 50_000_000)  # a story with everybody's tags
UPLOADS_AT_ONCE = env_int("UPLOADS_AT_ONCE", 2)  # files that are read, over all processes
# A form that carries a whole story, its fields and its marks of where sentences end.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * STORY_MAX_BYTES + 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = STORY_MAX_SENTENCES + 1_000

# --- Language, time, static files --------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env("TIME_ZONE", "UTC")

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site needs them
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "annotate.storage.StaticFiles"
    },
}

# --- Log lines, on standard error, and reports of errors -----------------------------------
LOG_FORMAT = env("LOG_FORMAT", "text")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT is “text” or “json”, not “{LOG_FORMAT}”.")
# A line for each request. Who tries the site out on their own machine wants it quiet.
LOG_REQUESTS = (env("LOG_REQUESTS") or ("1" if HTTPS else "0")) == "1"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "annotate.operations.logs.TextFormatter", "tell_all": DEBUG},
        "json": {"()": "annotate.operations.logs.JsonFormatter", "tell_all": DEBUG},
    },
    "filters": {"raised": {"()": "annotate.operations.logs.Raised"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "annotate.requests": {"level": "INFO" if LOG_REQUESTS else "WARNING"},
        "annotate.security": {"level": "INFO" if LOG_REQUESTS else "WARNING"},
        # Handlers of its own would print twice, and mail whole requests.
        "django": {"level": "INFO", "handlers": []},
        # What was refused (4xx) is in the requests' lines.
        "django.request": {"level": "ERROR", "filters": ["raised"]},
        # As errors, what anybody makes up would be taken for trouble of ours.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # It says of each task that it runs and that it is done.
        "django.tasks": {"level": "WARNING"},
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": False},  # it has addresses of people
    },
}
SENTRY_DSN = env("SENTRY_DSN")
# What a monitor shows to read /metrics/; without it there is no such page.
METRICS_TOKEN = env("METRICS_TOKEN")
