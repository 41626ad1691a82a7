"""What every crawl keeps to, each with a test that fails when the default is reopened (DESIGN §9)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Request

from harvester import settings
from harvester.crawl.politeness import retry_after
from harvester.members import HarvestSource
from harvester.options.ckan import CkanOptions
from tests.crawl.conftest import Ask
from tests.crawl.servers import Answer, Asked, Portal

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_robots_txt_is_kept_to(ask: Ask, portal: Portal) -> None:
    portal.routes["/robots.txt"] = Answer("User-agent: DataMoa\nDisallow: /closed\n")
    portal.routes["/open"] = portal.routes["/closed"] = Answer("data")
    asked = ask(f"{portal.url}/closed", f"{portal.url}/open")
    assert asked.reasons == ["robots"]
    assert [answer.url for answer in asked.answers] == [f"{portal.url}/open"]
    assert "/closed" not in portal.paths()


def test_robots_txt_is_kept_to_behind_a_redirect(ask: Ask, portal: Portal) -> None:
    portal.routes["/robots.txt"] = Answer("User-agent: *\nDisallow: /closed\n")
    portal.routes["/open"] = Answer(status=302, headers={"Location": "/closed"})
    portal.routes["/closed"] = Answer("data")
    assert ask(f"{portal.url}/open").reasons == ["robots"]
    assert "/closed" not in portal.paths()


def test_a_request_says_who_we_are(ask: Ask, portal: Portal) -> None:
    portal.routes["/"] = Answer("data")
    ask(f"{portal.url}/")
    assert portal.paths() == ["/robots.txt", "/"]
    assert all(asked.headers["User-Agent"].startswith("DataMoa/") for asked in portal.asked)
    assert all("Cookie" not in asked.headers and "Referer" not in asked.headers for asked in portal.asked)


def test_requests_are_spaced_out(ask: Ask, portal: Portal) -> None:
    portal.routes["/"] = Answer("data")
    ask(*[f"{portal.url}/?{number}" for number in range(4)], fast=False, settings={"ALLOW_PRIVATE_ADDRESSES": True})
    times = [asked.at for asked in portal.asked]
    assert all(later - earlier > 0.2 for earlier, later in pairwise(times))


def test_at_most_two_requests_at_a_time(ask: Ask, portal: Portal) -> None:
    under_way = 0
    most = 0

    def slow(_: Asked) -> Answer:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.05)
        under_way -= 1
        return Answer("data")

    portal.routes["/"] = slow
    ask(*[f"{portal.url}/?{number}" for number in range(12)])
    assert most == 2


def test_a_slow_server_is_asked_less_often(ask: Ask, portal: Portal) -> None:
    """AutoThrottle: after answers that took 0.6 s, requests are further apart than DOWNLOAD_DELAY asks."""
    portal.routes["/"] = Answer("data", delay=0.6)
    own = {"ALLOW_PRIVATE_ADDRESSES": True, "DOWNLOAD_DELAY": 0.01, "AUTOTHROTTLE_START_DELAY": 0.01}
    asked = ask(*[f"{portal.url}/?{number}" for number in range(4)], fast=False, settings=own)
    (slot,) = asked.crawler.engine.downloader.slots.values()
    assert slot.delay > 0.3


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_pauses_the_host(ask: Ask, portal: Portal, status: int) -> None:
    answers = iter([Answer(status=status, headers={"Retry-After": "1"}), Answer("data"), Answer("other"), Answer("x")])
    portal.routes["/"] = lambda _: next(answers)
    asked = ask(f"{portal.url}/?1", f"{portal.url}/?2", settings={"CONCURRENT_REQUESTS_PER_DOMAIN": 1})
    refused, *later = [asked.at for asked in portal.asked if asked.path != "/robots.txt"]
    assert len(asked.answers) == 2
    assert all(at - refused > 0.95 for at in later), "the other request must wait too"


def test_retry_after_as_a_date_and_capped(ask: Ask, portal: Portal) -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    answers = iter([Answer(status=503, headers={"Retry-After": in_an_hour}), Answer("data")])
    portal.routes["/"] = lambda _: next(answers)
    began = time.monotonic()
    asked = ask(f"{portal.url}/", settings={"RETRY_AFTER_MAX": 0.5})
    assert len(asked.answers) == 1
    assert 0.5 < time.monotonic() - began < 5


def test_a_pause_of_one_host_does_not_hold_up_another(ask: Ask, portal: Portal) -> None:
    with Portal({"/": Answer("data")}) as other:
        answers = iter([Answer(status=503, headers={"Retry-After": "1"}), Answer("data")])
        portal.routes["/"] = lambda _: next(answers)
        ask(f"{portal.url}/", f"http://localhost:{other.port}/")
        assert portal.paths() == ["/robots.txt", "/", "/"]
        assert max(asked.at for asked in other.asked) < portal.asked[-1].at


def test_retries_are_limited_and_then_told(ask: Ask, portal: Portal) -> None:
    portal.routes["/"] = Answer(status=503)
    asked = ask(f"{portal.url}/")
    assert asked.reasons == ["server error"]
    assert portal.paths().count("/") == 1 + settings.RETRY_TIMES


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0),
        ("Friday, 02-Jan-26 03:05:05 GMT", 60),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_forms(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


def test_redirects_are_limited(ask: Ask, portal: Portal) -> None:
    portal.routes["/"] = Answer(status=302, headers={"Location": "/"})
    assert ask(f"{portal.url}/").reasons == ["unreadable answer"]
    assert portal.paths().count("/") == 1 + settings.REDIRECT_MAX_TIMES


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x", "s3://bucket/x"])
def test_a_redirect_never_leaves_http(ask: Ask, portal: Portal, target: str) -> None:
    portal.routes["/"] = Answer(status=302, headers={"Location": target})
    asked = ask(f"{portal.url}/")
    assert not asked.answers
    assert asked.reasons == ["unreadable answer"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x", "s3://bucket/x"])
def test_no_other_scheme_is_asked_at_all(ask: Ask, url: str) -> None:
    asked = ask(url)
    assert not asked.answers
    assert len(asked.lost) == 1


def test_a_meta_refresh_is_not_followed(ask: Ask, portal: Portal) -> None:
    page = '<html><meta http-equiv="refresh" content="0;url=/login"></html>'
    portal.routes["/"] = Answer(page, headers={"Content-Type": "text/html"})
    portal.routes["/login"] = Answer("login")
    assert [answer.url for answer in ask(f"{portal.url}/").answers] == [f"{portal.url}/"]


def test_keys_do_not_follow_a_redirect_to_another_origin(ask: Ask, portal: Portal) -> None:
    with Portal({"/": Answer("data")}) as other:
        portal.routes["/"] = Answer(status=302, headers={"Location": f"{other.url}/"})
        ask(Request(f"{portal.url}/", headers={"Authorization": "Infuser secret", "X-Api-Key": "secret"}))
        assert "secret" in portal.asked[-1].headers["X-Api-Key"]
        assert "secret" not in str(other.asked[-1].headers)
        assert other.asked[-1].path == "/"


def test_keys_stay_on_a_redirect_within_the_origin(ask: Ask, portal: Portal) -> None:
    portal.routes["/"] = Answer(status=302, headers={"Location": "/there"})
    portal.routes["/there"] = Answer("data")
    ask(Request(f"{portal.url}/", headers={"X-Api-Key": "secret"}))
    assert portal.asked[-1].headers["X-Api-Key"] == "secret"


def test_a_body_does_not_follow_a_redirect_to_another_origin(ask: Ask, portal: Portal) -> None:
    with Portal({"/": Answer("data")}) as other:
        portal.routes["/"] = Answer(status=307, headers={"Location": f"{other.url}/"})
        assert ask(Request(f"{portal.url}/", method="POST", body=b"key=secret")).reasons == ["unreadable answer"]
        assert not [asked for asked in other.asked if asked.path == "/"]


def source(**changes: object) -> HarvestSource:
    return HarvestSource.model_validate(
        {
            "member": "m",
            "key": "k",
            "title": "t",
            "protocol": "ckan",
            "url": "https://portal.example",
            "options": CkanOptions(),
            "evidence": "assumed",
            **changes,
        }
    )


def test_only_a_source_of_our_own_is_spared() -> None:
    assert settings.of_source(source()) == {}
    own = settings.of_source(source(allow_private=True))
    assert own["AUTOTHROTTLE_ENABLED"] is False
    assert own["DOWNLOAD_DELAY"] == 0
    assert own["ALLOW_PRIVATE_ADDRESSES"] is True
    assert "ROBOTSTXT_OBEY" not in own
    assert "DOWNLOAD_VERIFY_CERTIFICATES" not in own


def test_a_source_says_its_own_pace() -> None:
    slow = settings.of_source(source(download_delay=3, concurrent_requests=1))
    assert slow["DOWNLOAD_DELAY"] == 3
    assert slow["CONCURRENT_REQUESTS_PER_DOMAIN"] == slow["CONCURRENT_REQUESTS"] == 1
    assert settings.of_source(source(allow_private=True, download_delay=3))["DOWNLOAD_DELAY"] == 3
