"""The contract on the embedded engine, and what only it must do: locks, crashes, generations on disk."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from harvester.errors import IndexEngineError
from indexer.engines import embedded_generation, embedded_query
from indexer.engines.base import Checkpoint, Deletion, Everything, Phrase, Prefix, Ranked, Request, SearchIndex, Term
from indexer.engines.embedded import EmbeddedIndex
from indexer.engines.seen import Seen
from indexer.fields import FIELDS
from tests.engines.contract import ANALYSIS, LEDGER, Connect, SearchIndexContract, at, document, fill, matching
from tests.engines.contract_lines import LinesContract

ROOT = Path(__file__).parent.parent.parent


class TestEmbeddedContract(SearchIndexContract, LinesContract):
    @pytest.fixture
    def connect(self, tmp_path: Path) -> Connect:
        def open_index() -> SearchIndex:
            return EmbeddedIndex(tmp_path / "index", wait=5)

        return open_index


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("g-*"))


# --- writers take turns


def test_a_second_writer_waits_for_the_first(folder: Path) -> None:
    first, second = EmbeddedIndex(folder), EmbeddedIndex(folder, wait=20)
    first.apply([document("a", 1, title="물")], at(1))
    done = threading.Event()

    def write() -> None:
        second.apply([document("b", 2, title="물")], at(2))
        second.close()
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not done.wait(0.3)
    first.apply([document("c", 3, title="물")], at(3))
    first.refresh()
    assert done.wait(10)
    thread.join()
    assert matching(first, Everything()) == {"a", "b", "c"}
    first.close()


def test_a_writer_does_not_wait_for_ever(folder: Path) -> None:
    first, second = EmbeddedIndex(folder), EmbeddedIndex(folder, wait=0.2)
    first.apply([document("a", 1, title="물")], at(1))
    with pytest.raises(IndexEngineError, match="another process has been writing"):
        second.apply([document("b", 2, title="물")], at(2))
    assert matching(second, Everything()) == set()
    first.close()
    fill(second, document("b", 2, title="물"))
    assert matching(second, Everything()) == {"a", "b"}


def test_nobody_waits_to_search(folder: Path) -> None:
    writer, reader = EmbeddedIndex(folder), EmbeddedIndex(folder, wait=0)
    fill(writer, document("a", 1, title="물"))
    writer.apply([document("b", 2, title="물")], at(2))
    assert matching(reader, Everything()) == {"a"}
    assert reader.checkpoint() == at(1)
    writer.refresh()
    assert matching(reader, Everything()) == {"a", "b"}
    assert reader.checkpoint() == at(2)
    with writer.rebuild("2") as fresh:
        fresh.apply([document("c", 1, title="물")], Checkpoint(LEDGER, 1, "2"))
        assert matching(reader, Everything()) == {"a", "b"}
    assert matching(reader, Everything()) == {"c"}


def test_many_processes_at_once_lose_nothing(folder: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        from indexer.engines.embedded import EmbeddedIndex
        from tests.engines.contract import at, document
        worker, folder = int(sys.argv[1]), Path(sys.argv[2])
        index = EmbeddedIndex(folder)
        for n in range(5):
            seq = worker * 100 + n + 1
            index.apply([document(f"w{worker}-{n}", seq, title="물")], at(seq))
            index.refresh()
    """
    workers = [run(code, str(n), str(folder)) for n in range(4)]
    for worker in workers:
        assert worker.communicate(timeout=60) == (b"", None)
        assert worker.returncode == 0
    assert EmbeddedIndex(folder).document_count() == 20
    assert len(generations(folder)) == 1


def run(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], cwd=ROOT, stdout=subprocess.PIPE, bufsize=0
    )


# --- crashes

