from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from harvester.catalog.model import HarvestRecord
from harvester.errors import LedgerError
from harvester.ledger import Entry, Ledger, Retention, schema
from harvester.processing import Processed
from harvester.remap import RemapReport, remap
from tests.ledger.scripts import SOURCE, Details, Listed, harvest, id_of, many, process, shown


class Shouting:
    """A later mapping: titles in capitals; "quiet" ones cannot be mapped any more."""

    def version(self, format: str) -> str:
        return "2"

    def process(self, record: HarvestRecord) -> Processed:
        payload = json.loads(record.parts[0].payload)
        if payload["title"] == "quiet":
            payload["title"] = None
        elif payload["title"] is not None:
            payload["title"] = payload["title"].upper()
        else:
            payload["title"] = "FOUND AFTER ALL"
        part = msgspec.structs.replace(record.parts[0], payload=json.dumps(payload).encode())
        return process(msgspec.structs.replace(record, parts=(part, *record.parts[1:])))


def run(ledger: Ledger, **more: object) -> RemapReport:
    return remap(ledger, SOURCE, Shouting(), **more)  # type: ignore[arg-type]


def test_a_remap_replays_stored_payloads(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.remap._AT_ONCE", 2)
    harvest(
        ledger,
        [*many(3, views=7), Listed("UPPER", "UPPER"), Listed("bad", None), Listed("q", "quiet"), Listed("gone")],
    )
    harvest(ledger, [Listed("gone", deleted=True)], full=False)
    told: list[RemapReport] = []
    report = run(ledger, progress=told.append)
    assert report == RemapReport(source=SOURCE, updated=4, unchanged=1, rejected=1)
    assert told[-1] == report
    assert shown(ledger) == {
        "r0": "TITLE",
        "r1": "TITLE",
        "r2": "TITLE",
        "UPPER": "UPPER",
        "q": "quiet",
        "bad": "FOUND AFTER ALL",
    }
    assert [(one.cause, one.job) for one in ledger.versions(id_of("r0"))] == [("remap", None), ("harvest", 1)]
    assert [issue.code for issue in ledger.why("q")[0].issues] == ["no-title"]
    assert ledger.source_states()[SOURCE].datasets == 6
    last = ledger.last_seq()
    assert run(ledger) == RemapReport(source=SOURCE, updated=0, unchanged=5, rejected=1)
    assert ledger.last_seq() == last
    same = harvest(ledger, [*many(3, views=7), Listed("UPPER", "UPPER"), Listed("bad", None)], version="2", full=False)
    assert same.unchanged == 5, "what is mapped is not mapped again by the next harvest"


def test_a_remap_reads_all_parts(ledger: Ledger) -> None:
    harvest(ledger, [Listed("x", wants={"text": "/x"}, revision="1")])
    (record,) = ledger.records(SOURCE)
    assert [part.name for part in record.record.parts] == ["listing", "text"]
    assert record.record.revision == "1"
    run(ledger)
    (stored,) = ledger.datasets([id_of("x")]).values()
    found = json.loads(stored.content)
    assert (found["title"], found["details"]) == ("TITLE", {"text": "text of /x"})
    again = Details()
    assert harvest(ledger, [Listed("x", wants={"text": "/x"}, revision="1")], details=again, version="2").unchanged == 1
    assert again.asked == []


def test_a_remap_does_not_overwrite_what_a_harvest_brought_meanwhile(ledger: Ledger) -> None:
    harvest(ledger, many(2))
    stored = ledger.records(SOURCE)
    harvest(ledger, [Listed("r0", "newer"), Listed("r1")])
    entries = [
        Entry(
            record=one.record,
            payload_hash=one.payload_hash,
            mapping_version="2",
            processed=Shouting().process(one.record),
        )
        for one in stored
    ]
    counts = ledger.commit_remap(SOURCE, entries)
    assert (counts.updated, counts.seen) == (1, 1)
    assert shown(ledger) == {"r0": "newer", "r1": "TITLE"}


def history(ledger: Ledger, table: str) -> int:
    from sqlalchemy import func, select

    with ledger._store.reading() as tx:
        number: int = tx.execute(select(func.count()).select_from(schema.metadata.tables[table])).scalar_one()
        return number


def test_prune_leaves_the_newest_versions(address: str, clock: Callable[[], datetime]) -> None:
    with Ledger.open(address, clock=clock, retention=Retention(versions=2, jobs=3)) as ledger:
        for number in range(6):
            report = harvest(ledger, [Listed("a", f"title {number}"), *many(4), Listed("b", None)])
        assert len(ledger.versions(id_of("a"))) == 6
        pruned = ledger.prune()
        assert pruned == {"versions": 4, "payloads": 0, "jobs": 3}
        assert len(ledger.versions(id_of("a"))) == 2
        assert [one.job for one in ledger.reports()] == [6, 5, 4]
        assert len(ledger.rejected(report.job)) == 1
        assert ledger.prune() == {"versions": 0, "payloads": 0, "jobs": 0}
        assert len(ledger.changes(0, 99)) == 5


def test_prune_keeps_what_undo_needs_and_the_last_content(address: str, clock: Callable[[], datetime]) -> None:
    with Ledger.open(address, clock=clock, retention=Retention(versions=1, jobs=1)) as ledger:
        harvest(ledger, [Listed("a", "old"), Listed("gone"), *many(8)])
        harvest(ledger, [Listed("gone", deleted=True)], full=False)
        report = harvest(ledger, [Listed("a", "listing", wants={"t": "/a"}), *many(8)])
        assert len(ledger.versions(id_of("a"))) == 3
        ledger.prune()
        (stored,) = ledger.datasets([id_of("gone")]).values()
        assert json.loads(stored.content)["title"] == "title"
        ledger.undo(report.job)
        assert shown(ledger)["a"] == "old"
        ledger.prune()
        assert len(ledger.versions(id_of("a"))) <= 2
        assert shown(ledger)["a"] == "old"


def test_prune_keeps_the_jobs_that_the_next_one_asks_about(address: str, clock: Callable[[], datetime]) -> None:
    with Ledger.open(address, clock=clock, retention=Retention(jobs=1)) as ledger:
        full = harvest(ledger, many(3))
        incremental = harvest(ledger, [], full=False)
        for _ in range(3):
            failed = harvest(ledger, [Listed("x", None)], limited=True)
        assert ledger.prune()["jobs"] == 2
        assert {one.job for one in ledger.reports()} == {full.job, incremental.job, failed.job}
        assert harvest(ledger, [], full=None).full is False


def test_older_payloads_are_kept_where_the_retention_says_so(address: str, clock: Callable[[], datetime]) -> None:
    with Ledger.open(address, clock=clock) as ledger:
        for title in ("one", "two"):
            harvest(ledger, [Listed("a", title)])
        assert history(ledger, "past_part") == 0
    with Ledger.open(address, clock=clock, retention=Retention(payloads=3)) as ledger:
        for title in ("three", "four", "five", "five"):
            harvest(ledger, [Listed("a", title), Listed("b")])
        assert history(ledger, "past_part") == 3
        assert ledger.prune()["payloads"] == 1
        assert history(ledger, "past_part") == 2


def test_a_backup_is_a_ledger_while_others_write(ledger: Ledger, address: str, tmp_path: Path) -> None:
    harvest(ledger, many(5))
    file = tmp_path / "copy" / "ledger.db"
    if not address.startswith("sqlite"):
        with pytest.raises(LedgerError, match="pg_dump"):
            ledger.backup(file)
        return
    file.parent.mkdir()
    with ledger._store.writing() as tx:
        tx.execute(schema.set_aside.insert().values(index_name="i", id="x", seq=1, reason="not committed yet"))
        ledger.backup(file)
    assert [path.name for path in file.parent.iterdir()] == ["ledger.db"]
    with Ledger.open(f"sqlite:///{file}") as copy:
        assert copy.id == ledger.id
        assert shown(copy) == shown(ledger)
        assert copy.set_asides("i") == []
    with pytest.raises(LedgerError, match="could not be written"):
        ledger.backup(tmp_path / "no folder" / "ledger.db")
