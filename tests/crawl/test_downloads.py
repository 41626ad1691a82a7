"""Downloads that go to disk and are shared by the sources of a machine."""

from __future__ import annotations

import gc
import gzip
import hashlib
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from scrapy import Request

from harvester.crawl.downloads import Downloads, SpooledResponse
from harvester.ledger.types import Verdict
from tests.crawl.conftest import Ask
from tests.crawl.servers import Answer, Asked, Portal

BODY = "목록키,제목\n".encode() + b"".join(b"%d,title %d\n" % (number, number) for number in range(20_000))


def spool(portal: Portal, path: str = "/all.csv", content_hash: str | None = None) -> Request:
    url = portal.url + path
    return Request(url, meta={"spool": url, "spool_hash": content_hash})


def only(asked: object) -> SpooledResponse:
    (answer,) = asked.answers  # type: ignore[attr-defined]
    assert isinstance(answer, SpooledResponse)
    return answer


def fetches(portal: Portal) -> list[Asked]:
    return [asked for asked in portal.asked if asked.path != "/robots.txt"]


def test_a_body_goes_to_disk(ask: Ask, portal: Portal, tmp_path: Path) -> None:
    portal.routes["/all.csv"] = Answer(BODY, headers={"Content-Type": 'text/csv; charset="EUC-KR"'})
    asked = ask(spool(portal))
    answer = only(asked)
    assert answer.path.read_bytes() == BODY
    assert answer.path.is_relative_to(tmp_path / "downloads")
    assert answer.content_hash == hashlib.blake2b(BODY, digest_size=16).hexdigest()
    assert answer.encoding == "EUC-KR"
    assert answer.body == b""
    assert asked.crawler.stats.get_value("spool/bytes") == len(BODY)


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": lambda body: gzip.compress(body[:1000]) + gzip.compress(body[1000:]) + b"\0" * 10,
    "deflate": zlib.compress,
    "Deflate": lambda body: zlib.compress(body)[2:-4],
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_compressed_body_is_decoded_as_it_comes(ask: Ask, portal: Portal, encoding: str) -> None:
    portal.routes["/all.csv"] = Answer(ENCODINGS[encoding](BODY), headers={"Content-Encoding": encoding})
    assert only(ask(spool(portal))).path.read_bytes() == BODY
    assert fetches(portal)[0].headers["Accept-Encoding"] == "gzip, deflate"


