"""Conditional requests: 304 saves a body, and nothing else ever takes what is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request

from harvester.crawl import redaction
from harvester.crawl.conditional import SAVED_BYTES, SAVED_REQUESTS
from harvester.ledger.types import Verdict
from harvester.sample_portals.server import Answer, Asked, Portal, validated
from tests.crawl.conftest import Ask


class Validating(Portal):
    """Answers with a validator, and counts what it had to send."""

    def __init__(self) -> None:
        super().__init__()
        self.body = b'{"state": 1}' * 100
        self.headers: dict[str, str] = {}

    def answer(self, asked: Asked) -> Answer:
        answer = validated(asked, self.body, "application/json")
        return Answer(answer.body, answer.status, {**answer.headers, **self.headers})


@pytest.fixture
def validating() -> Iterator[Validating]:
    with Validating() as portal:
        yield portal


def test_an_unchanged_answer_is_not_sent_again(ask: Ask, validating: Validating) -> None:
    first, second = ask(f"{validating.url}/list"), ask(f"{validating.url}/list")
    assert first.answers[0].body == second.answers[0].body == validating.body
    assert (validating.answered[200], validating.answered[304]) == (3, 1)  # robots.txt is asked for each time
    stats = second.crawler.stats
    assert (stats.get_value(SAVED_REQUESTS), stats.get_value(SAVED_BYTES)) == (1, len(validating.body))
    assert stats.get_value("downloader/response_bytes") < len(validating.body)
    assert first.crawler.stats.get_value(SAVED_REQUESTS) is None


def test_a_changed_answer_is_read_anew(ask: Ask, validating: Validating) -> None:
    ask(f"{validating.url}/list")
    validating.body = b'{"state": 2}'
    for _ in range(2):
        (answer,) = ask(f"{validating.url}/list").answers
        assert answer.body == validating.body


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_fault_is_a_fault_although_an_answer_is_kept(ask: Ask, validating: Validating, status: int) -> None:
    ask(f"{validating.url}/list")
    with validating.failing(lambda asked: Answer(b"gone", status) if asked.path == "/list" else None):
        asked = ask(f"{validating.url}/list", settings={"RETRY_TIMES": 0})
    assert not asked.answers
    assert asked.reasons == ["not found" if status == 404 else "server error"]


def test_a_portal_that_is_down_is_down(ask: Ask, validating: Validating) -> None:
    ask(f"{validating.url}/list")
    url = f"{validating.url}/list"
    validating.stop()
    asked = ask(url, settings={"RETRY_TIMES": 0, "ROBOTSTXT_OBEY": False})
    assert not asked.answers
    assert asked.reasons == ["unreachable"]


def test_nothing_is_kept_where_a_key_is_sent(ask: Ask, validating: Validating, tmp_path: Path) -> None:
    redaction.hide("s3cret-key")
    ask(
        f"{validating.url}/list?key=s3cret-key",
        Request(f"{validating.url}/other", headers={"Authorization": "Infuser s3cret-key"}),
        Request(f"{validating.url}/form", method="POST", body=b"key=s3cret-key"),
    )
    files = list((tmp_path / "answers").glob("*"))
    assert files
    assert not any(b"s3cret-key" in file.read_bytes() for file in files)
    with sqlite3.connect(tmp_path / "answers" / "asking.sqlite") as database:
        assert database.execute("SELECT count(*) FROM answer").fetchone() == (0,)
    database.close()


def test_an_answer_in_another_language_is_another_answer(ask: Ask, validating: Validating) -> None:
    for language, saved in (("ko", 0), ("ko", 1), ("en", 1), ("ko", 2)):
        ask(Request(f"{validating.url}/list", headers={"Accept-Language": language}))
        assert validating.answered[304] == saved


def test_what_must_not_be_stored_is_not_and_what_has_no_validator_neither(ask: Ask, validating: Validating) -> None:
    validating.headers = {"Cache-Control": "private, no-store"}
    for _ in range(2):
        ask(f"{validating.url}/list")
    assert validating.answered[304] == 0


def test_a_source_can_do_without(ask: Ask, validating: Validating, tmp_path: Path) -> None:
    for _ in range(2):
        ask(f"{validating.url}/list", settings={"CONDITIONAL_REQUESTS": False})
    assert validating.answered[304] == 0
    assert not (tmp_path / "answers").exists()


def test_answers_that_nobody_asks_for_go(ask: Ask, validating: Validating, tmp_path: Path) -> None:
    ask(f"{validating.url}/old")
    file = tmp_path / "answers" / "asking.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("UPDATE answer SET used = 0")
    database.close()
    ask(f"{validating.url}/new")
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT url FROM answer").fetchall() == [(f"{validating.url}/new",)]
    database.close()


@pytest.mark.parametrize("verdict", ["failed", "partial", "held", None])
def test_only_what_a_complete_job_fetched_is_asked_for_conditionally(
    ask: Ask, validating: Validating, verdict: Verdict | None
) -> None:
    """As where a page of maintenance is younger than the data: a portal that compares dates says 304 to it."""
    ask(f"{validating.url}/list", verdict=verdict)
    ask(f"{validating.url}/list", verdict=verdict)
    assert validating.answered[304] == 0
    for _ in range(2):
        ask(f"{validating.url}/list")
    assert validating.answered[304] == 1
    validating.body = b"maintenance"
    ask(f"{validating.url}/list", verdict="failed")
    ask(f"{validating.url}/list")
    assert validating.answered[304] == 1


def test_the_answers_of_an_interrupted_job_are_proven_by_its_end(ask: Ask, validating: Validating) -> None:
    ask(f"{validating.url}/page1", verdict=None)
    ask(f"{validating.url}/page2", verdict="complete")
    ask(f"{validating.url}/page1", f"{validating.url}/page2")
    assert validating.answered[304] == 2


def test_a_full_harvest_that_was_asked_for_takes_nothing_that_is_kept(ask: Ask, validating: Validating) -> None:
    ask(f"{validating.url}/list")
    ask(f"{validating.url}/list", full=True)
    assert validating.answered[304] == 0
    ask(f"{validating.url}/list")
    assert validating.answered[304] == 1


def test_304_to_who_did_not_ask_for_it_is_no_answer(ask: Ask, validating: Validating) -> None:
    ask(f"{validating.url}/list")
    with validating.failing(lambda asked: Answer(b"", 304) if asked.path == "/list" else None):
        for asked in (ask(f"{validating.url}/list", full=True), ask(f"{validating.url}/list?page=2")):
            assert not asked.answers
            assert asked.reasons == ["unreadable answer"]


def test_headers_of_304_say_nothing_of_the_body_that_is_kept(ask: Ask, validating: Validating) -> None:
    ask(f"{validating.url}/list")
    odd = {"Content-Encoding": "gzip", "Content-Type": "text/html; charset=euc-kr"}
    with validating.failing(lambda asked: Answer(b"", 304, odd) if asked.path == "/list" else None):
        (answer,) = ask(f"{validating.url}/list").answers
    assert (answer.body, answer.headers["Content-Type"]) == (validating.body, b"application/json")


@pytest.mark.parametrize("damage", ["no database", "in the middle", "another table", "no folder"])
def test_answers_that_cannot_be_read_or_written_cost_only_the_savings(
    ask: Ask, validating: Validating, tmp_path: Path, damage: str
) -> None:
    validating.body = b"long" * 20_000
    ask(f"{validating.url}/list")
    file = tmp_path / "answers" / "asking.sqlite"
    match damage:
        case "no database":
            file.write_bytes(b"garbage" * 1000)
        case "in the middle":
            with file.open("r+b") as content:
                content.seek(4096)
                content.write(b"\xff" * 40_000)
        case "another table":
            with sqlite3.connect(file) as database:
                database.execute("DROP TABLE answer")
                database.execute("CREATE TABLE answer (request TEXT)")
            database.close()
        case "no folder":
            file.unlink()
            file.parent.rmdir()
            file.parent.write_text("not a folder")
    for _ in range(2):
        (answer,) = ask(f"{validating.url}/list").answers
        assert answer.body == validating.body
    assert validating.answered[304] == (damage != "no folder")
