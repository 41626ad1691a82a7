"""Asks a portal that nobody knows yet, behind the limits that the spiders have. The only file that knows `requests`.

Every connection, of every hop, goes to an address that was looked at right before, so that no name can mean another one
in between. `requests` is used without its session: that would follow redirects, read their bodies whole, keep cookies,
and take proxies and passwords from the environment.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from time import monotonic, sleep
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from protego import Protego
from requests import PreparedRequest, Request, RequestException
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from harvester import settings
from harvester.crawl.addresses import refusal
from harvester.probe.answers import Answer

MOST_REQUESTS = 25
_MOST_REDIRECTS = 5
_LARGEST_BODY = 8 * 1024 * 1024
_LARGEST_ROBOTS = 512 * 1024
_CONNECTING = 10.0
_ONE_REQUEST = 30.0
"""Seconds for one request with its body, however it trickles."""
_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_STEP = 1 << 16
_HEADERS = {
    "User-Agent": settings.USER_AGENT,
    **settings.DEFAULT_REQUEST_HEADERS,
    "Accept-Encoding": "gzip, deflate",
    "Referer": "",
}
_SCHEMES = ("http://", "https://")

_UNREACHABLE = re.compile(r"there is no host [\w.-]+|certificate verify failed[^()]*|\S+ takes no connection")


class _Transport(HTTPAdapter):
    """`requests`' adapter whose connections go only to addresses that are allowed, and can be cut from outside."""

    def __init__(self, refused: Callable[[str], str | None]) -> None:
        self.refused = refused
        self.forbidden = ""
        self.end = 0.0
        """When the request under way is to be over, in monotonic seconds; whoever sets it cuts it then."""
        self._open: list[socket.socket] = []
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **how: Any) -> None:
        """Make the connections' classes ours; certificates are checked as the system's OpenSSL does."""
        super().init_poolmanager(connections, maxsize, block, ssl_context=ssl.create_default_context(), **how)
        connect = self._connect

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return connect(self)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return connect(self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    def _connect(self, connection: HTTPConnection) -> socket.socket:
        host, port = connection.host.strip("[]"), connection.port
        try:
            found = _addresses(host, port, self.end - monotonic())
        except TimeoutError as error:
            raise NewConnectionError(connection, f"the look-up of {host} timed out") from error
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(connection, f"there is no host {host}") from error
        last: OSError | None = None
        for family, kind, protocol, _, place in found:
            address = str(place[0])
            if why := self.refused(address):
                self.forbidden = f"{host} is {address}, {why}"
                continue
            if (left := self.end - monotonic()) <= 0:
                raise TimeoutError
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(min(_CONNECTING, left))
                made.connect(place)
            except OSError as error:
                made.close()
                last = error
                continue
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # TLS takes the socket away from its object: to cut the connection one needs a descriptor of one's own.
            self._open.append(socket.socket(fileno=os.dup(made.fileno())))
            if monotonic() >= self.end:  # who cuts may have done so right before
                made.close()
                raise TimeoutError
            return made
        raise NewConnectionError(connection, f"{host} takes no connection: {last}")

    def hang_up(self) -> None:
        """Cut every connection, whoever waits for it."""
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        """Close all connections."""
        super().close()
        for one in self._open:
            one.close()
        self._open.clear()


def _addresses(host: str, port: int | None, seconds: float) -> list[Any]:
    """What `socket.getaddrinfo` finds; raise `TimeoutError` where it takes longer, for it cannot be cut itself."""
    found: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.set_exception(error)

    threading.Thread(target=look_up, daemon=True).start()
    return found.result(seconds)


class Visitor:
    """Asks for addresses, each once, politely; `ask` raises nothing for what a portal does.

    `seconds_in_all` is the time for everything, pauses among it: what is under way then is cut, the rest is not asked.
    `requests` counts what was sent, redirects and robots.txt included; `answers` are all answers by address, in order.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        refused: Callable[[str], str | None] | None = None,
        most_requests: int = MOST_REQUESTS,
        seconds: float = _ONE_REQUEST,
        seconds_in_all: float = 60,
    ) -> None:
        self.requests = 0
        self.answers: dict[str, Answer] = {}
        self._seconds = min(seconds, seconds_in_all / 4)  # a robots.txt that drips leaves time for the portal itself
        self._seconds_in_all = seconds_in_all
        self._most_requests = most_requests
        self._transport = _Transport(refused or partial(refusal, allow_private=allow_private))
        self._pause = 0.0 if allow_private else _PAUSE
        self._robots: dict[str, Protego] = {}
        self._silent: dict[str, Answer] = {}
        self._timeouts: Counter[str] = Counter()
        self._end = monotonic() + seconds_in_all
        self._last = 0.0

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def ask(self, address: str) -> Answer:
        """Ask for an address, by GET; one that was asked before is not asked again."""
        address = urldefrag(address).url
        if address not in self.answers:
            self.answers[address] = self._followed(address)
        return self.answers[address]

    def sitemaps(self, address: str) -> tuple[str, ...]:
        """Sitemaps that the robots.txt of this address names."""
        known = self._robots.get(_origin(address))
        return tuple(dict.fromkeys(known.sitemaps)) if known else ()

    def _followed(self, address: str) -> Answer:
        url = address
        for _ in range(_MOST_REDIRECTS + 1):
            if not url.lower().startswith(_SCHEMES):
                return Answer(address, url, fault=f"redirected to what is no web address: {url[:80]}", reason="limit")
            if "@" in urlsplit(url).netloc:
                return Answer(address, url, fault="redirected to an address with a user in it", reason="limit")
            if fault := self._forbidden_by_robots(url):
                return Answer(address, url, fault=fault, reason="robots")
            answer = self._sent(address, url, _LARGEST_BODY)
            target = answer.headers.get("location", "")
            if not (300 <= answer.status < 400 and target):
                return answer
            url = _joined(url, target)
        return Answer(address, url, fault=f"redirected more than {_MOST_REDIRECTS} times", reason="limit")

    def _forbidden_by_robots(self, url: str) -> str:
        """Say why robots.txt keeps us from an address; nothing if it does not. Without one all is allowed."""
        origin = _origin(url)
        if origin not in self._robots:
            answer, place = Answer(origin), f"{origin}/robots.txt"
            for _ in range(_MOST_REDIRECTS + 1):
                answer = self._sent(place, place, _LARGEST_ROBOTS)
                target = answer.headers.get("location", "")
                if not (300 <= answer.status < 400 and target):
                    break
                place = _joined(place, target)
            rules = answer.body.decode("utf-8", "replace") if answer.came and not answer.is_page else ""
            self._robots[origin] = Protego.parse(rules)
        rules_here = self._robots[origin]
        name = settings.ROBOTSTXT_USER_AGENT
        if self._pause and (delay := rules_here.crawl_delay(name)):
            self._pause = min(max(self._pause, delay), _LONGEST_PAUSE)
        return "" if rules_here.can_fetch(url, name) else "not asked: robots.txt forbids it"

    def _sent(self, address: str, url: str, most: int) -> Answer:
        """Send one request. What a host once refused altogether is not asked of it again."""
        origin = _origin(url)
        if origin in self._silent:
            return replace(self._silent[origin], address=address, url=url)
        if self.requests >= self._most_requests:
            fault = f"not asked: {self._most_requests} requests are enough for a look"
            return Answer(address, url, fault=fault, reason="limit")
        now = monotonic()
        begin = max(now, self._last + self._pause)
        seconds = min(self._seconds, self._end - begin)
        if seconds <= 0:
            fault = f"not asked: the time for all questions ({self._seconds_in_all:g} s) was over"
            return Answer(address, url, fault=fault, reason="timeout")
        sleep(begin - now)
        self._transport.forbidden = ""
        self._transport.end = begin + seconds
        hung_up = threading.Event()

        def hang_up() -> None:
            hung_up.set()
            self._transport.hang_up()

        watch = threading.Timer(seconds, hang_up)
        watch.daemon = True
        watch.start()
        try:
            request = Request("GET", url, headers={name: said for name, said in _HEADERS.items() if said}).prepare()
            self.requests += 1
            answer = self._received(address, url, request, most, seconds, hung_up)
        except (RequestException, HTTPError, OSError, ValueError) as error:
            answer = self._fault(address, url, error, seconds, late=hung_up.is_set())
        finally:
            watch.cancel()
            self._last = monotonic()
        self._timeouts[origin] += answer.reason == "timeout"
        if answer.reason in {"unreachable", "forbidden address"}:
            self._silent[origin] = answer
        elif self._timeouts[origin] > 1:
            fault = f"not asked: {origin} left {self._timeouts[origin]} questions without an answer"
            self._silent[origin] = Answer(address, url, fault=fault, reason="timeout")
        elif answer.status in {403, 429} and _asks_to_stop(answer):
            self._silent[origin] = Answer(address, url, fault="not asked: the portal answered 429", reason="blocked")
        return answer

    def _received(
        self, address: str, url: str, request: PreparedRequest, most: int, seconds: float, hung_up: threading.Event
    ) -> Answer:
        response = self._transport.send(request, stream=True, timeout=(_CONNECTING, seconds))
        raw, body, cut = response.raw, bytearray(), False
        headers = {name.lower(): said for name, said in response.headers.items()}
        decoded = headers.get("content-encoding", "").strip().lower() in {"gzip", "x-gzip", "deflate"}
        try:
            while len(body) < most and not hung_up.is_set():
                step = raw.read1(_STEP, decode_content=decoded)
                if not step:
                    break
                body += step
            cut = len(body) >= most or hung_up.is_set()
        except (HTTPError, OSError) as error:
            if not body:
                raise
            cut = bool(error)
        finally:
            # Closed, not drained, where more may come.
            raw.close() if cut else response.close()
        if hung_up.is_set() and not body:
            raise TimeoutError
        return Answer(address, url, response.status_code, headers, bytes(body[:most]), cut, hung_up.is_set())

    def _fault(self, address: str, url: str, error: Exception, seconds: float, *, late: bool) -> Answer:
        told = " ".join(str(error).split())
        if self._transport.forbidden:
            return Answer(address, url, fault=f"not connected: {self._transport.forbidden}", reason="forbidden address")
        if late or isinstance(error, TimeoutError) or "timed out" in told:
            return Answer(address, url, fault=f"no answer within {seconds:.3g} seconds", reason="timeout")
        if found := _UNREACHABLE.search(told):
            return Answer(address, url, fault=found[0].strip(" :"), reason="unreachable")
        if isinstance(error, ValueError) and not isinstance(error, RequestException):
            return Answer(address, url, fault=f"no web address: {told[:120]}", reason="unreadable answer")
        return Answer(address, url, fault=f"no readable answer: {told[-160:]}", reason="unreadable answer")


def _asks_to_stop(answer: Answer) -> bool:
    return answer.status == 429 or "retry-after" in answer.headers


def _joined(url: str, target: str) -> str:
    try:
        joined = urldefrag(urljoin(url, target)).url
        urlsplit(joined).port  # noqa: B018 - raises for what is none
    except ValueError:
        return f"{target[:80]!r}"
    return joined.replace(" ", "%20")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}"
