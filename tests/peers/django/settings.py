"""Django as its documentation sets it up: form login, sessions in Redis, the admin site, and an OAuth server beside them.

Nothing in it knows of a measurement. What differs from one start to the next comes from the environment (serve.py sets it).
"""

import os
from pathlib import Path

BASE = Path(__file__).parent

SECRET_KEY = os.environ["PEER_SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
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

# Accounts and tokens. The write-ahead log, and taking the write lock at once, are what Django's documentation advises for SQLite
# under several workers.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["PEER_DATABASE"],
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
# The tables as they are now, without the way they came to be: nothing is kept, and a start takes two seconds less.
MIGRATION_MODULES = {label: None for label in ["admin", "auth", "contenttypes", "sessions", "oauth2_provider"]}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sessions live in Redis and nowhere else.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["PEER_STORE_URL"]}}
SESSION_ENGINE = "django.contrib.sessions.backends.cache"

# Django's own cost of a login, or, where logins are not what is measured, next to none.
PASSWORD_HASHERS = {
    "django": ["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
    "cheap": ["hashing.Cheap"],
}[os.environ["PEER_LOGIN_HASH"]]

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/account/"
LOGOUT_REDIRECT_URL = "/accounts/login/"

OAUTH2_PROVIDER = {
    "ACCESS_TOKEN_EXPIRE_SECONDS": int(os.environ["PEER_ACCESS_TTL_S"]),
    "PKCE_REQUIRED": True,
    "SCOPES": {"read": "Read the account", "introspection": "Ask whether a token is active"},
    "DEFAULT_SCOPES": ["read"],
}

TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler", "level": "ERROR"}},
    "root": {"handlers": ["stderr"]},
}