def test_a_bomb_is_stopped_by_what_it_would_become(ask: Ask, portal: Portal, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    portal.routes["/all.csv"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    asked = ask(spool(portal), settings={"SPOOL_MAXSIZE": 5_000_000})
    assert asked.reasons == ["unreadable answer"]
    assert "SPOOL_MAXSIZE" in asked.lost[0][1]
    assert not list((tmp_path / "downloads").glob("*.part"))
    assert not list((tmp_path / "downloads").glob("*.data"))


def test_a_bomb_in_memory_is_stopped_too(ask: Ask, portal: Portal) -> None:
    portal.routes["/"] = Answer(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
    asked = ask(f"{portal.url}/", settings={"DOWNLOAD_MAXSIZE": 5_000_000})
    assert asked.reasons == ["unreadable answer"]


def test_a_body_beyond_the_limit_is_not_held(ask: Ask, portal: Portal) -> None:
    portal.routes["/"] = Answer(bytes(2_000_000))
    asked = ask(f"{portal.url}/", settings={"DOWNLOAD_MAXSIZE": 1_000_000})
    assert asked.reasons == ["limit"]
    assert asked.lost[0][1] == f"{portal.url}/: the answer is larger than a crawl takes (DOWNLOAD_MAXSIZE)"


def test_memory_does_not_depend_on_the_body(ask: Ask, portal: Portal) -> None:
    block = BODY[:100_000]
    body = gzip.compress(block * 200)
    portal.routes["/all.csv"] = Answer(body, headers={"Content-Encoding": "gzip"})
    ask(spool(portal, "/nothing"))  # so that what is measured is not Scrapy being imported
    tracemalloc.start()
    answer = only(ask(spool(portal)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.path.stat().st_size == len(block) * 200
    assert peak < 12_000_000


@pytest.mark.parametrize(
    "answer",
    [
        Answer(gzip.compress(BODY)[:-500], headers={"Content-Encoding": "gzip"}),
        Answer(BODY[:5000], headers={"Content-Length": str(len(BODY)), "Connection": "close"}),
        Answer(b"not gzip at all", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["cut gzip", "cut body", "no gzip"],
)
def test_a_cut_or_false_body_is_asked_for_again(ask: Ask, portal: Portal, answer: Answer) -> None:
    answers = iter([answer, Answer(BODY)])

    def once(_: Asked) -> Answer:
        return next(answers)

    portal.routes["/all.csv"] = once
    # a connection that is cut stays open on this server's side until it times out
    answered = ask(spool(portal), settings={"DOWNLOAD_TIMEOUT": 1})
    assert only(answered).path.read_bytes() == BODY
    assert len(fetches(portal)) == 2


@pytest.mark.parametrize("size", [1, 5_000_000])
def test_an_encoding_that_nobody_asked_for(ask: Ask, portal: Portal, size: int) -> None:
    portal.routes["/all.csv"] = Answer(bytes(size), headers={"Content-Encoding": "br"})
    assert ask(spool(portal)).reasons == ["unreadable answer"]
    gc.collect()  # a connection that was left open warns here


def test_a_silent_server_is_given_up(ask: Ask, portal: Portal) -> None:
    portal.routes["/all.csv"] = Answer(BODY, delay=3)
    asked = ask(spool(portal), settings={"DOWNLOAD_TIMEOUT": 0.2, "RETRY_TIMES": 1})
    assert asked.reasons == ["timeout"]


def test_errors_and_redirects_are_those_of_every_request(ask: Ask, portal: Portal) -> None:
    answers = iter([Answer(status=503), Answer(status=302, headers={"Location": "/there"})])
    portal.routes["/all.csv"] = lambda _: next(answers)
    portal.routes["/there"] = Answer(BODY)
    assert only(ask(spool(portal))).path.read_bytes() == BODY
    assert [asked.path for asked in fetches(portal)] == ["/all.csv", "/all.csv", "/there"]
    assert ask(spool(portal, "/gone")).reasons == ["not found"]


def test_a_server_that_hangs_up_is_told_in_words(ask: Ask, portal: Portal) -> None:
    def hang_up(_: Asked) -> Answer:
        raise ConnectionAbortedError

    portal.routes["/all.csv"] = hang_up
    for request in (spool(portal), Request(portal.url + "/all.csv")):
        ((_, sentence),) = ask(request, settings={"RETRY_TIMES": 0}).lost
        assert sentence == f"{portal.url}/all.csv: ConnectionDone: Connection was closed cleanly."


def test_robots_txt_counts_for_downloads(ask: Ask, portal: Portal) -> None:
    portal.routes["/robots.txt"] = Answer("User-agent: *\nDisallow: /")
    portal.routes["/all.csv"] = Answer(BODY)
    assert ask(spool(portal)).reasons == ["robots"]


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
def test_a_later_run_revalidates(ask: Ask, portal: Portal, validator: str) -> None:
    value = {"ETag": '"one"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}[validator]
    question = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}[validator]

    def answer(asked: Asked) -> Answer:
        if asked.headers.get(question) == value:
            return Answer(status=304)
        return Answer(BODY, headers={validator: value, "Content-Type": "text/csv;charset=utf-8"})

    portal.routes["/all.csv"] = answer
    first = only(ask(spool(portal)))
    second = only(ask(spool(portal)))
    assert first.content_hash == second.content_hash
    assert first.encoding == second.encoding == "utf-8"
    assert second.path.read_bytes() == BODY
    assert [question in asked.headers for asked in fetches(portal)] == [False, True]


@pytest.mark.parametrize("verdict", ["failed", "partial", "held", None])
def test_what_led_to_no_complete_job_is_not_asked_for_conditionally(
    ask: Ask, portal: Portal, verdict: Verdict | None
) -> None:
    """A page of maintenance is younger than the data, and the portal compares dates: it would say 304 for good."""
    shown = [b"maintenance", BODY]

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("If-Modified-Since"):
            return Answer(status=304)
        return Answer(shown[0], headers={"Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"})

    portal.routes["/all.csv"] = answer
    assert only(ask(spool(portal), verdict=verdict)).path.read_bytes() == shown.pop(0)
    for _ in range(2):
        assert only(ask(spool(portal))).path.read_bytes() == BODY
    assert ["If-Modified-Since" in asked.headers for asked in fetches(portal)] == [False, False, True]
    shown[0] = b"maintenance"
    assert only(ask(spool(portal), verdict=verdict)).path.read_bytes() == BODY
    assert only(ask(spool(portal))).path.read_bytes() == BODY, "what was proven stays so"
    assert "If-Modified-Since" in fetches(portal)[-1].headers


def test_without_validators_a_later_run_fetches_anew(ask: Ask, portal: Portal) -> None:
    portal.routes["/all.csv"] = Answer(BODY)
    first = only(ask(spool(portal)))
    portal.routes["/all.csv"] = Answer(BODY + b"1,new\n")
    second = only(ask(spool(portal)))
    assert first.content_hash != second.content_hash
    assert len(fetches(portal)) == 2


def test_one_run_fetches_once_even_without_validators(ask: Ask, portal: Portal) -> None:
    portal.routes["/all.csv"] = Answer(BODY)
    started = datetime.now(UTC)
    for _ in range(3):
        assert only(ask(spool(portal), started=started)).path.read_bytes() == BODY
    assert len(fetches(portal)) == 1
    ask(spool(portal), started=datetime.now(UTC) + timedelta(seconds=1))
    assert len(fetches(portal)) == 2


def test_the_content_that_a_job_began_with_is_read_on(ask: Ask, portal: Portal) -> None:
    portal.routes["/all.csv"] = Answer(BODY)
    first = only(ask(spool(portal)))
    portal.routes["/all.csv"] = Answer(b"another")
    assert only(ask(spool(portal))).path.read_bytes() == b"another"
    again = only(ask(spool(portal, content_hash=first.content_hash)))
    assert again.path.read_bytes() == BODY
    assert len(fetches(portal)) == 2
    first.path.unlink()
    assert only(ask(spool(portal, content_hash=first.content_hash))).path.read_bytes() == b"another"


def test_waiting_for_another_process_does_not_block(ask: Ask, portal: Portal, tmp_path: Path) -> None:
    """While another process holds the lock, other requests go on; then its content is taken without a request."""
    portal.routes["/all.csv"] = portal.routes["/other"] = Answer(BODY)
    started = datetime.now(UTC)
    url = f"{portal.url}/all.csv"
    downloads = Downloads(tmp_path / "downloads")
    lock = downloads.lock(url)
    lock.acquire()

    def fetch_elsewhere() -> None:
        while "/other" not in portal.paths():
            time.sleep(0.01)
        downloads.temporary(url).write_bytes(b"fetched elsewhere")
        downloads.keep(url, "ab" * 16, datetime.now(UTC), {})
        lock.release()

    elsewhere = threading.Thread(target=fetch_elsewhere)
    elsewhere.start()
    asked = ask(spool(portal), f"{portal.url}/other", started=started)
    elsewhere.join()
    assert len(asked.answers) == 2
    (spooled,) = (answer for answer in asked.answers if isinstance(answer, SpooledResponse))
    assert spooled.path.read_bytes() == b"fetched elsewhere"
    assert "/all.csv" not in portal.paths()


def test_a_process_that_dies_lets_go_of_the_lock(ask: Ask, portal: Portal, tmp_path: Path) -> None:
    portal.routes["/all.csv"] = Answer(BODY)
    lock = Downloads(tmp_path / "downloads").lock(f"{portal.url}/all.csv")
    holding = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import filelock, sys, time\n"
            "filelock.FileLock(sys.argv[1]).acquire(); print('held', flush=True); time.sleep(99)",
            lock.lock_file,
        ],
        stdout=subprocess.PIPE,
    )
    assert holding.stdout is not None
    with holding.stdout:
        assert holding.stdout.readline() == b"held\n"
        holding.kill()
        holding.wait()
    assert only(ask(spool(portal))).path.read_bytes() == BODY


def test_the_lock_is_free_after_every_end(ask: Ask, portal: Portal, tmp_path: Path) -> None:
    portal.routes["/all.csv"] = Answer(BODY)
    portal.routes["/broken"] = Answer(status=500)
    ask(spool(portal), spool(portal, "/broken"), spool(portal, "/absent"))
    locks = list((tmp_path / "downloads").glob("*.lock"))
    assert len(locks) == 3
    for file in locks:
        with FileLock(file, timeout=0):
            pass


def test_what_nobody_reads_is_swept(tmp_path: Path) -> None:
    downloads = Downloads(tmp_path)
    downloads.lock("u")
    for content_hash in ("aa", "bb"):
        downloads.temporary("u").write_bytes(b"x")
        downloads.keep("u", content_hash, datetime.now(UTC), {})
    old = downloads.content("u", "aa")
    assert old is not None
    import os

    os.utime(old, (0, 0))
    stale_part = tmp_path / "x.part"
    stale_part.write_bytes(b"")
    os.utime(stale_part, (0, 0))
    downloads.temporary("u").write_bytes(b"y")
    downloads.keep("u", "cc", datetime.now(UTC), {})
    assert downloads.content("u", "aa") is None
    assert not stale_part.exists()
    assert downloads.content("u", "bb")
    fetched = downloads.fetched("u")
    assert fetched is not None
    assert fetched.content_hash == "cc"


def test_a_broken_note_is_as_none(tmp_path: Path) -> None:
    downloads = Downloads(tmp_path)
    downloads.lock("u")
    downloads.temporary("u").write_bytes(b"x")
    downloads.keep("u", "aa", datetime.now(UTC), {})
    (note,) = tmp_path.glob("*.json")
    note.write_text("{")
    assert downloads.fetched("u") is None
