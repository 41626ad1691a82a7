"""A small HTTP server on loopback whose answers a test writes, and which remembers what it was asked."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass
class Asked:
    path: str
    headers: Mapping[str, str]
    at: float = field(default_factory=time.monotonic)


@dataclass
class Answer:
    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


Route = Answer | Callable[[Asked], Answer]


class Portal:
    """Serves `routes` (path without query → answer); everything else is 404."""

    def __init__(
        self, routes: dict[str, Route] | None = None, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.routes = routes or {}
        self.asked: list[Asked] = []
        self._host = host
        portal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = Asked(self.path, dict(self.headers.items()))
                portal.asked.append(asked)
                route = portal.routes.get(self.path.partition("?")[0], Answer(status=404))
                answer = route(asked) if callable(route) else route
                time.sleep(answer.delay)
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    if "Content-Length" not in answer.headers and answer.status != 304:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if answer.status != 304:
                        self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128
            address_family = socket.AF_INET

            def handle_error(self, *_: Any) -> None:
                pass

        self._server = Server((host, 0), Handler)
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if context else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self._host}:{self.port}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
