"""What every answer goes through, whoever made it: reading methods only, HEAD, security headers, CORS for open data."""

from __future__ import annotations

import logging

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

READING = ("GET", "HEAD")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""One script, a file of ours that asks this server for suggestions. None in a page, none from elsewhere: a title that
smuggles one in finds nothing to run it."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # What was searched for here is nobody's business over there.
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def is_for_programs(path: str) -> bool:
    """Tell whether this address answers programs (JSON) rather than people (a page)."""
    return path.startswith("/api/") or path in ("/api", "/openapi.json", "/health")


class Protection:
    """Wraps the whole application, its error answers included (middleware inside it would not see those)."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything but a reading HTTP request is refused here."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        method = scope["method"]
        # Public data without sessions: any site's scripts may read it. GET needs no preflight: OPTIONS stays refused.
        open_data = is_for_programs(scope["path"])

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if open_data:
                    headers["Access-Control-Allow-Origin"] = "*"
            elif message["type"] == "http.response.body" and method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        if method not in READING:
            await _refuse(send_protected)
            return
        try:
            await self._application({**scope, "method": "GET"}, receive, send_protected)
        except Exception:
            # `faults` has answered already; Starlette raises once more, and the server would cut the connection.
            log.exception("%s: not foreseen", scope["path"])


async def _refuse(send: Send) -> None:
    body = orjson.dumps({"error": {"message": "this service is read-only", "allowed": list(READING)}})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"allow", ", ".join(READING).encode()),
    ]
    await send({"type": "http.response.start", "status": 405, "headers": headers})
    await send({"type": "http.response.body", "body": body})
