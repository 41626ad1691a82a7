"""From the ledger into an index: what every engine's loading must keep (run on Elasticsearch in tests/engines)."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harvester.catalog.identifiers import dataset_id
from harvester.errors import ForeignIndexError, IndexEngineError, LedgerError
from harvester.ledger import Change, Ledger, SetAside
from indexer import load, making
from indexer.documents import ANALYSIS, packaged
from indexer.engines.base import (
    Checkpoint,
    Deletion,
    Everything,
    Failure,
    IndexChange,
    Request,
    SearchIndex,
    Term,
)
from indexer.engines.embedded import EmbeddedIndex
from indexer.load import IndexReport, VerifyReport
from tests.engines.contract import Connect, document
from tests.harvested import dataset, entry, harvest, put, remove

KEPCO, NIA = "kepco.datagokr", "nia.datagokr"


def ids(source: str, *identifiers: object) -> set[str]:
    return {dataset_id(source, str(identifier)) for identifier in identifiers}


def present(index: SearchIndex) -> set[str]:
    return {each.id for each in index.documents()}


class Hooked:
    """Somebody else's object, some of whose methods do something first."""

    def __init__(self, behind: Any, **hooks: Callable[..., Any]) -> None:
        self.__dict__.update(_behind=behind, **hooks)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


