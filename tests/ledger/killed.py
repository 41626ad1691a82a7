"""A scripted life of a source, broken off at every write and around it; run by `test_killing`.

Usage: killed.py FOLDER. What a kill leaves is what the operating system has been given: the database and its log as
they are at that moment. So the life runs once, both files are copied before and after every statement and commit, and
from every state that such a copy shows another process goes on to the end. A few lives are really killed, with SIGKILL.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import event

from harvester.catalog.model import Issue, Lost, Rejected
from harvester.ledger import Ending, Expected, Ledger, Retention, payload_hash, schema
from tests.ledger.scripts import SOURCE, Details, Listed, commit, pages, start

GONE = Issue(severity="warning", code="not found", message="404")
NAMELESS = Rejected(payload=b"{}", format="test", issue=Issue(severity="error", code="no-identifier", message="none"))
LOST = Lost(identifier="a1", issue=Issue(severity="warning", code="timeout", message="no answer"))


def listed(*names: str, title: str = "title", revision: str = "1", **more: Any) -> list[Listed]:
    return [Listed(name, title, wants={"t": f"/{name}"}, revision=revision, **more) for name in names]


FIRST = [
    *listed("a1", "a2", "a3", views=1, unread=("x",)),
    *listed("b1", "b2", warn="odd"),
    Listed("bad", None),
    *listed("a1"),
    Listed("g1"),
    Listed("g2"),
]
SECOND = [
    *listed("a1", revision="2"),
    *listed("a2", title="changed", warn="new"),
    *listed("a3", views=9),
    *listed("b1", "b2"),
    Listed("b3", deleted=True),
    Listed("bad", "good at last"),
    Listed("new"),
]
JOBS: list[tuple[list[Listed], dict[str, Any]]] = [
    (FIRST, {"rejected": [NAMELESS]}),
    (SECOND, {}),
    (SECOND[1:], {"lost": [LOST]}),
]
"""The second job misses g1 and g2, the third one misses them again and removes them."""


def step(number: int) -> Callable[[Ledger], None]:
    """Everything that one job does, wherever it stands."""

    def run(ledger: Ledger) -> None:
        shown, beside = JOBS[number]
        job = start(ledger, fingerprint=str(number))
        commit(ledger, job, pages(shown, 3, **beside))
        Details({"/b2": GONE, "/a1": f"text {number}"}).fetch(ledger, job, 3)
        ledger.finish_job(job, Ending(), Expected(max_drop=0.9))

    return run


def drifting(ledger: Ledger) -> None:
    """A portal that says nothing of licences and phones any more, first for some records and then for all."""
    job = start(ledger, fingerprint="drift")
    bare = [
        Listed(f"c{number}", license=None, phone=None, wants={"t": f"/c{number}"}, revision="2") for number in range(8)
    ]
    commit(ledger, job, pages(bare, 3))
    Details().fetch(ledger, job, 3)
    report = ledger.finish_job(job, Ending(), Expected(max_drop=0.9))
    assert (report.verdict, report.withheld) == ("held", 8), report


def growing(ledger: Ledger) -> None:
    job = start(ledger, fingerprint="grow")
    commit(ledger, job, pages([*SECOND[1:], *listed(*(f"c{number}" for number in range(8)))], 4))
    Details().fetch(ledger, job, 3)
    ledger.finish_job(job, Ending(), Expected(max_drop=0.9))


def held(ledger: Ledger) -> None:
    job = start(ledger, fingerprint="held")
    commit(ledger, job, pages([], 2))
    ledger.finish_job(job, Ending(), Expected())


def accept(ledger: Ledger) -> None:
    newest = ledger.reports(SOURCE, 1)[0]
    if newest.accepted is None:
        ledger.accept(newest.job)


def undo(ledger: Ledger) -> None:
    newest = ledger.reports(SOURCE, 1)[0]
    if newest.undone is None:
        ledger.undo(newest.job)


STEPS: list[Callable[[Ledger], None]] = [
    step(0),
    step(1),
    step(2),
    growing,
    drifting,
    accept,
    undo,
    held,
    accept,
    undo,
    lambda ledger: str(ledger.prune()),
]


JOB_OF = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 7: 5}
"""Steps that are a job → its place among the jobs."""


def live(file: Path, happen: Callable[[], None] = lambda: None) -> None:
    """Do the steps that are not done yet; `happen` is called before and after every statement and before commits."""
    done = file.with_suffix(".done")
    with Ledger.open(f"sqlite:///{file}", retention=Retention(versions=2, payloads=2)) as ledger:
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(ledger._store.engine, name, lambda *_: happen())
        for number, run in enumerate(STEPS):
            if number < len(done.read_bytes() if done.exists() else b""):
                continue
            if not (JOB_OF.get(number, finished(ledger)) < finished(ledger)):
                run(ledger)
            happen()
            done.write_bytes(b"." * (number + 1))


def finished(ledger: Ledger) -> int:
    """Jobs that have their verdict: a caller that was killed after finishing one does not do it again."""
    return sum(report.verdict is not None for report in ledger.reports(SOURCE))


VOLATILE = {
    "job": {"started", "finished", "since", "accepted", "undone", "resumed"},
    "source": {"lease", "lease_until"},
    "record": {"first_seen"},
    "sighting": {"seen"},
    "dataset": {"changed"},
    "version": {"recorded"},
    "past_part": {"key", "replaced"},
    "pending": {"place"},
    "stray": {"key"},
}


def state(file: Path) -> dict[str, list[list[str]]]:
    """Every row of every table, but for times and numbers that mean nothing."""
    with closing(sqlite3.connect(file)) as connection:
        dump = {}
        for table in schema.metadata.sorted_tables:
            if table is not schema.identity:
                columns = [column.name for column in table.columns if column.name not in VOLATILE.get(table.name, ())]
                rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table.name}")
                dump[table.name] = sorted([repr(value) for value in row] for row in rows)
        return dump


def child(work: Callable[[], None]) -> int:
    """Run in a forked child; returns its exit status, negative for the signal that killed it."""
    if not (number := os.fork()):
        try:
            work()
        except BaseException:  # noqa: BLE001 - a child must not go on as its parent
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def left(file: Path) -> list[Path]:
    """The files that a kill would leave."""
    names = (file.name, f"{file.name}-wal", file.with_suffix(".done").name)
    return [file.with_name(name) for name in names if file.with_name(name).exists()]


def copy(file: Path, to: Path) -> Path:
    """Copy what a kill would leave."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    for each in left(file):
        shutil.copy(each, to / each.name)
    return to / file.name


