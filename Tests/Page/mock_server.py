"""A stand-in for the server of the page: answers as Docs/api.yml says, about a synthetic run.

    python3 mock_server.py [SCENARIO] [--port N] [--live]
"""

import argparse
import hmac
import json
import pathlib
import re
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from answers import Answers, Problem
from scenarios import SCENARIOS

PAGE = pathlib.Path(__file__).resolve().parents[2] / "Sources/Dashboard/Page"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml"}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
WHOLE, REAL, WHOLES, WORDS, TEXT = "whole", "real", "wholes", "words", "text"
# For each path its method and parameters: the kind and the bounds.
PATHS = {
    "run": ("get_run", {}), "ladder": ("get_ladder", {}), "importance": ("get_importance", {}), "hosts": ("get_hosts", {}),
    "best": ("get_best", {"x": (TEXT, "time|resource"), "points": (WHOLE, 2, 4000), "results": (WHOLE, 0, 4000)}),
    "curves": ("get_curves", {"which": (TEXT, "best|running|spread|ids"), "trials": (WHOLE, 1, 500), "ids": (WHOLES, 100),
                              "points": (WHOLE, 2, 1000)}),
    "configurations": ("get_configurations", {"rows": (WHOLE, 1, 5000)}),
    "timeline": ("get_timeline", {"from": (REAL, 0, 1e11), "to": (REAL, 0, 1e11), "width": (WHOLE, 16, 8192),
                                  "offset": (WHOLE, 0, 100000), "lanes": (WHOLE, 1, 500)}),
    "trials": ("get_trials", {"offset": (WHOLE, 0, 2**31 - 1), "limit": (WHOLE, 1, 500), "sort": (
        TEXT, "trial|status|value|last_value|resource|slot_seconds|started_at|attempt|restarts|host|parameter"),
        "parameter": (TEXT, r"(?s).{1,512}"), "order": (TEXT, "asc|desc|best"), "status": (WORDS,), "text": (TEXT, r"(?s).{1,200}"),
        "filter": (TEXT, r"(?s).{1,500}")}),
    "events": ("get_events", {"before": (WHOLE, 1, 2**53 - 1), "after": (WHOLE, 0, 2**53 - 1), "limit": (WHOLE, 1, 500),
                              "trial": (WHOLE, 0, 2**31 - 1), "severity": (TEXT, "info|notice|warning|error")}),
}
TRIAL_PATHS = {
    "": ("get_trial", {}), "curve": ("get_trial_curve", {"points": (WHOLE, 2, 4000)}), "explanation": ("get_trial_explanation", {}),
    "log": ("get_trial_log", {"attempt": (WHOLE, 1, 2**31 - 1), "stream": (TEXT, "output|error"),
                              "offset": (WHOLE, -65536, 2**53 - 1), "limit": (WHOLE, 1, 65536)}),
}
STATUSES = {"pending", "assigned", "running", "held", "paused", "completed", "stopped", "failed"}
COMMANDS = {"pause_run": set(), "stop_run": set(), "stop_trial": {"trial"}, "pause_trial": {"trial"}, "resume_trial": {"trial"}, "drain_host": {"host"},
            "add_host": {"host"}, "enqueue": {"configuration"}, "extend": None}


