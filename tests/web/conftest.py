"""A real server on a real socket over a real ledger and a real index, for everything that the endpoint promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from harvester import config
from harvester.ledger import Ledger
from indexer import load
from indexer.engines import open_index
from indexer.web.app import create_app
from indexer.web.server import address, listen, server
from tests.web import catalogue

GONE = "gone-1"


@contextmanager
def served(application: ASGIApp) -> Iterator[httpx.Client]:
    """Serve an application on a free loopback port; gives a client that knows the address and follows nothing."""
    with listen("127.0.0.1", 0) as listening:
        running = server(application)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            _wait_for(lambda: running.started or not thread.is_alive())
            with httpx.Client(base_url=address(listening), timeout=30, trust_env=False) as client:
                yield client
        finally:
            running.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not stop"


def _wait_for(done: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)


def settings_in(home: Path) -> config.Settings:
    """Settings of an installation in `home`, with the tests' own configuration."""
    return config.Settings(
        home=home,
        config=catalogue.configuration(home / "config"),
        database_url=f"sqlite:///{home / 'ledger.sqlite'}",
        index_url="embedded",
    )


def bring_up_to_date(settings: config.Settings) -> None:
    with Ledger.open(settings.database_url) as ledger:
        index = open_index(settings)
        try:
            load.bring_up_to_date(ledger, index)
        finally:
            index.close()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> config.Settings:
    """An installation with the catalogue harvested and indexed, one dataset of it gone again."""
    found = settings_in(tmp_path_factory.mktemp("web"))
    gone = catalogue.dataset(GONE, {"ko": "없어질 자료"})
    with Ledger.open(found.database_url) as ledger:
        catalogue.harvest(ledger, [*catalogue.datasets(), gone])
        catalogue.harvest(ledger, catalogue.datasets(), deleted=[GONE])
    bring_up_to_date(found)
    return found


@pytest.fixture(scope="session")
def client(settings: config.Settings) -> Iterator[httpx.Client]:
    """A client of a server over that installation, which has read its words."""
    with served(create_app(settings)) as found:
        _wait_for(lambda: bool(found.get("/api/suggest", params={"q": "ㅂ"}).json()["suggestions"]))
        yield found