WRITE = """
    import sys
    from pathlib import Path
    from indexer.engines.embedded import EmbeddedIndex
    from tests.engines.contract import at, document
    index = EmbeddedIndex(Path(sys.argv[1]))
    batch = index.checkpoint().seq // 20
    while True:
        first = batch * 20 + 1
        index.apply([document(f"d{n:06}", n, title=f"물 {n}") for n in range(first, first + 20)], at(first + 19))
        index.refresh()
        batch += 1
        print(batch, flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.011, 0.018, 0.029])
def test_a_killed_writer_leaves_documents_and_checkpoint_that_agree(folder: Path, delay: float) -> None:
    for _ in range(2):
        writer = run(WRITE, str(folder))
        assert writer.stdout is not None
        reported = 0
        for _ in range(4):
            reported = int(writer.stdout.readline())
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
        writer.stdout.close()
        index = EmbeddedIndex(folder, wait=5)
        seq = index.checkpoint().seq
        assert seq >= reported * 20
        assert sorted(found.id for found in index.documents()) == [f"d{n:06}" for n in range(1, seq + 1)]
        index.close()
    fill(index, document("after", 100_000, title="물"))
    assert index.document_count() == seq + 1


REBUILD = """
    import sys
    from pathlib import Path
    from indexer.engines.base import Checkpoint
    from indexer.engines.embedded import EmbeddedIndex
    from tests.engines.contract import LEDGER, document
    index = EmbeddedIndex(Path(sys.argv[1]))
    with index.rebuild("2") as fresh:
        fresh.apply([document("half", 1, title="물")], Checkpoint(LEDGER, 1, "2"))
        fresh.document_count()
        print("half", flush=True)
        sys.stdin.read()
