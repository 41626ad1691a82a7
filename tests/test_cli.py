"""The command line's contract: what each command prints for programs, what it says of mistakes, how it exits."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harvester import console
from harvester.catalog.model import Agent
from harvester.console import REPORT_KEYS
from harvester.ledger import Ledger
from harvester.ledger.types import JobReport
from harvester.sample_portals import SamplePortals, start
from harvester.sample_portals.datagokr import DataGoKrPortal
from harvester.sample_portals.server import Answer
from indexer import cli
from tests.harvested import dataset, put
from tests.ledger import scripts

SOURCE = "hanbit-power.datagokr"

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]
"""Run a command in one home: its exit code, the JSON objects on stdout, stderr."""


@pytest.fixture(scope="module")
def portals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamplePortals]:
    with start(tmp_path_factory.mktemp("portals")) as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run(portals: SamplePortals, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    for name in ("DATAMOA_DATABASE_URL", "DATAMOA_INDEX_URL", "DATAMOA_HOME", "DATAMOA_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        monkeypatch.setattr("sys.argv", ["datamoa", "--home", str(home), "--config", str(portals.config), *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capfd.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        rows = [json.loads(line) for line in printed.out.splitlines()] if "--json" in arguments else []
        return code, rows, printed.err if "--json" in arguments else printed.out + printed.err

    return call


def _table(header: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode("utf-8-sig")


class TestTheWalk:
    """One home, from nothing to a search; the steps stand in the order of the file."""

    def test_members_before_anything_ran(self, run: Run) -> None:
        code, rows, _ = run("members", "--json")
        assert code == 0
        keys = ["member", "source", "protocol", "evidence", "enabled", "schedule", "last_verdict", "datasets"]
        assert all(list(row) == keys for row in rows)
        assert {row["last_verdict"] for row in rows} == {None}
        assert {row["datasets"] for row in rows} == {0}

    def test_a_dry_run_keeps_nothing(self, run: Run) -> None:
        code, (report,), _ = run("harvest", SOURCE, "--dry-run", "--json")
        assert (code, report["job"], report["created"]) == (0, 0, 13)
        assert run("jobs", "--json")[1] == []

    def test_a_limited_harvest_is_never_complete(self, run: Run) -> None:
        code, (report,), _ = run("harvest", SOURCE, "--limit", "5", "--json")
        assert (code, report["verdict"], report["reason"], report["seen"]) == (2, "partial", "limit", 5)

    def test_a_harvest_reports_every_key_and_its_counts_add_up(self, run: Run) -> None:
        code, (report,), _ = run("harvest", SOURCE, "--json")
        assert code == 0
        assert tuple(report) == REPORT_KEYS
        assert (report["verdict"], report["listed"], report["created"]) == ("complete", 13, 8)
        parts = ("created", "updated", "unchanged", "rejected", "deleted", "duplicate")
        assert report["seen"] == sum(report[part] for part in parts)
        assert report["listed"] == report["seen"] + report["failed"]

    def test_the_index_followed(self, run: Run) -> None:
        code, (report,), _ = run("index", "--json")
        assert (code, report["applied"], report["set_aside"]) == (0, 0, 0)
        assert report["checkpoint"] >= 13
        code, rows, _ = run("verify", "--json")
        assert code == 0
        assert rows == [{"source": SOURCE, "ledger": 13, "index": 13, "missing": 0, "extra": 0, "different": 0}]

    def test_the_same_again_changes_nothing(self, run: Run) -> None:
        code, (report,), _ = run("harvest", SOURCE, "--json")
        assert (code, report["unchanged"], report["created"], report["updated"]) == (0, 13, 0, 0)

    def test_members_tells_what_a_source_covers(self, run: Run) -> None:
        code, (row,), _ = run("members", SOURCE, "--json")
        assert (code, row["coverage"]["title"]) == (0, {"found": 1.0, "covered": 1.0})
        assert 0 < row["coverage"]["license"]["covered"] < 1.01
        printed = run("members", SOURCE)[2]
        assert "title" in printed
        assert "100.0%" in printed

    def test_search_answers_as_the_endpoint_does(self, run: Run) -> None:
        code, (answer,), _ = run("search", "전력", "--size", "3", "--json")
        assert code == 0
        assert list(answer)[:6] == ["total", "took_ms", "hits", "facets", "cursor", "all_words"]
        assert answer["total"] >= len(answer["hits"]) == 3
        value = answer["facets"]["organization"][0]
        assert set(value) == {"value", "label", "count"}
        _, (filtered,), _ = run("search", "전력", "--filter", f"organization={value['value']}", "--json")
        assert filtered["total"] == value["count"]
        assert "전력" in run("search", "전력")[2]

    def test_a_word_to_leave_out_is_typed_as_on_the_page(self, run: Run) -> None:
        whole = run("search", "전력", "--json")[1][0]["total"]
        without = run("search", "전력", "-사용량", "--json")[1][0]["total"]
        assert without + run("search", "전력", "사용량", "--json")[1][0]["all_words"] == whole
        assert 0 < without < whole
        code, _, said = run("search", "전력", "--siez", "3")
        assert code == 64
        assert "--siez" in said

    def test_why_knows_an_id_an_address_and_what_it_does_not_know(self, run: Run) -> None:
        _, (answer,), _ = run("search", "전력", "--size", "1", "--json")
        (hit,) = answer["hits"]
        for what in (hit["id"], hit["landing_page"]):
            code, (found,), _ = run("why", what, "--json")
            assert (code, found["id"], found["source"], found["state"]) == (0, hit["id"], SOURCE, "live")
            assert found["reason"]
        code, (unknown,), _ = run("why", "https://nowhere.example/", "--json")
        assert (code, unknown["state"]) == (1, "unknown")

    def test_jobs_tell_the_history_and_one_job_in_detail(self, run: Run) -> None:
        _, rows, _ = run("jobs", "--json")
        assert [row["verdict"] for row in rows] == ["complete", "complete", "partial"]
        code, (detail,), _ = run("jobs", str(rows[0]["job"]), "--json")
        assert code == 0
        assert {"issues", "rejected_records", "would_remove", "started", "finished"} <= set(detail)
        assert SOURCE in run("jobs", str(rows[0]["job"]))[2]

    def test_export_writes_every_dataset_whole_or_as_a_table(self, run: Run, home: Path) -> None:
        code, _, text = run("export")
        datasets = [json.loads(line) for line in text.splitlines()]
        assert code == 0
        assert len(datasets) == 13
        assert all({"id", "source", "identifier", "title", "counters"} <= set(dataset) for dataset in datasets)
        _, _, table = run("export", "--format", "csv")
        assert table.splitlines()[0].startswith("id,source,title,publisher")
        assert len(table.splitlines()) == 14

    def test_a_portal_that_fails_is_told_with_its_address_and_answer(self, run: Run, portals: SamplePortals) -> None:
        portal = portals.portals["datagokr"]
        with portal.failing(lambda asked: None if asked.path == "/robots.txt" else Answer(b"gone", 410)):
            code, _, printed = run("harvest", SOURCE)
        said = f"not found: {portal.url}/"
        assert code == 1
        assert f"{SOURCE}: failed: {said}" in printed
        _, (newest, *_), _ = run("jobs", "--limit", "1", "--json")
        _, (job,), _ = run("jobs", str(newest["job"]), "--json")
        assert job["detail"].startswith(f"{portal.url}/")
        assert "410" in job["detail"]
        assert said in run("jobs", str(newest["job"]))[2]

    def test_a_portal_that_shrank_is_held_accepted_and_undone(self, run: Run, portals: SamplePortals) -> None:
        portal = portals.portals["datagokr"]
        assert isinstance(portal, DataGoKrPortal)
        whole = portal.table
        header, *rows = csv.reader(io.StringIO(whole.decode("utf-8-sig")))
        ours = [row for row in rows if "한빛전력공사" in row]
        assert len(ours) == 13
        portal.replace(_table(header, [row for row in rows if row not in ours[4:]]))
        try:
            code, (held,), _ = run("harvest", SOURCE, "--json")
        finally:
            portal.replace(whole)
        assert (code, held["verdict"], held["reason"], held["removed"]) == (2, "held", "suspicious drop", 0)
        _, (detail,), _ = run("jobs", str(held["job"]), "--json")
        assert len(detail["would_remove"]) == 9
        assert run("search", "--json")[1][0]["total"] == 13
        code, (accepted,), _ = run("accept", str(held["job"]), "--json")
        assert (code, accepted["removed"]) == (0, 9)
        assert run("search", "--json")[1][0]["total"] == 4
        code, (undone,), _ = run("undo", str(held["job"]), "--json")
        assert (code, undone["job"]) == (0, held["job"])
        assert run("search", "--json")[1][0]["total"] == 13

    def test_remap_maps_the_stored_payloads_and_the_next_harvest_agrees(self, run: Run) -> None:
        assert run("harvest", SOURCE, "--json")[1][0]["unchanged"] == 13
        code, (report,), _ = run("remap", SOURCE, "--json")
        assert code == 0
        assert list(report) == ["source", "updated", "unchanged", "rejected", "waiting"]
        assert (report["updated"], report["unchanged"]) == (0, 13)
        assert run("harvest", SOURCE, "--json")[1][0]["unchanged"] == 13

    def test_rebuild_verify_and_prune(self, run: Run, home: Path) -> None:
        code, (report,), _ = run("rebuild", "--json")
        assert (code, list(report), report["documents"]) == (0, ["documents", "seconds"], 13)
        assert run("verify", "--repair", "--json")[0] == 0
        code, (pruned,), _ = run("prune", "--json")
        assert code == 0
        assert all(isinstance(number, int) for number in pruned.values())

    def test_a_backup_is_a_ledger_and_never_overwrites_a_file(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "copy.sqlite"
        assert run("backup", str(file))[0] == 0
        with sqlite3.connect(file) as copy:
            assert copy.execute("select count(*) from dataset").fetchone() == (13,)
        copy.close()
        code, _, said = run("backup", str(file))
        assert code == 64
        assert "exists already" in said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["harvest"], 64, "--all"),
        (["probe"], 64, "url"),
        (["why"], 64, "ID|URL"),
        (["harvest", "kepko-power"], 64, "no member or source"),
        (["harvest", "hanbit-powr"], 64, "did you mean hanbit-power"),
        (["harvest", "hanbit-power", "--limit", "0"], 64, "--limit"),
        (["frobnicate"], 64, "frobnicate"),
        (["accept", "seven"], 64, "no job number"),
        (["accept", "4711"], 1, "4711"),
        (["jobs", "4711"], 1, "4711"),
        (["jobs", "99999999999999999999"], 64, "no job number"),
        (["why", "\udcff"], 1, "not known"),
        (["search", "x", "--filter", "format"], 64, "field=value"),
        (["search", "x", "--filter", "colour=red"], 64, "colour"),
        (["search", "x", "--sort", "best"], 64, "sort"),
        (["export", "--format", "xml"], 64, "xml"),
    ],
)
def test_mistakes_are_told_in_one_line_with_what_to_do(run: Run, arguments: list[str], code: int, words: str) -> None:
    got, _, said = run(*arguments)
    assert got == code
    assert words in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1


def test_a_broken_member_file_stops_a_command_with_file_line_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "members").mkdir()
    (tmp_path / "members" / "a.yml").write_text("name: {ko: 가}\nsectr: x\nsources: {}\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["datamoa", "--home", str(tmp_path), "--config", str(tmp_path), "members"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert f"{tmp_path}/members/a.yml:2: sectr: unknown key; did you mean `sector`?" in capsys.readouterr().err


def test_a_ledger_that_cannot_be_opened_is_told_in_one_line(
    tmp_path: Path, portals: SamplePortals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is no database" * 100)
    monkeypatch.setattr("sys.argv", ["datamoa", "--home", str(tmp_path), "--config", str(portals.config), "jobs"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "ledger" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "command", [["members"], ["index"], ["search", "x"], ["serve", "--port", "0"], ["demo", "--port", "0"]]
)
def test_a_home_that_is_no_folder_is_told(run: Run, tmp_path: Path, command: list[str]) -> None:
    home = tmp_path / "home"
    home.write_text("no folder")
    code, _, said = run("--home", str(home), *command)
    assert code == 1
    assert str(home) in said
    assert "--home" in said


def test_what_happened_is_told_even_where_the_index_cannot_follow(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAMOA_INDEX_URL", "nonsense")
    code, (report,), said = run("--home", str(tmp_path), "harvest", SOURCE, "--json")
    assert (code, report["verdict"], report["created"]) == (1, "complete", 13)
    assert "DATAMOA_INDEX_URL" in said
    code, (report,), _ = run("--home", str(tmp_path), "undo", "1", "--json")
    assert (code, report["job"]) == (1, 1)


def test_what_a_terminal_would_obey_is_shown(run: Run, tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        put(ledger, dataset("a.b", "\x1b]0;mine\x07", "제목"))
    code, _, printed = run("--home", str(tmp_path), "why", "\x1b]0;mine\x07")
    assert code == 0
    assert "]0;mine" in printed
    assert "\x1b" not in printed
    assert "\x07" not in printed


def test_brackets_of_a_portal_are_text(run: Run, tmp_path: Path) -> None:
    title, publisher, page = "[red]자료 [/bold] :smile:", "[/공공] 기관", "https://portal.example/[/a]"
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        put(ledger, dataset("a.b", "1", title, publisher=Agent(name={"ko": publisher}), landing_page=page))
    assert run("--home", str(tmp_path), "index")[0] == 0
    code, _, printed = run("--home", str(tmp_path), "search", "자료")
    assert code == 0
    assert title in printed
    assert publisher in printed
    assert page in printed
    assert page in run("--home", str(tmp_path), "why", page)[2]


def test_an_index_of_another_ledger_answers_no_search(run: Run, tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        put(ledger, dataset("a.b", "1", "자료"))
    assert run("--home", str(tmp_path), "index")[0] == 0
    (tmp_path / "ledger.sqlite").unlink()
    code, _, said = run("--home", str(tmp_path), "search", "자료")
    assert code == 1
    assert "another ledger; `datamoa rebuild`" in said
    assert run("--home", str(tmp_path), "rebuild")[0] == 0
    assert run("--home", str(tmp_path), "search", "자료")[0] == 0


def test_what_is_unusual_about_a_job_is_told(run: Run, tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        scripts.harvest(ledger, scripts.many(10))
        held = scripts.harvest(ledger, scripts.many(10, title=None, unread=("heading",)))
    code, (job,), _ = run("--home", str(tmp_path), "jobs", str(held.job), "--json")
    assert (code, job["verdict"], job["reason"]) == (0, "held", "layout changed")
    assert job["deviations"][0] == {
        "what": "title", "before": 1.0, "after": 0.0, "records": 10, "structural": True, "unreadable": False,
        "new": False,
        "expressions": [], "candidates": ["heading"], "given_up": [],
        "text": "title: 100 % → 0 %; candidates: heading",
    }  # fmt: skip
    assert "title: 100 % → 0 %; candidates: heading" in run("--home", str(tmp_path), "jobs", str(held.job))[2]
    code, (why,), _ = run("--home", str(tmp_path), "why", "r1", "--json")
    assert (why["state"], why["also_at"]) == ("rejected", [])


def test_little_that_was_saved_is_told_in_a_unit_that_shows_it() -> None:
    report = JobReport(source="a.b", job=1, verdict="complete", reason="", saved_requests=5, saved_bytes=4300)
    with console.out.capture() as shown:
        console.print_reports([report])
    assert "saved 5 requests, 4.3 kB" in shown.get()
