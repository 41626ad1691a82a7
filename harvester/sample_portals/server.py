"""A small HTTP server that speaks a portal's protocol on a loopback socket, for the demo, the tests and the benchmarks.

HTTP/1.1 with keep-alive, a thread a connection, standard library only. A portal is a subclass of `Portal` that says
what it answers to a request; everything else (sockets, counting, conditional requests, faults) is here.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a portal sees it: path without query, the query's last value by name, headers in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes = b""

    @property
    def form(self) -> Mapping[str, str]:
        """Last values by name of a form that was posted (``application/x-www-form-urlencoded``)."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a portal answers.

    `seconds` is how long it waits first; `cut` sends only so many bytes of the body that ``Content-Length`` announces
    and closes the connection, as a broken portal does.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut: int | None = None


Fault = Callable[[Asked], Answer | None]
"""Looks at a request before the portal does; what it returns (if anything) is answered instead."""


class Portal:
    """Base of the sample portals: a server on a free loopback port, running in threads between `start` and `stop`.

    `requests` counts what was asked, by path, and `answered` what was answered, by status. Faults in `faults` are tried
    in order before `answer`.
    """

    robots = "User-agent: *\nDisallow:\n"

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.requests: Counter[str] = Counter()
        self.answered: Counter[int] = Counter()
        self._counting = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.portal = self
        self._thread: threading.Thread | None = None

    def answer(self, asked: Asked) -> Answer:
        """Answer a request; subclasses say how. Not called for robots.txt, nor when a fault answers."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """The portal's address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Begin to serve."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and close the socket."""
        if self._thread:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @contextmanager
    def failing(self, *faults: Fault) -> Iterator[Self]:
        """Have these faults for as long as the block lasts."""
        before = list(self.faults)
        self.faults[:] = [*faults, *before]
        try:
            yield self
        finally:
            self.faults[:] = before

    def count(self, beginning: str = "/") -> int:
        """How many requests there were for paths that begin so, robots.txt apart."""
        with self._counting:
            return sum(n for path, n in self.requests.items() if path.startswith(beginning) and path != "/robots.txt")

    def respond(self, asked: Asked) -> Answer:
        """Count the request and find its answer: a fault's, robots.txt, or the portal's own."""
        with self._counting:
            self.requests[asked.path] += 1
        answer = self._found(asked)
        with self._counting:
            self.answered[answer.status] += 1
        return answer

    def _found(self, asked: Asked) -> Answer:
        for fault in self.faults:
            if answer := fault(asked):
                return answer
        if asked.path == "/robots.txt":
            return Answer(self.robots.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
        return self.answer(asked)


def not_found(what: str = "not here") -> Answer:
    """Plain 404."""
    return Answer(what.encode(), 404, {"Content-Type": "text/plain; charset=utf-8"})


def validated(asked: Asked, body: bytes, content_type: str, modified: float = 1_700_000_000.0) -> Answer:
    """Body with ETag and Last-Modified, or 304 when the request shows that it has this body already."""
    headers = {
        "Content-Type": content_type,
        "ETag": f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"',
        "Last-Modified": formatdate(modified, usegmt=True),
    }
    if asked.headers.get("if-none-match") == headers["ETag"]:
        return Answer(b"", HTTPStatus.NOT_MODIFIED, headers)
    return Answer(body, headers=headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    portal: Portal

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about a client that hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SamplePortal"
    # Headers and body leave as one packet each without waiting for the other side's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: _Server

    def do_GET(self) -> None:
        self._send(body=True)

    def do_POST(self) -> None:
        self._send(body=True)

    def do_HEAD(self) -> None:
        self._send(body=False)

    def _send(self, *, body: bool) -> None:
        parts = urlsplit(self.path)
        asked = Asked(
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.command,
            self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        answer = self.server.portal.respond(asked)
        if answer.seconds:
            time.sleep(answer.seconds)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NOT_MODIFIED and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        if answer.cut is not None:
            self.send_header("Connection", "close")
        self.end_headers()
        if body and answer.status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: requests are counted."""
