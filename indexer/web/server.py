"""`datamoa serve`: the endpoint on a socket."""

from __future__ import annotations

import contextlib
import re
import socket

import h11
import orjson
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from harvester import config, console, home
from harvester.config import Settings
from harvester.errors import DataMoaError
from indexer.engines import open_index
from indexer.web.app import create_app

LONGEST_REQUEST = 1 << 20
"""Bytes of a request's line and headers together. A pasted text of 50,000 Korean letters is 450,000 in an address."""

_LINGERING_SECONDS = 2.0
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class PortTakenError(DataMoaError):
    """The address cannot be listened on. Raised before anything is served."""


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; raise `PortTakenError` that says what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Connections inherit it. Without, every answer waits 40 ms for an acknowledgement between headers and body:
        # asyncio sets it only where the socket says that it is TCP, and one from create_server does not.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise PortTakenError(
            f"cannot listen on {host}:{port}: {error.strerror}; another program may have this port: "
            "give --port NUMBER, or --port 0 for any free one"
        ) from None


def address(listening: socket.socket) -> str:
    """Give the web address of a listening socket, as somebody on this machine would type it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until stopped; raise `PortTakenError`, and before anybody meets it in a search `ConfigurationError`, or
    OSError where home is no folder.
    """
    if settings.database_url.startswith("sqlite"):  # who reads its file writes beside it
        home.have(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    config.members(settings.config)
    config.vocabularies(settings.config)
    open_index(settings).close()
    with listen(host, port) as listening:
        console.notes.print(f"search page and API at {address(listening)} until Ctrl-C")
        run(settings, listening)


def run(settings: Settings, listening: socket.socket) -> None:
    """Serve on a socket that listens already, until stopped."""
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn shuts down in order, then raises what it caught again
        server(create_app(settings)).run(sockets=[listening])


def server(application: ASGIApp) -> uvicorn.Server:
    """Make the server, not yet running."""
    return uvicorn.Server(
        uvicorn.Config(
            application,
            http=_AsTyped,
            h11_max_incomplete_event_size=LONGEST_REQUEST,
            # The address is told by who starts it; requests are logged by whatever proxy stands in front.
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )


class _AsTyped(H11Protocol):
    """HTTP that takes addresses as people type them into curl: ``?q=미세먼지``.

    Bytes that no address may have are percent-encoded before the parser would refuse them. A request that is too long
    is answered so (uvicorn calls it invalid).
    """

    _refused = False

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self.conn.their_state is h11.IDLE:
            line, end, rest = data.partition(b"\r\n")
            if not line.isascii():
                data = _NOT_ASCII.sub(lambda match: b"%%%02X" % match[0][0], line) + end + rest
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        unread, _ = self.conn.trailing_data
        if len(unread) <= LONGEST_REQUEST:
            super().send_400_response(msg)
            return
        line, ended, _ = unread.partition(b"\r\n")
        in_line = not ended or len(line) > LONGEST_REQUEST // 2
        what = "address" if in_line else "headers"
        body = orjson.dumps({"error": {"message": f"the {what} may have at most {LONGEST_REQUEST:,} bytes"}})
        head = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
        for event in (h11.Response(status_code=414 if in_line else 431, headers=head), h11.Data(data=body)):
            self.transport.write(self.conn.send(event) or b"")
        # To close at once would reset the connection, and the client, which is still sending, would not see the answer.
        self._refused = True
        self.transport.write_eof()
        self.loop.call_later(_LINGERING_SECONDS, self.transport.close)