class Watched:
    """Tries, at every event of a life, whether another process could go on from here; each state only once."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "life.db"
        self._copies = folder / "copies"
        self._bytes: list[bytes] = []
        self._met: set[bytes] = set()
        self.events = 0
        self.states: list[Path] = []
        self._copies.mkdir()

    def happen(self) -> None:
        self.events += 1
        held = [payload_hash(each.read_bytes()) for each in left(self.file)]
        if held == self._bytes:
            return  # most statements reach the files with their commit
        self._bytes = held
        copied = copy(self.file, self._copies / "now")
        done = copied.with_suffix(".done")
        shows = repr((state(copied), done.read_bytes() if done.exists() else b"")).encode()
        digest = payload_hash(shows)
        if digest not in self._met:
            self._met.add(digest)
            self.states.append(copy(self.file, self._copies / str(self.events)))


def killed_at(stop: int) -> Callable[[], None]:
    happened = 0

    def happen() -> None:
        nonlocal happened
        happened += 1
        if happened == stop:
            os.kill(os.getpid(), signal.SIGKILL)

    return happen


def main(folder: Path) -> None:
    gc.freeze()  # a collection in a child would copy all these pages
    watched = Watched(folder)
    live(watched.file, watched.happen)
    expected = state(watched.file)
    broken = list(watched.states)
    for number in range(1, KILLED + 1):
        file = folder / f"killed{number}" / "life.db"
        file.parent.mkdir()
        happen = killed_at(watched.events * number // (KILLED + 1))
        if child(lambda: live(file, happen)) != -signal.SIGKILL:  # noqa: B023 - runs before the next round
            sys.exit(f"{number} was not killed")
        broken.append(file)
    wrong = []
    for file in broken:
        if child(lambda: live(file)):  # noqa: B023
            sys.exit(f"could not go on from {file}")
        found = state(file)
        wrong += [
            {"from": str(file), "table": table, "expected": expected[table], "found": found[table]}
            for table in expected
            if found[table] != expected[table]
        ]
    print(json.dumps({"events": watched.events, "states": len(watched.states), "wrong": wrong[:3]}))  # noqa: T201


KILLED = 9

if __name__ == "__main__":
    main(Path(sys.argv[1]))