def parsed(name, text, kind):
    """The value of a parameter, within its bounds."""
    bad = Problem(400, "bad_request", f"the parameter {name} is not as the API says")
    if kind[0] == WHOLE:
        if not re.fullmatch(r"-?[0-9]{1,16}", text) or not kind[1] <= int(text) <= kind[2]:
            raise bad
        return int(text)
    if kind[0] == REAL:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) or not kind[1] <= float(text) <= kind[2]:
            raise bad
        return float(text)
    if kind[0] == WHOLES:
        parts = text.split(",")
        if len(parts) > kind[1] or not all(re.fullmatch(r"[0-9]{1,10}", part) and int(part) < 2**31 for part in parts):
            raise bad
        return [int(part) for part in parts]
    if kind[0] == WORDS:
        parts = text.split(",")
        if len(set(parts)) != len(parts) or not set(parts) <= STATUSES:
            raise bad
        return parts
    if not re.fullmatch(kind[1], text):
        raise bad
    return text


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve("GET")

    def do_HEAD(self):
        self.serve("HEAD")

    def do_POST(self):
        self.serve("POST")

    def serve(self, method):
        try:
            self.check()
            url = urllib.parse.urlsplit(self.path)
            if url.path == "/api/v1/commands":
                if method != "POST":
                    raise Problem(405, "method_not_allowed", "commands are posted")
                return self.json(200, self.carry_out())
            if method == "POST":
                raise Problem(405, "method_not_allowed", "this is only read")
            if url.path == "/api/v1/stream":
                return self.stream()
            if url.path.startswith("/api/") or url.path in ("/healthz", "/metrics"):
                return self.api(url)
            self.file(url.path)
        except Problem as problem:
            headers = {401: {"WWW-Authenticate": "Bearer"}, 405: {"Allow": "GET, HEAD"}}.get(problem.status, {})
            self.json(problem.status, {"error": {"code": problem.code, "message": problem.message}}, headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def check(self):
        port = self.server.server_address[1]
        own = [f"{name}:{port}" for name in ("localhost", "127.0.0.1", "[::1]")]
        if self.headers.get("Host") not in own:
            raise Problem(421, "misdirected", "this host is none of the server's own")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in [f"http://{name}" for name in own]:
            raise Problem(403, "forbidden", "this origin is not the server's own")

    def api(self, url):
        if url.path == "/api/v1/access":
            given = self.headers.get("Authorization")
            word = "missing" if given is None else "right" if given == f"Bearer {self.server.answers.token}" else "wrong"
            return self.json(200, {"token": word, "reading_needs_token": False})
        if url.path == "/healthz":
            return self.json(200, {"status": "ok", "run": self.server.answers.run.name, "coordinator": "running"})
        if url.path == "/metrics":
            return self.send(200, b"pasha_trials 0\n", "text/plain; version=0.0.4")
        path = url.path.removeprefix("/api/v1/")
        arguments = {}
        if match := re.fullmatch(r"trials/([0-9]{1,10})(?:/(\w+))?", path):
            name, kinds = TRIAL_PATHS.get(match[2] or "", (None, {}))
            arguments["trial"] = int(match[1])
        else:
            name, kinds = PATHS.get(path, (None, {}))
        if name is None:
            raise Problem(404, "not_found", "there is nothing here")
        for key, text in urllib.parse.parse_qsl(url.query, keep_blank_values=True):
            if key not in kinds or key in arguments:
                raise Problem(400, "bad_request", "a parameter is unknown or there twice")
            arguments[key] = parsed(key, text, kinds[key])
        self.server.count(path)
        self.json(200, getattr(self.server.answers, name)(**arguments))

    def carry_out(self):
        if not hmac.compare_digest(self.headers.get("Authorization", ""), f"Bearer {self.server.answers.token}"):
            raise Problem(401, "unauthorized", "the token is missing or wrong")
        length = int(self.headers.get("Content-Length") or 0)
        if length > 65536:
            raise Problem(413, "too_large", "the body is larger than 64 KiB")
        if self.headers.get("Content-Type", "").split(";")[0] != "application/json":
            raise Problem(415, "unsupported_media_type", "the body must be application/json")
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            raise Problem(400, "bad_request", "the body is not JSON") from None
        op = body.get("op") if isinstance(body, dict) else None
        if op not in COMMANDS or COMMANDS[op] is not None and set(body) != COMMANDS[op] | {"op"}:
            raise Problem(400, "bad_request", "the command is not as the API says")
        if self.server.answers.ended:
            raise Problem(409, "conflict", "the run has ended")
        self.server.commands.append(body)
        target = body.get("trial", body.get("host", ""))
        return {"done": f"{op.replace('_', ' ')} {target}".strip() + ": done"}

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        last = None
        while not self.server.over.is_set():
            answers = self.server.answers
            if answers.sequence != last or self.server.live:
                status = answers.get_run()["status"]
                for event in answers.events[-500:]:
                    if last is not None and event["sequence"] > last:
                        self.event("line", event["sequence"], event)
                self.event("changed", answers.sequence, {"sequence": answers.sequence, "now": answers.now, "status": status})
                last = answers.sequence
            else:
                self.wfile.write(b": still here\n\n")
            self.wfile.flush()
            self.server.over.wait(1 if self.server.live else 5)

    def event(self, name, id_, data):
        self.wfile.write(f"event: {name}\nid: {id_}\ndata: {json.dumps(data)}\n\n".encode())

    def file(self, path):
        name = path.removeprefix("/") or "index.html"
        file = PAGE / name
        if not re.fullmatch(r"[\w-]+\.\w+", name) or not file.is_file():
            raise Problem(404, "not_found", "there is nothing here")
        self.send(200, file.read_bytes(), TYPES[file.suffix])

    def json(self, status, value, headers=()):
        self.send(status, json.dumps(value).encode(), "application/json", headers)

    def send(self, status, body, kind, headers=()):
        self.send_response(status)
        for name, value in {
            "Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "no-store", "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin", **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, scenario, port=0, live=False):
        super().__init__(("127.0.0.1", port), Handler)
        self.over, self.commands, self.asked, self.live = threading.Event(), [], {}, live
        self.run_, self.moment = SCENARIOS[scenario]()
        self.answers = Answers(self.run_, self.moment)

    def count(self, path):
        self.asked[path] = self.asked.get(path, 0) + 1

    @property
    def token(self):
        return self.answers.token

    @property
    def deepest(self):
        states = self.answers.states
        return max(states, key=lambda state: state.resource).trial.id if states else None

    def get(self, path):
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}") as answer:
            return json.load(answer)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def advance(self):
        """Time goes on, second by second."""
        began = time.monotonic()
        while not self.over.wait(1):
            self.answers = Answers(self.run_, self.moment + time.monotonic() - began)

    def stop(self):
        self.over.set()
        self.shutdown()
        self.server_close()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("scenario", nargs="?", default="lab", choices=list(SCENARIOS))
    options.add_argument("--port", type=int, default=8710)
    options.add_argument("--live", action="store_true")
    given = options.parse_args()
    server = Server(given.scenario, given.port, given.live)
    if given.live:
        threading.Thread(target=server.advance, daemon=True).start()
    print(f"{server.address}/#token={server.answers.token}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
