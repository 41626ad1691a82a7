"""Conditional requests: 304 saves a body, and nothing else ever takes what is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request

from harvester.crawl import redaction
from harvester.crawl.conditional import SAVED_BYTES, SAVED_REQUESTS
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
