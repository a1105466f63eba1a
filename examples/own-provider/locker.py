"""Plays Locker, a service that keeps the settings of teams: as its manifest providers/locker.hcl describes it.

Everything is in memory and gone with the process. LOCKER_TOKEN is the token that it takes.
"""

import json
import os
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = os.environ.get("LOCKER_TOKEN", "")
TEAMS = {"shop": {"OWNER": ("the people of the shop", 1)}, "playground": {}}
LOCK = Lock()


class Locker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=None):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle_request(self):
        # What was sent is read in any case: the connection is used again.
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not TOKEN or self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer(401, {"message": "unknown token"})
        url = urlsplit(self.path)
        path = [unquote(part) for part in url.path.strip("/").split("/")]
        with LOCK:
            match self.command, path:
                case "GET", ["whoami"]:
                    self.answer(200, {"name": "somebody"})
                case _, ["teams", team, "entries", *_] if team not in TEAMS:
                    self.answer(404, {"message": "no such team"})
                case "GET", ["teams", team, "entries"]:
                    self.page(TEAMS[team], parse_qs(url.query))
                case "PUT", ["teams", team, "entries", name]:
                    self.put(TEAMS[team], name, json.loads(sent))
                case "DELETE", ["teams", team, "entries", name]:
                    gone = TEAMS[team].pop(name, None) is None
                    self.answer(404 if gone else 204, {"message": "no such entry"} if gone else None)
                case _:
                    self.answer(404, {"message": "no such thing"})

    do_GET = do_PUT = do_DELETE = handle_request

    def page(self, entries, query):
        limit, after = int(query["limit"][0]), query.get("after", [""])[0]
        names = sorted(name for name in entries if name > after)
        page = [{"name": name, "value": entries[name][0], "version": entries[name][1]} for name in names[:limit]]
        self.answer(200, {"entries": page, "more": len(names) > limit})

    def put(self, entries, name, sent):
        value = sent.get("value")
        if not re.fullmatch("[A-Z][A-Z0-9_]{0,63}", name):
            return self.answer(422, {"message": "not a name"})
        if not isinstance(value, str) or len(value.encode()) > 4096:
            return self.answer(422, {"message": "not a value"})
        version = entries.get(name, ("", 0))[1] + 1
        entries[name] = (value, version)
        self.answer(200, {"version": version})

    def log_message(self, format, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Locker)
print(f"Listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