class LoadContract:
    """The contract; a subclass gives `connect`."""

    @pytest.fixture
    def connect(self, tmp_path: Path) -> Connect:
        raise NotImplementedError("a subclass says how its index is opened")

    @pytest.fixture
    def index(self, connect: Connect) -> Iterator[SearchIndex]:
        with contextlib.closing(connect()) as index:
            yield index

    @pytest.fixture
    def address(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"

    @pytest.fixture
    def ledger(self, address: str) -> Iterator[Ledger]:
        with Ledger.open(address) as ledger:
            yield ledger

    # --- bringing up to date

    def test_nothing_harvested_yet(self, ledger: Ledger, index: SearchIndex) -> None:
        assert load.bring_up_to_date(ledger, index) == IndexReport(0, 0, 0)
        assert index.checkpoint() == Checkpoint()
        assert load.verify(ledger, index) == []

    def test_what_is_new_changed_and_gone_arrives(self, ledger: Ledger, index: SearchIndex) -> None:
        put(ledger, *(dataset(KEPCO, str(n), f"전력 사용량 {n}") for n in range(4)), dataset(NIA, "1", "말뭉치"))
        assert load.bring_up_to_date(ledger, index) == IndexReport(5, 5, 0)
        assert index.checkpoint() == Checkpoint(ledger.id, 5, ANALYSIS)
        assert present(index) == ids(KEPCO, 0, 1, 2, 3) | ids(NIA, 1)
        put(ledger, dataset(KEPCO, "1", "전력 판매량"), dataset(KEPCO, "9", "송전 설비"))
        remove(ledger, KEPCO, "2")
        assert load.bring_up_to_date(ledger, index) == IndexReport(8, 3, 0)
        assert present(index) == ids(KEPCO, 0, 1, 3, 9) | ids(NIA, 1)
        found = index.search(Request(query=Term("title", "판매")))
        assert {hit.id for hit in found.hits} == ids(KEPCO, 1)

    def test_nothing_new_touches_nothing(self, ledger: Ledger, index: SearchIndex) -> None:
        put(ledger, dataset(KEPCO, "1", "전력"))
        load.bring_up_to_date(ledger, index)

        def never(*_: object) -> None:
            raise AssertionError("there is nothing to apply")

        assert load.bring_up_to_date(ledger, Hooked(index, apply=never, refresh=never)) == IndexReport(1, 0, 0)  # type: ignore[arg-type]

    def test_many_go_through_worker_processes(
        self, ledger: Ledger, index: SearchIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(making, "_WORTH_WORKERS", 1_000)
        monkeypatch.setattr(load, "_APPLIED_AT_ONCE", 700)
        put(ledger, *(dataset(KEPCO, str(n), f"전력 사용량 {n}") for n in range(2_300)))
        remove(ledger, KEPCO, "7", "2299")
        applied: list[tuple[int, int]] = []
        priorities: set[int] = set()

        def apply(changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
            applied.append((len(changes), checkpoint.seq))
            for worker in multiprocessing.active_children():
                priorities.add(os.getpriority(os.PRIO_PROCESS, worker.pid or 0))
            return index.apply(changes, checkpoint)

        report = load.bring_up_to_date(ledger, Hooked(index, apply=apply))  # type: ignore[arg-type]
        assert report == IndexReport(2_302, 2_300, 0)
        assert applied == [(1000, 0), (1000, 1001), (300, 2001), (0, 2302)], "the checkpoint comes one batch late"
        assert index.document_count() == 2_298
        assert not multiprocessing.active_children()
        assert max(priorities) >= 10, "searches go first"  # one that has hardly started is as it was
        assert [(r.missing, r.extra, r.different) for r in load.verify(ledger, index)] == [(0, 0, 0)]

    def test_large_contents_make_small_batches(
        self, ledger: Ledger, index: SearchIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(making, "_BATCH", 2)
        monkeypatch.setattr(load, "_BYTES_AT_ONCE", 20_000)
        put(ledger, *(dataset(KEPCO, str(n), "긴 설명", description={"ko": "가" * 2_000}) for n in range(12)))
        sizes: list[int] = []

        def apply(changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
            sizes.append(len(changes))
            return index.apply(changes, checkpoint)

        load.bring_up_to_date(ledger, Hooked(index, apply=apply))  # type: ignore[arg-type]
        assert sizes == [4, 4, 4, 0]

    def test_a_worker_that_dies_stops_the_load_and_loses_nothing(
        self, ledger: Ledger, index: SearchIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(making, "_WORTH_WORKERS", 0)
        monkeypatch.setattr(making, "_BATCH", 10)
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(400)))
        reads = 0

        def changes(after: int, limit: int) -> list[Change]:
            nonlocal reads
            reads += 1
            if reads == 15:
                for child in multiprocessing.active_children():
                    child.kill()
            return ledger.changes(after, limit)

        with pytest.raises(IndexEngineError, match="a process that makes documents died"):
            load.bring_up_to_date(Hooked(ledger, changes=changes), index)  # type: ignore[arg-type]
        monkeypatch.undo()
        assert load.bring_up_to_date(ledger, index).checkpoint == 400
        assert index.document_count() == 400

    # --- what cannot be applied is set aside

    def test_what_no_document_can_be_made_of_is_set_aside_until_it_can(
        self, ledger: Ledger, index: SearchIndex
    ) -> None:
        put(ledger, dataset(KEPCO, "1", "전력"), dataset(KEPCO, "3", "송전"))
        harvest(ledger, KEPCO, [entry(KEPCO, "2", b"no dataset")])
        put(ledger, dataset(KEPCO, "4", "배전"))
        assert load.bring_up_to_date(ledger, index) == IndexReport(4, 3, 1)
        assert present(index) == ids(KEPCO, 1, 3, 4)
        (aside,) = ledger.set_asides(index.name)
        assert (aside.seq, {aside.id}) == (3, ids(KEPCO, 2))
        assert "no document can be made of it" in aside.reason
        (report,) = load.verify(ledger, index)
        assert report == VerifyReport(KEPCO, ledger=4, index=3, missing=1)
        put(ledger, dataset(KEPCO, "2", "이제는 읽힌다"))
        assert load.bring_up_to_date(ledger, index) == IndexReport(5, 1, 0)
        assert ledger.set_asides(index.name) == []
        assert present(index) == ids(KEPCO, 1, 2, 3, 4)

    def test_what_the_engine_refuses_is_set_aside_and_tried_again_by_a_rebuild(
        self, ledger: Ledger, index: SearchIndex
    ) -> None:
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(5)))
        (poisoned,) = ids(KEPCO, 3)
        refusing = Hooked(index, apply=_refusing(index, poisoned))
        assert load.bring_up_to_date(ledger, refusing) == IndexReport(5, 4, 1)  # type: ignore[arg-type]
        assert ledger.set_asides(index.name) == [SetAside(seq=4, id=poisoned, reason="refused")]
        assert load.bring_up_to_date(ledger, index) == IndexReport(5, 0, 0)
        assert present(index) == ids(KEPCO, 0, 1, 2, 4)
        assert load.rebuild(ledger, index).documents == 5
        assert ledger.set_asides(index.name) == []

    def test_the_checkpoint_waits_for_the_ledger_to_know_of_refusals(self, ledger: Ledger, index: SearchIndex) -> None:
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(5)))
        (poisoned,) = ids(KEPCO, 2)

        def full_disk(*_: object) -> None:
            raise LedgerError("disk full")

        with pytest.raises(LedgerError, match="disk full"):
            load.bring_up_to_date(Hooked(ledger, set_aside=full_disk), Hooked(index, apply=_refusing(index, poisoned)))  # type: ignore[arg-type]
        assert index.checkpoint().seq == 0
        assert load.bring_up_to_date(ledger, index) == IndexReport(5, 5, 0)
        assert present(index) == ids(KEPCO, 0, 1, 2, 3, 4)

    def test_an_engine_that_fails_half_way_is_taken_up_again(
        self, ledger: Ledger, index: SearchIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(making, "_BATCH", 10)
        monkeypatch.setattr(load, "_APPLIED_AT_ONCE", 10)
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(50)))

        def apply(changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
            if checkpoint.seq == 20:
                raise IndexEngineError("gone")
            return index.apply(changes, checkpoint)

        with pytest.raises(IndexEngineError, match="gone"):
            load.bring_up_to_date(ledger, Hooked(index, apply=apply))  # type: ignore[arg-type]
        assert index.checkpoint().seq == 10
        assert load.bring_up_to_date(ledger, index) == IndexReport(50, 40, 0)
        assert index.document_count() == 50

    # --- whose index is it

    def test_an_index_of_another_ledger_is_refused(self, ledger: Ledger, index: SearchIndex, tmp_path: Path) -> None:
        put(ledger, dataset(KEPCO, "1", "전력"))
        load.bring_up_to_date(ledger, index)
        with Ledger.open(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
            put(other, dataset(NIA, "1", "말뭉치"), dataset(NIA, "2", "말뭉치"))
            for attempt in (load.bring_up_to_date, load.verify):
                with pytest.raises(ForeignIndexError, match=r"another ledger.*datamoa rebuild"):
                    attempt(other, index)
            assert present(index) == ids(KEPCO, 1)
            load.rebuild(other, index)
            assert present(index) == ids(NIA, 1, 2)
            assert load.bring_up_to_date(other, index) == IndexReport(2, 0, 0)

    def test_an_index_that_is_ahead_of_its_ledger_is_refused(
        self, ledger: Ledger, index: SearchIndex, tmp_path: Path, address: str
    ) -> None:
        put(ledger, dataset(KEPCO, "1", "전력"))
        ledger.backup(tmp_path / "old.sqlite")
        put(ledger, dataset(KEPCO, "2", "송전"))
        load.bring_up_to_date(ledger, index)
        with Ledger.open(f"sqlite:///{tmp_path / 'old.sqlite'}") as restored:
            with pytest.raises(ForeignIndexError, match="has seen change 2, the ledger's last is 1"):
                load.bring_up_to_date(restored, index)
            load.rebuild(restored, index)
            assert present(index) == ids(KEPCO, 1)

    def test_an_index_of_another_analysis_is_searched_and_not_written(self, ledger: Ledger, index: SearchIndex) -> None:
        put(ledger, dataset(KEPCO, "1", "전력"))
        load.bring_up_to_date(ledger, index)
        tomorrow = packaged()._replace(analysis="from tomorrow")
        for write in (load.bring_up_to_date, load.verify):
            with pytest.raises(ForeignIndexError, match="now it is from tomorrow; run `datamoa rebuild`"):
                write(ledger, index, tomorrow)
        assert present(index) == ids(KEPCO, 1)
        load.rebuild(ledger, index, tomorrow)
        assert index.checkpoint() == Checkpoint(ledger.id, 1, "from tomorrow")
        assert load.bring_up_to_date(ledger, index, tomorrow) == IndexReport(1, 0, 0)

    # --- several at once

    def test_loaders_side_by_side(
        self, ledger: Ledger, address: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(making, "_BATCH", 50)
        monkeypatch.setattr(load, "_APPLIED_AT_ONCE", 50)
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(600)))
        remove(ledger, KEPCO, *map(str, range(0, 600, 7)))
        faults: list[BaseException] = []

        def loader() -> None:
            try:
                with Ledger.open(address) as own, contextlib.closing(connect()) as index:
                    load.bring_up_to_date(own, index)
            except BaseException as fault:  # noqa: BLE001 - shown by the test
                faults.append(fault)

        threads = [threading.Thread(target=loader) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        with contextlib.closing(connect()) as index:
            assert present(index) == ids(KEPCO, *(n for n in range(600) if n % 7))
            assert index.checkpoint().seq == ledger.last_seq()

    # --- rebuilding

    def test_a_rebuild_has_what_arrives_meanwhile_and_no_old_tombstones(
        self, ledger: Ledger, index: SearchIndex
    ) -> None:
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(30)))
        remove(ledger, KEPCO, "5")
        load.bring_up_to_date(ledger, index)
        read = False

        def changes(after: int, limit: int) -> list[Change]:
            nonlocal read
            found = ledger.changes(after, limit)
            if not read:
                read = True
                put(ledger, dataset(KEPCO, "99", "새 것"), dataset(KEPCO, "1", "바뀐 것"))
                remove(ledger, KEPCO, "2")
                load.bring_up_to_date(ledger, index)
            return found

        taken: list[IndexChange] = []
        report = load.rebuild(Hooked(ledger, changes=changes), _watched(index, taken))  # type: ignore[arg-type]
        expected = ids(KEPCO, 99, *(n for n in range(30) if n not in {2, 5}))
        assert report.documents == len(expected) == index.document_count()
        assert present(index) == expected
        assert index.checkpoint() == Checkpoint(ledger.id, ledger.last_seq(), ANALYSIS)
        assert {change.id for change in taken if isinstance(change, Deletion)} == ids(KEPCO, 2)
        assert {hit.id for hit in index.search(Request(query=Term("title", "바뀌"))).hits} | {
            hit.id for hit in index.search(Request(query=Term("title", "바뀐"))).hits
        } == ids(KEPCO, 1)

    def test_a_rebuild_that_fails_leaves_everything_as_it_was(self, ledger: Ledger, index: SearchIndex) -> None:
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(3)))
        load.bring_up_to_date(ledger, index)

        def changes(after: int, limit: int) -> list[Change]:
            if after:
                raise LedgerError("gone")
            return ledger.changes(after, limit)

        with pytest.raises(LedgerError, match="gone"):
            load.rebuild(Hooked(ledger, changes=changes), index)  # type: ignore[arg-type]
        assert index.document_count() == 3
        assert index.checkpoint().seq == 3

    # --- verifying

    def test_drift_is_counted_by_source_and_repaired(self, ledger: Ledger, index: SearchIndex) -> None:
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(10)))
        put(ledger, *(dataset(NIA, str(n), f"말뭉치 {n}") for n in range(5)))
        remove(ledger, NIA, "4")
        load.bring_up_to_date(ledger, index)
        by_id = {held.id: held for held in ledger.live()}
        (lost,), (other,), (moved,), (undead,) = ids(KEPCO, 1), ids(KEPCO, 2), ids(NIA, 2), ids(NIA, 4)
        at = index.checkpoint()
        index.apply(
            [
                Deletion(lost, by_id[lost].seq, KEPCO),
                document(other, by_id[other].seq, title="다른", source=KEPCO),
                document(moved, by_id[moved].seq, source="gone.source", content_hash=by_id[moved].content_hash.hex()),
                document(undead, at.seq, title="말뭉치", source=NIA),
                document("stray", 3, title="아무", source="gone.source"),
            ],
            at,
        )
        index.refresh()
        expected = [
            VerifyReport("gone.source", ledger=0, index=2, extra=1),
            VerifyReport(KEPCO, ledger=10, index=9, missing=1, different=1),
            VerifyReport(NIA, ledger=4, index=4, extra=1, different=1),
        ]
        assert load.verify(ledger, index) == expected
        assert load.verify(ledger, index, repair=True) == expected
        assert load.verify(ledger, index) == [VerifyReport(KEPCO, 10, 10), VerifyReport(NIA, 4, 4)]
        assert present(index) == set(by_id)
        assert index.checkpoint() == at
        assert index.search(Request(query=Everything())).total == 14

    def test_an_index_of_the_time_before_a_backup_was_restored_is_repaired(
        self, tmp_path: Path, address: str, index: SearchIndex
    ) -> None:
        backup = tmp_path / "backup.sqlite"
        with Ledger.open(address) as ledger:
            put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(4)))
            ledger.backup(backup)
            put(ledger, dataset(KEPCO, "0", "새 제목"), dataset(KEPCO, "new", "새 자료"))
            remove(ledger, KEPCO, "1")
            load.bring_up_to_date(ledger, index)
        with Ledger.open(f"sqlite:///{backup}") as ledger:
            # As many changes as were lost: nothing tells the index from one that is up to date.
            put(ledger, *(dataset(NIA, str(n), f"말뭉치 {n}") for n in range(3)))
            assert index.checkpoint().seq == ledger.last_seq()
            load.verify(ledger, index, repair=True)
            assert load.verify(ledger, index) == [VerifyReport(KEPCO, 4, 4), VerifyReport(NIA, 3, 3)]
            assert present(index) == {held.id for held in ledger.live()}
            put(ledger, dataset(KEPCO, "0", "전력 영"))
            load.bring_up_to_date(ledger, index)
            assert load.verify(ledger, index) == [VerifyReport(KEPCO, 4, 4), VerifyReport(NIA, 3, 3)]

    def test_an_index_that_was_never_filled_is_repaired_too(self, ledger: Ledger, index: SearchIndex) -> None:
        put(ledger, *(dataset(KEPCO, str(n), f"전력 {n}") for n in range(10)))
        assert load.verify(ledger, index, repair=True) == [VerifyReport(KEPCO, ledger=10, index=0, missing=10)]
        assert load.verify(ledger, index) == [VerifyReport(KEPCO, 10, 10)]
        assert index.checkpoint().seq == 10


def _refusing(index: SearchIndex, id: str) -> Callable[[Sequence[IndexChange], Checkpoint], list[Failure]]:
    def apply(changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
        good = [change for change in changes if change.id != id]
        refused = [Failure(change.id, change.seq, "refused") for change in changes if change.id == id]
        return [*index.apply(good, checkpoint), *refused]

    return apply


def _watched(index: SearchIndex, taken: list[IndexChange]) -> SearchIndex:
    """The index, whose rebuild notes what its fresh generation is given."""

    @contextlib.contextmanager
    def rebuild(analysis: str) -> Iterator[SearchIndex]:
        with index.rebuild(analysis) as fresh:

            def apply(changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
                taken.extend(changes)
                return fresh.apply(changes, checkpoint)

            yield Hooked(fresh, apply=apply)  # type: ignore[misc]

    return Hooked(index, rebuild=rebuild)  # type: ignore[return-value]


class TestEmbeddedLoad(LoadContract):
    @pytest.fixture
    def connect(self, tmp_path: Path) -> Connect:
        return lambda: EmbeddedIndex(tmp_path / "index")
