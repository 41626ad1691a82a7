"""No crawl connects to an address that is not a public host's, on any hop (DESIGN §9)."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import settings
from harvester.crawl.guard import refusal
from tests.crawl.certificates import self_signed_context
from tests.crawl.conftest import Ask
from tests.crawl.servers import Answer, Asked, Portal

GUARDED = {"ALLOW_PRIVATE_ADDRESSES": False}

ALWAYS_REFUSED = [
    "169.254.169.254",
    "169.254.1.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "100.64.0.1",
]
PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "::1",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::1",
    "2002:c0a8:1::1",
    "2001:0:4136:e378:8000:63bf:3f57:fefe",  # Teredo, client 192.168.1.1
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "211.34.113.2", "2001:4860:4860::8888", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("address", ALWAYS_REFUSED)
def test_never(address: str) -> None:
    assert refusal(address, allow_private=False)
    assert refusal(address, allow_private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_only_where_the_source_is_our_own(address: str) -> None:
    assert refusal(address, allow_private=False)
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert refusal(address, allow_private=False) is None


@given(st.ip_addresses())
def test_what_python_knows_as_not_global_is_refused(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if not address.is_global:
        assert refusal(str(address), allow_private=False) or address in ipaddress.ip_network("2002::/16")


@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_judged_as_itself(address: ipaddress.IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        spelt = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))
        for allow in (False, True):
            assert bool(refusal(str(spelt), allow_private=allow)) == bool(refusal(str(address), allow_private=allow))


SPELLINGS = [
    "127.0.0.1",
    "localhost",
    "0x7f.1",
    "2130706433",
    "0177.0.0.1",
    "127.1",
    "[::ffff:127.0.0.1]",
    "[::1]",
    "0",
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_loopback_is_connected_to(ask: Ask, portal: Portal, host: str) -> None:
    portal.routes["/"] = Answer("secret")
    asked = ask(f"http://{host}:{portal.port}/", settings=GUARDED)
    assert asked.reasons == ["forbidden address"]
    assert portal.asked == []


def test_our_own_portal_is_reached_when_the_source_says_so(ask: Ask, portal: Portal) -> None:
    portal.routes["/"] = Answer("data")
    assert [answer.body for answer in ask(f"{portal.url}/").answers] == [b"data"]


def test_a_spooled_download_is_guarded_too(ask: Ask, portal: Portal) -> None:
    from scrapy import Request

    url = f"{portal.url}/"
    assert ask(Request(url, meta={"spool": url}), settings=GUARDED).reasons == ["forbidden address"]
    assert portal.asked == []


Resolve = Callable[[dict[str, list[str]]], None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Let names stand for addresses of our choice, the next one at each look-up (as a rebinding server does)."""

    def install(table: dict[str, list[str]]) -> None:
        real = socket.getaddrinfo

        def lookup(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            answers = table.get(host)
            if answers is None:
                return real(host, port, *rest, **more)
            address = answers.pop(0) if len(answers) > 1 else answers[0]
            return real(address, port, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", lookup)

    return install


def test_a_name_that_stands_for_loopback(ask: Ask, portal: Portal, names: Resolve) -> None:
    names({"portal.example": ["127.0.0.1"]})
    asked = ask(f"http://portal.example:{portal.port}/", settings=GUARDED)
    assert asked.reasons == ["forbidden address"]
    assert "portal.example is 127.0.0.1" in asked.lost[0][1]
    assert portal.asked == []


def test_what_was_checked_is_what_is_connected_to(ask: Ask, portal: Portal, names: Resolve) -> None:
    """Rebinding: the name is loopback at every second look-up; a connection goes to what was checked, or nowhere."""
    names({"portal.example": ["192.0.2.1", "127.0.0.1"] * 10})
    asked = ask(
        f"http://portal.example:{portal.port}/", settings={**GUARDED, "DOWNLOAD_TIMEOUT": 0.3, "RETRY_TIMES": 3}
    )
    assert not asked.answers
    assert portal.asked == []


def test_a_redirect_to_an_inner_address(ask: Ask, names: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.2 plays a public host here; 127.0.0.1 stays refused."""
    import harvester.crawl.guard as guard

    real = guard.refusal
    monkeypatch.setattr(guard, "refusal", lambda a, **k: None if a == "127.0.0.2" else real(a, **k))
    names({"public.example": ["127.0.0.2"]})
    secret = Portal({"/": Answer("secret")})
    public = Portal(host="127.0.0.2")
    with secret, public:
        public.routes["/"] = Answer(status=302, headers={"Location": f"http://127.0.0.1:{secret.port}/"})
        asked = ask(f"http://public.example:{public.port}/", settings=GUARDED)
        assert public.paths() == ["/robots.txt", "/"]
        assert asked.reasons == ["forbidden address"]
        assert secret.asked == []


def test_robots_txt_that_redirects_to_an_inner_address(
    ask: Ask, names: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    import harvester.crawl.guard as guard

    real = guard.refusal
    monkeypatch.setattr(guard, "refusal", lambda a, **k: None if a == "127.0.0.2" else real(a, **k))
    names({"public.example": ["127.0.0.2"]})
    with Portal({"/robots.txt": Answer("secret")}) as secret, Portal(host="127.0.0.2") as public:
        public.routes["/"] = Answer("data")
        public.routes["/robots.txt"] = Answer(status=302, headers={"Location": f"{secret.url}/robots.txt"})
        asked = ask(f"http://public.example:{public.port}/", settings=GUARDED)
        assert [answer.body for answer in asked.answers] == [b"data"]
        assert secret.asked == []


def test_no_proxy_from_the_environment(ask: Ask, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    with Portal() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        portal.routes["/"] = Answer("data")
        assert len(ask(f"{portal.url}/").answers) == 1
        assert proxy.asked == []


def test_a_name_that_does_not_exist(ask: Ask, names: Resolve) -> None:
    names({"nowhere.example": ["256.256.256.256"]})
    assert ask("http://nowhere.example/", settings=GUARDED).reasons == ["unreachable"]


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return self_signed_context(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.mark.parametrize("spooled", [False, True])
def test_a_certificate_that_nobody_vouches_for(ask: Ask, self_signed: ssl.SSLContext, spooled: bool) -> None:
    from scrapy import Request

    with Portal({"/": Answer("data")}, self_signed) as server:
        url = f"https://localhost:{server.port}/"
        asked = ask(Request(url, meta={"spool": url} if spooled else {}))
        assert asked.reasons == ["unreachable"]
        assert "certificate" in asked.lost[0][1]
        assert server.asked == []


def _listening() -> set[int]:
    """TCP ports on which this process listens; other tests' servers may be among them."""
    tcp = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    inodes = {file.resolve().name for file in Path("/proc/self/fd").iterdir() if file.is_symlink()}
    return {
        int(row.split()[1].split(":")[1], 16)
        for row in tcp
        if row.split()[3] == "0A" and f"socket:[{row.split()[9]}]" in inodes
    }


def test_nothing_listens(ask: Ask, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Telnet console and remote control are off: a crawl opens no listening socket."""
    before = _listening()
    during: set[int] = set()

    def look(_: Asked) -> Answer:
        during.update(_listening())
        return Answer("data")

    portal.routes["/"] = look
    asked = ask(f"{portal.url}/")
    assert portal.port in during  # what listens is seen
    assert during <= before
    extensions = {type(extension).__name__ for extension in asked.crawler.extensions.middlewares}
    assert not extensions & {"TelnetConsole", "RemoteControl"}
    assert settings.TELNETCONSOLE_ENABLED is settings.REMOTE_CONTROL_ENABLED is False