"""


def test_a_killed_rebuild_leaves_the_old_generation_and_is_swept(folder: Path) -> None:
    index = EmbeddedIndex(folder)
    fill(index, document("a", 1, title="물"))
    builder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(REBUILD), str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert builder.stdout is not None
    assert builder.stdin is not None
    assert builder.stdout.readline() == b"half\n"
    assert len(generations(folder)) == 3  # two folders and the lock of the one being built
    fill(index, document("b", 2, title="물"))
    assert len(generations(folder)) == 3, "what somebody builds is not swept"
    builder.kill()
    builder.wait(10)
    builder.stdout.close()
    builder.stdin.close()
    assert matching(index, Everything()) == {"a", "b"}
    fill(index, document("c", 3, title="물"))
    assert len(generations(folder)) == 1
    assert matching(EmbeddedIndex(folder), Everything()) == {"a", "b", "c"}


# --- generations


def test_old_generations_go(folder: Path) -> None:
    index, reader = EmbeddedIndex(folder), EmbeddedIndex(folder)
    fill(index, document("a", 1, title="물"))
    for round in range(3):
        assert matching(reader, Everything())
        with index.rebuild(str(round)) as fresh:
            fresh.apply([document("a", 1, title="물")], Checkpoint(LEDGER, 1, str(round)))
    assert matching(reader, Everything()) == {"a"}
    assert len(generations(folder)) == 1


def test_a_writer_that_begins_before_a_swap_writes_into_the_new_generation(folder: Path) -> None:
    index, other = EmbeddedIndex(folder), EmbeddedIndex(folder)
    fill(other, document("a", 1, title="물"))
    with index.rebuild(ANALYSIS) as fresh:
        fresh.apply([document("a", 1, title="물")], at(1))
    fill(other, document("b", 2, title="물"))
    assert matching(index, Everything()) == {"a", "b"}


@pytest.mark.parametrize("file", ["meta.json", "current"])
def test_a_damaged_index_says_what_to_do_and_a_rebuild_cures_it(folder: Path, file: str) -> None:
    fill(EmbeddedIndex(folder), document("a", 1, title="물"))
    (damaged,) = folder.rglob(file)
    damaged.write_text("{nonsense")
    index = EmbeddedIndex(folder)
    for use in (
        lambda: index.search(Request(query=Everything())),
        index.checkpoint,
        index.document_count,
        lambda: list(index.documents()),
        lambda: index.apply([], at(1)),
    ):
        with pytest.raises(IndexEngineError, match="datamoa rebuild"):
            use()
    with index.rebuild(ANALYSIS) as fresh:
        fresh.apply([document("b", 1, title="물")], at(1))
    assert matching(index, Everything()) == {"b"}


def test_a_file_of_zeros_as_a_power_loss_leaves_it_says_what_to_do_and_a_rebuild_cures_it(folder: Path) -> None:
    fill(EmbeddedIndex(folder), document("a", 1, title="물"))
    for file in folder.rglob("*.idx"):
        whole = file.read_bytes()
        footer = whole.rindex(b'{"version"')  # without it the file would not even be opened
        file.write_bytes(bytes(footer) + whole[footer:])
    index = EmbeddedIndex(folder)
    for use in (lambda: index.search(Request(query=Term("title", "물"))), index.checkpoint, index.document_count):
        with pytest.raises(IndexEngineError, match="datamoa rebuild"):
            use()
    with index.rebuild(ANALYSIS) as fresh:
        fresh.apply([document("b", 1, title="물")], at(1))
    assert matching(index, Everything()) == {"b"}


def test_readers_do_not_notice_swaps(folder: Path) -> None:
    index = EmbeddedIndex(folder)
    fill(index, document("a", 1, title="물"))
    stop = threading.Event()
    faults: list[BaseException] = []
    searched = [0]

    def read() -> None:
        reader = EmbeddedIndex(folder)
        try:
            while not stop.is_set():
                assert matching(reader, Term("title", "물")) == {"a"}
                assert reader.checkpoint().ledger == LEDGER
                assert [found.id for found in reader.documents()] == ["a"]
                searched[0] += 1
        except BaseException as fault:  # noqa: BLE001 - shown by the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for round in range(25):
        with index.rebuild(str(round)) as fresh:
            fresh.apply([document("a", 1, title="물")], Checkpoint(LEDGER, 1, str(round)))
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert searched[0]


# --- documents that cannot be


def test_a_document_that_cannot_be_indexed_is_refused_and_the_others_go_on(index: EmbeddedIndex) -> None:
    wrong = [
        document("day", 1, modified="the day after"),
        document("year", 2, year="MMXX"),
        document("far", 3, year="12345678901234567890123"),
        document("surrogate", 4, title="\ud800"),
    ]
    failures = index.apply([*wrong, document("fine", 5, title="물", modified="2020-01-01", year="2020")], at(5))
    index.refresh()
    assert [(failure.id, failure.seq, bool(failure.reason)) for failure in failures] == [
        ("day", 1, True),
        ("year", 2, True),
        ("far", 3, True),
        ("surrogate", 4, True),
    ]
    assert matching(index, Everything()) == {"fine"}
    assert index.checkpoint() == at(5)


@pytest.fixture
def index(folder: Path) -> EmbeddedIndex:
    return EmbeddedIndex(folder)


def test_facets_are_counted_anew_after_every_commit(index: EmbeddedIndex) -> None:
    request = Request(query=Term("title", "물"), facets={"format": 5})
    for n in range(1, 4):
        fill(index, document(f"d{n}", n, title="물", format="CSV"))
        for _ in range(2):
            assert index.search(request).facets == {"format": (("CSV", n),)}


def test_more_combinations_of_values_than_are_asked_for_are_counted_exactly(index: EmbeddedIndex) -> None:
    many = [
        document(f"d{n}", n, title="물", format=(f"F{n % 2}", f"G{n}"), organization=f"기관 {n}")
        for n in range(1, 5202)
    ]
    fill(index, *many)
    facets = index.search(Request(query=Term("title", "물"), facets={"format": 3, "organization": 2})).facets
    assert facets["format"] == (("F1", 2601), ("F0", 2600), ("G1", 1))
    assert facets["organization"] == (("기관 1", 1), ("기관 10", 1))


def test_searches_of_many_threads(index: EmbeddedIndex) -> None:
    fill(index, *(document(f"d{n}", n, title="물", format="CSV") for n in range(1, 200)))
    request = Request(query=Term("title", "물"), facets={"format": 5}, size=5)
    faults: list[object] = []

    def search() -> None:
        for n in range(30):
            result = index.search(replace(request, offset=n))
            if result.total < 199 or result.facets["format"][0][1] < 199:
                faults.append(result)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    writer = EmbeddedIndex(index._generations.folder)
    for n in range(10):
        fill(writer, document(f"e{n}", 1000 + n, title="물", format="CSV"))
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_drain_is_seen_before_it_ends_if_it_is_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = EmbeddedIndex(folder), EmbeddedIndex(folder)
    monkeypatch.setattr(embedded_generation, "_COMMIT_DOCUMENTS", 4)
    writer.apply([document("a", 1, title="물"), document("b", 2, title="물")], at(2))
    assert matching(reader, Everything()) == set()
    writer.apply([document("c", 3, title="물")], at(3))
    assert matching(reader, Everything()) == {"a", "b", "c"}
    writer.refresh()
    monkeypatch.setattr(embedded_generation, "_COMMIT_SECONDS", 0.0)
    writer.apply([document("d", 4, title="물")], at(4))
    assert matching(reader, Everything()) == {"a", "b", "c", "d"}
    writer.close()


def test_a_first_load_that_meets_a_dataset_again_keeps_the_newest(folder: Path) -> None:
    index = EmbeddedIndex(folder)
    index.apply([document("a", 1, title="물"), document("b", 2, title="물")], at(2))
    index.apply([document("a", 4, title="불")], at(4))
    index.apply([Deletion("b", 5, "kepco.datagokr"), document("a", 3, title="옛")], at(5))
    index.refresh()
    assert matching(index, Everything()) == {"a"}
    assert matching(index, Term("title", "불")) == {"a"}


def test_ids_that_came_before_are_known() -> None:
    seen = Seen()
    assert not seen.add("a")
    assert seen.add("a")
    assert sum(seen.add(f"id{n}") for n in range(1_000)) < 5


# --- followed by a server


def test_a_followed_index_sees_commits_and_new_generations(folder: Path) -> None:
    with closing(EmbeddedIndex(folder)) as writer, closing(EmbeddedIndex(folder, follow=True)) as reader:
        assert matching(reader, Everything()) == set()
        for n in range(1, 6):
            fill(writer, document(f"d{n}", n, title="물", format="CSV"))
            assert eventually(lambda expected=n: reader.document_count() == expected)
            request = Request(query=Term("title", "물"), facets={"format": 5})
            assert reader.search(request).facets == {"format": (("CSV", n),)}
        with writer.rebuild("2") as fresh:
            fresh.apply([document("new", 9, title="물")], Checkpoint(LEDGER, 9, "2"))
        assert eventually(lambda: matching(reader, Everything()) == {"new"})
        assert reader.checkpoint() == Checkpoint(LEDGER, 9, "2")
        assert len(generations(folder)) == 1


def eventually(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def test_no_search_waits_for_a_commit_that_takes_long_to_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_commit, going = embedded_generation.Generation.catch_up, threading.Event()

    def slow(*arguments: object) -> None:
        assert going.wait(20)
        open_commit(*arguments)  # type: ignore[arg-type]

    with closing(EmbeddedIndex(folder)) as writer, closing(EmbeddedIndex(folder, follow=True)) as reader:
        fill(writer, document("a", 1, title="물"))
        assert matching(reader, Everything()) == {"a"}
        monkeypatch.setattr(embedded_generation.Generation, "catch_up", slow)
        fill(writer, document("b", 2, title="물"))
        for _ in range(3):
            assert matching(reader, Everything()) == {"a"}
        going.set()
        assert eventually(lambda: matching(reader, Everything()) == {"a", "b"})


def test_a_followed_index_that_is_damaged_serves_what_it_has(folder: Path) -> None:
    with closing(EmbeddedIndex(folder)) as writer, closing(EmbeddedIndex(folder, follow=True)) as reader:
        fill(writer, document("a", 1, title="물"))
        assert matching(reader, Everything()) == {"a"}
        (folder / "current").write_text("g-nonsense")
        assert matching(reader, Everything()) == {"a"}
        with writer.rebuild(ANALYSIS) as fresh:
            fresh.apply([document("b", 1, title="물")], at(1))
        assert eventually(lambda: matching(reader, Everything()) == {"b"})


# --- an index that another release made


def test_an_index_of_other_fields_is_searched_as_it_is_until_a_rebuild(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {"grams", "word", "theme", "modified", "series"}
    older = embedded_query.schema_of([field for field in reversed(FIELDS) if field.name not in lacking])
    documents = [
        document("a", 1, title="물 불", organization="갑", issued="2020-01-01"),
        document("b", 2, title="물", organization="을", issued="2021-01-01"),
    ]
    with monkeypatch.context() as release:
        for module in (embedded_query, embedded_generation):
            release.setattr(module, "SCHEMA", older)
        index = EmbeddedIndex(folder)
        fill(index, *documents)
        index.close()

    index = EmbeddedIndex(folder)
    assert index.checkpoint() == at(2)
    assert matching(index, Phrase("title", ("물", "불"))) == {"a"}
    assert matching(index, Ranked(Term("title", "물"), Term("grams", "물"))) == {"a", "b"}
    for node in (Term("grams", "물"), Prefix("word", "a"), Term("theme", "HEAL")):
        assert matching(index, node) == set()
    found = index.search(Request(Everything(), facets={"theme": 5, "organization": 5}, sort="-issued"))
    assert [hit.id for hit in found.hits] == ["b", "a"]
    assert found.facets == {"theme": (), "organization": (("갑", 1), ("을", 1))}
    # An order that it lacks: the pages still have every document once.
    first = index.search(Request(Everything(), sort="-modified", size=1))
    second = index.search(Request(Everything(), sort="-modified", size=1, after=first.cursor))
    assert [hit.id for hit in (*first.hits, *second.hits)] == ["a", "b"]
    # It knows no series either: nothing is folded.
    folded = index.search(Request(Everything(), fold=True, size=1))
    unfolded = index.search(Request(Everything(), fold=True, size=1, after=folded.cursor))
    assert [(hit.id, hit.series, hit.folded) for hit in (*folded.hits, *unfolded.hits)] == [
        ("a", None, 1),
        ("b", None, 1),
    ]
    assert index.facet_values("theme", Everything(), {}) == []
    assert index.facet_values("organization", Everything(), {}) == [("갑", 1), ("을", 1)]
    assert (index.words("word"), index.frequencies([("word", "a|a"), ("title", "물")])) == ([], [0, 2])
    with pytest.raises(IndexEngineError, match=r"another release .* `datamoa rebuild`"):
        index.apply([document("c", 3)], at(3))

    with index.rebuild(ANALYSIS) as fresh:
        assert fresh.apply([document("a", 1, title="물", grams="물", modified="2020-01-01")], at(1)) == []
    assert matching(index, Term("grams", "물")) == {"a"}
    index.close()


def test_a_fault_while_facets_are_counted_is_the_engines() -> None:
    index = EmbeddedIndex(Path("nowhere"))

    def broken() -> dict[str, tuple[tuple[str, int], ...]]:
        raise ValueError("a file is damaged")

    facets = index._count_facets(broken)
    with pytest.raises(IndexEngineError, match="cannot be used: a file is damaged"):
        dict(facets)


def test_facets_that_are_counted_beside_are_a_mapping() -> None:
    counted = {"format": (("CSV", 1),), "year": ()}
    facets = EmbeddedIndex(Path("nowhere"))._count_facets(lambda: counted)
    assert facets == counted
    assert (len(facets), list(facets), repr(facets)) == (2, ["format", "year"], repr(counted))
