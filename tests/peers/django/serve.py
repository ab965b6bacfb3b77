"""Fills a database, starts gunicorn and says where it listens.

The measuring side starts this like any process of a target: settings and secrets come as one JSON line on standard input, the
address leaves as one JSON line on standard output, and the end of standard input means: stop.
"""

import argparse
import json
import os
import secrets
import signal
import sys
import tempfile
import threading
from pathlib import Path

from gunicorn.app.base import BaseApplication

# The primary key of user number n is FIRST_USER + n, so that a target file can spell an account's page in the admin site.
FIRST_USER = 10_000


def main():
    options = parse()
    wiring = json.loads(sys.stdin.readline())
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="settings",
            PEER_SECRET_KEY=secrets.token_urlsafe(48),
            PEER_DATABASE=str(Path(folder) / "peer.sqlite3"),
            PEER_STORE_URL=wiring["store_url"],
            PEER_LOGIN_HASH=options.login_hash,
            PEER_ACCESS_TTL_S=str(options.access_ttl),
        )
        fill(wiring, options.users)
        Gunicorn(options.workers, options.threads).run()


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--login-hash", choices=["django", "cheap"], default="django")
    parser.add_argument("--access-ttl", type=seconds, default=300, help="such as 300s")
    return parser.parse_args()


def seconds(text):
    return int(text.removesuffix("s"))


def fill(wiring, users):
    """Tables, the users, an administrator and the OAuth client."""
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connections
    from oauth2_provider.models import Application

    call_command("migrate", run_syncdb=True, verbosity=0)
    password = make_password(wiring["population_password"])
    numbered = (User(pk=FIRST_USER + n, username=f"user-{n:05}", password=password) for n in range(users))
    User.objects.bulk_create(numbered)
    admin = User.objects.create_superuser("admin", password=wiring["admin_password"], pk=1)
    Application.objects.create(
        name="peer",
        user=admin,
        client_id="web",
        client_secret=wiring["client_secret"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="http://127.0.0.1/callback",
        skip_authorization=True,
    )
    # The workers open their own: a connection must not cross a fork.
    connections.close_all()


class Gunicorn(BaseApplication):
    """gunicorn with threads, which keep connections alive; its default workers close one after every answer."""

    def __init__(self, workers, threads):
        self.settings = {
            "bind": "127.0.0.1:0",
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "keepalive": 75,
            "when_ready": announce,
            "loglevel": "warning",
        }
        super().__init__()

    def load_config(self):
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self):
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()


def announce(server):
    host, port = server.LISTENERS[0].sock.getsockname()
    print(json.dumps({"ready": "django", "url": f"http://{host}:{port}"}), flush=True)
    threading.Thread(target=stop_at_end_of_input, daemon=True).start()


def stop_at_end_of_input():
    while sys.stdin.buffer.raw.read(4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
