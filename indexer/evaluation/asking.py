"""Asks the questions, in two processes, of this home's ledger and index or of a running endpoint."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any
from urllib.parse import urlencode, urlsplit

from harvester import config
from harvester.errors import IndexEngineError, QueryError, UsageError
from harvester.ledger import Ledger
from indexer.answer import Searcher
from indexer.engines import open_index
from indexer.evaluation.measures import Hits
from indexer.evaluation.questions import Question

_PAGE = 100
_SHARE = 20
_WORTH_PROCESSES = 100
"""Two processes take about two seconds to start; below so many questions one is done by then."""
_ATTEMPTS = 5
_PATIENCE = 0.3
_TIMEOUT = 30

Answer = Callable[[list[tuple[str, str]]], dict[str, Any]]
"""Parameters of a search → the endpoint's JSON; raises `QueryError` where the search is refused."""


def ask(settings: config.Settings, url: str | None, questions: Sequence[Question], processes: int) -> Iterator[Hits]:
    """Give the answers in the order of the questions; a few are asked in this process."""
    if processes == 1 or len(questions) < _WORTH_PROCESSES:
        with _open(settings, url) as answer:
            yield from (hits(answer, question.query, question.depth) for question in questions)
        return
    shares = [questions[start : start + _SHARE] for start in range(0, len(questions), _SHARE)]
    # Not forked: this process may run threads that hold locks.
    executor = ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_start, initargs=(settings, url)
    )
    try:
        for answers in executor.map(_ask, shares):
            yield from answers
    except BrokenProcessPool as error:
        raise IndexEngineError("a process that asks questions died (out of memory?)") from error
    finally:
        executor.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _open(settings: config.Settings, url: str | None) -> Iterator[Answer]:
    if url:
        with contextlib.closing(Endpoint(url)) as endpoint:
            yield endpoint.answer
        return
    with Ledger.open(settings.database_url) as ledger, contextlib.closing(open_index(settings)) as engine:
        yield Searcher(ledger, engine, config.vocabularies(settings.config), settings.config).search


_answer: Answer


def _start(settings: config.Settings, url: str | None) -> None:
    global _answer
    # Ctrl-C goes to every process of the terminal; the parent ends these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    opened = contextlib.ExitStack()
    atexit.register(opened.close)
    _answer = opened.enter_context(_open(settings, url))


def _ask(questions: Sequence[Question]) -> list[Hits]:
    return [hits(_answer, question.query, question.depth) for question in questions]


def hits(answer: Answer, query: str, depth: int | None) -> Hits:
    """Search, and follow the cursor until `depth` hits are there, or all of them (None)."""
    parameters = [("q", query), ("size", str(_PAGE))]
    try:
        page = answer(parameters)
    except QueryError as error:
        return Hits(0, (), (), str(error))
    total, found = page["total"], page["hits"]
    ids = [hit["id"] for hit in found]
    titles = tuple(hit["title"] for hit in found[:10])
    while page["cursor"] and (depth is None or len(ids) < depth):
        page = answer([*parameters, ("cursor", page["cursor"])])
        ids += [hit["id"] for hit in page["hits"]]
    return Hits(total, tuple(ids), titles)


def check_url(url: str) -> None:
    """Raise `UsageError` for what is no address of an endpoint."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--url {url}: write it as http://host:port")


class Endpoint:
    """A running endpoint, over one connection."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.netloc, timeout=_TIMEOUT)
        self._path = f"{parts.path.rstrip('/')}/api/search"

    def answer(self, parameters: list[tuple[str, str]]) -> dict[str, Any]:
        """Search; an endpoint that is busy is asked again."""
        fault = ""
        for attempt in range(_ATTEMPTS):
            time.sleep(attempt * _PATIENCE)
            try:
                self._connection.request("GET", f"{self._path}?{urlencode(parameters)}")
                response = self._connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                fault = str(error)
                continue
            if response.status == http.client.OK:
                page: dict[str, Any] = json.loads(body)
                return page
            if response.status == http.client.BAD_REQUEST:
                raise QueryError(body.decode(errors="replace"), parameter="q")
            fault = f"status {response.status}"
        raise IndexEngineError(f"{self._url}: {fault}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
