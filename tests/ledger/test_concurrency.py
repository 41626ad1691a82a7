from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from harvester.errors import LedgerError
from harvester.ledger import Ending, Expected, Ledger
from tests.ledger.scripts import Listed, commit, entries, followed, harvest, id_of, many, pages, shown, start

ROOT = Path(__file__).parent.parent.parent
PROCESSES, PAGES = 6, 6


def test_six_processes_open_and_write_at_once_and_lose_nothing(address: str) -> None:
    """They create the ledger too. A reader that follows the feed meanwhile must end with what the ledger holds."""
    writers = subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.writers", address, str(PROCESSES), str(PAGES)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writers.stdout
    assert writers.stdout.readline() == "begun\n"
    held: dict[str, int] = {}
    after = 0
    with Ledger.open(address) as ledger:
        running = True
        while running:
            running = writers.poll() is None
            while changes := ledger.changes(after, 25):
                for change in changes:
                    assert change.seq > after
                    after = change.seq
                    held[change.id] = change.seq
        _, errors = writers.communicate()
        assert writers.returncode == 0, errors
        total = PROCESSES * PAGES * 10
        assert held == {one.id: one.seq for one in ledger.live()}
        assert len(held) == total
        assert ledger.last_seq() == 2 * total
        numbers = sorted(version.seq for id_ in held for version in ledger.versions(id_))
        assert numbers == list(range(1, 2 * total + 1)), "no number is missing and none is given twice"
        assert {state.datasets for state in ledger.source_states().values()} == {PAGES * 10}


def test_threads_read_while_one_writes(ledger: Ledger) -> None:
    harvest(ledger, many(50), size=50)
    wrong: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                assert len(list(ledger.export())) >= 50
                assert len(ledger.datasets([id_of(f"r{n}") for n in range(50)])) == 50
        except BaseException as error:  # noqa: BLE001 - the test shows it
            wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(5):
        harvest(ledger, [Listed(f"r{n}", f"title {number}") for n in range(60)], size=20)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_full_disk_stops_the_job_and_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with Ledger.open(f"sqlite:///{file}") as ledger:
        harvest(ledger, many(3))
        job = start(ledger, fingerprint="2")
        listed = [Listed(f"r{n}", Random(n).randbytes(2_500).hex()) for n in range(400)]
        full = _limit(ledger, 40)
        with pytest.raises(LedgerError, match="full"):
            commit(ledger, job, pages(listed, 20))
        stored = ledger.count(job)
        assert stored.listed == len(shown(ledger)), "whole pages or nothing"
        assert 3 < stored.listed < 400
        full(1_000_000)
        resumed = start(ledger, fingerprint="2")
        assert resumed.id == job.id
        commit(ledger, resumed, pages(listed, 20))
        report = ledger.finish_job(resumed, Ending(), Expected())
        assert (report.verdict, report.seen, report.duplicate) == ("complete", 400, 0)
        assert len(followed(ledger)) == 400
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _limit(ledger: Ledger, more: int):  # type: ignore[no-untyped-def]
    """Let the file grow by so many pages; returns what sets the limit (a setting of each connection)."""
    engine = ledger._store.engine
    engine.pool.dispose()

    def limit(pages: int) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with engine.connect() as connection:
        now = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limit(now + more)
    return limit


def test_a_page_that_waits_too_long_for_another_writer_is_an_error_not_a_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harvester.ledger.dialect._BUSY_SECONDS", 0.05)
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        job = start(ledger)
        page = pages(many(3))[0]
        made = entries(ledger, page.records)
        with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match="locked"):
                ledger.commit_page(job, page, made)
            assert ledger.count(job).listed == 0, "reading goes on meanwhile"
            other.execute("ROLLBACK")
        assert ledger.commit_page(job, page, made).created == 3


def test_readers_wait_for_nobody_and_see_whole_pages(ledger: Ledger) -> None:
    harvest(ledger, many(3))
    with ledger._store.writing() as tx:
        tx.exec_driver_sql("UPDATE feed SET last = last + 1")
        assert ledger.last_seq() == 3
        assert len(shown(ledger)) == 3
    assert ledger.last_seq() == 4
