"""A small web application to try authbench on: python3 guestbook.py [PORT]   (Python's standard library, this machine only)

A login form with a CSRF token, a session cookie, a page behind it, a logout, and a call that disables an account. Each session is looked up at most
every 1.5 s and remembered in between, as applications do: for that long a caller who was put out may still be let in.
"""
import http.server
import json
import os
import secrets
import sys
import threading
import time
import urllib.parse
from http.cookies import SimpleCookie

REMEMBERED_S = 1.5
PASSWORD, ADMIN_KEY = os.environ["GUEST_PASSWORD"], os.environ["GUEST_ADMIN_KEY"]  # everybody's password; what the administrator shows

lock = threading.Lock()
sessions = {}  # by session id: (name, CSRF token)
disabled = set()
remembered = {}  # by session id: (when it was looked up, what was found)


def session_of(sid):
    with lock:
        now = time.monotonic()
        looked_up, found = remembered.get(sid, (None, None))
        if looked_up is None or now - looked_up >= REMEMBERED_S:
            found = sessions.get(sid)
            if found and found[0] in disabled:
                found = None
            remembered[sid] = (now, found)
        return found


class Guestbook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/login":
            csrf = secrets.token_urlsafe(16)
            form = f'<form method="post"><input name="csrf" type="hidden" value="{csrf}"><input name="name"><input name="password" type="password"></form>'
            self.answer(200, form, ("Set-Cookie", f"csrf={csrf}; Path=/; HttpOnly; SameSite=Strict"))
        elif self.path == "/book":
            found = session_of(self.cookie("sid"))
            if not found:
                return self.answer(303, "", ("Location", "/login"))
            self.answer(200, f'<h1>{found[0]}</h1><form action="/logout" method="post"><input name="csrf" type="hidden" value="{found[1]}"></form>')
        else:
            self.answer(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = dict(urllib.parse.parse_qsl(body))
        if self.path == "/login":
            self.log_in(form)
        elif self.path == "/logout":
            self.log_out(form)
        elif self.path.startswith("/admin/users/"):
            self.change_account(body)
        else:
            self.answer(404)

    def log_in(self, form):
        name = form.get("name", "")
        if not form.get("csrf") or form["csrf"] != self.cookie("csrf"):
            return self.answer(403, "This form was not ours.")
        if not name.startswith("guest-") or form.get("password") != PASSWORD or name in disabled:
            return self.answer(200, "Wrong name or password.")  # as many applications do
        sid = secrets.token_urlsafe(24)
        with lock:
            sessions[sid] = (name, secrets.token_urlsafe(16))
        self.answer(303, "", ("Location", "/book"), ("Set-Cookie", f"sid={sid}; Path=/; HttpOnly; SameSite=Lax"))

    def log_out(self, form):
        sid = self.cookie("sid")
        with lock:
            found = sessions.get(sid)
            ours = found is not None and form.get("csrf") == found[1]
            if ours:
                del sessions[sid]
        if not ours:
            return self.answer(403, "This form was not ours.")
        self.answer(303, "", ("Location", "/login"), ("Set-Cookie", "sid=; Path=/; Max-Age=0"))

    def change_account(self, body):
        if self.headers.get("X-Admin-Key") != ADMIN_KEY:
            return self.answer(403)
        name = urllib.parse.unquote(self.path.removeprefix("/admin/users/"))
        with lock:
            (disabled.add if json.loads(body)["disabled"] else disabled.discard)(name)
        self.answer(204)

    def cookie(self, name):
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        return cookies[name].value if name in cookies else ""

    def answer(self, status, body="", *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass  # a line for each request would be measured too


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


server = Server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Guestbook)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
