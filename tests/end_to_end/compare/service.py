"""A service of somebody else's: sessions in a cookie, kept in this process. The commits of the test change two of its lines."""

import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PADDING = 0
SESSIONS = {}


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/health":
            return self.answer(200)
        name = SESSIONS.get(self.cookie())
        if name is None:
            return self.answer(401)
        self.answer(200, f"{name:<40}" + "." * PADDING)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        if self.path == "/login":
            session = secrets.token_urlsafe(24)
            SESSIONS[session] = dict(pair.split("=") for pair in body.split("&"))["name"]
            return self.answer(200, cookie=session)
        SESSIONS.pop(self.cookie(), None)
        self.answer(204)

    def cookie(self):
        return self.headers.get("cookie", "").removeprefix("session=")

    def answer(self, status, body="", cookie=None):
        self.send_response(status)
        if cookie:
            self.send_header("set-cookie", f"session={cookie}")
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
