"""The kit's commands: what they print for programs, what they say of mistakes, how they exit."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harvester import config
from harvester.config import Settings
from harvester.kit.places import fixtures_folder
from harvester.members import HarvestSource
from indexer import cli
from tests.kit.conftest import MEMBER
from tests.portals import json_lists
from tests.portals.board import Board

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]
"""Run a command: its exit code, the JSON objects on stdout, all other text."""


@pytest.fixture
def run(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    for name in ("DATAMOA_DATABASE_URL", "DATAMOA_INDEX_URL", "DATAMOA_HOME", "DATAMOA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        monkeypatch.setattr("sys.argv", ["datamoa", "--config", str(settings.config), *arguments])
        capfd.readouterr()
        config.members.cache_clear()  # files are edited between the commands
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capfd.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        if "--json" in arguments:
            return code, [json.loads(line) for line in printed.out.splitlines()], printed.err
        return code, [], printed.out + printed.err

    return call


def test_the_walk_in_json(run: Run, settings: Settings, source: HarvestSource, board: Board, tmp_path: Path) -> None:
    code, (*records, whole), said = run("try", source.name, "--limit", "2", "--json")
    assert (code, said) == (0, "")
    assert [set(one) for one in records] == [
        {"source", "identifier", "raw", "dataset", "counters", "issues", "unread"}
    ] * 2
    assert (whole["verdict"], whole["reason"], whole["records"], whole["datasets"]) == ("partial", "limit", 2, 2)
    assert set(whole) >= {"coverage", "unread", "unknown", "said"}

    code, only, _ = run("try", source.name, "--limit", "2", "--summary", "--json")
    assert (code, only) == (0, [whole])
    assert "what the portal gave" in run("try", source.name, "--limit", "2")[2]
    printed = run("try", source.name, "--limit", "2", "--summary")[2]
    assert "what the portal gave" not in printed
    assert "2 records, 2 datasets" in printed

    code, (made,), _ = run("record", source.name, "--json")
    assert (code, made["written"], made["records"], made["folder"]) == (0, True, 5, f"fixtures/{source.name}")
    assert (tmp_path / "fixtures" / source.name / "expected.jsonl").exists()

    file = str(settings.config / "members" / "hannuri.yml")
    for arguments in ((source.name,), ("hannuri",), ("--all",), (file,)):
        code, (checked,), _ = run("check", *arguments, "--json")
        assert (code, checked["right"], checked["source"], checked["differences"]) == (0, True, source.name, [])
        assert len(checked["faults"]) == 4
    assert run("new", "odd.board", "--into", "elsewhere")[0] == 0
    code, (checked,), said = run("check", "--all", "--json")
    assert (code, checked["source"]) == (0, source.name)
    assert said == "not checked, because they have no fixture: odd.board\n"

    (tmp_path / "fixtures" / source.name / "expected.jsonl").write_bytes(b"")
    code, (checked,), _ = run("check", source.name, "--json")
    assert (code, checked["right"], len(checked["differences"])) == (1, False, 5)

    board.renewed = True
    code, (whole,), _ = run("try", source.name, "--json")
    assert (code, whole["verdict"], whole["reason"]) == (1, "failed", "layout changed")
    code, (refused,), _ = run("record", source.name, "--json")
    assert (code, refused["written"]) == (1, False)
    assert not (tmp_path / "var").exists()


def test_a_member_file_is_tried_wherever_it_is(run: Run, source: HarvestSource, settings: Settings) -> None:
    file = settings.config / "members" / "hannuri.yml"
    code, rows, _ = run("--config", str(Path("/")), "members")
    assert code == 1  # that folder is no configuration
    code, rows, _ = run("try", str(file), "--limit", "1", "--json")
    assert (code, rows[0]["source"]) == (0, source.name)


def test_new_and_schema_print_for_people_and_editors(run: Run, settings: Settings) -> None:
    code, _, said = run("new", "odd.board", "--url", "https://portal.example/list")
    assert code == 0
    assert "fixtures/odd.board" in said
    assert run("check", "odd.board")[0] == 0
    first = (settings.config / "members" / "odd.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(first)["sources"]["board"]["url"] == "https://portal.example/list"
    code, _, said = run("schema")
    assert (code, json.loads(said)["$schema"]) == (0, "https://json-schema.org/draft/2020-12/schema")


@pytest.mark.parametrize("name", ["odd.board", "no.on"])
@pytest.mark.parametrize(
    "url",
    [
        "https://portal.example/list?at:",
        "https://portal.example/#/'a\"",
        "https://portal.example/{a}[b]?가",
        "https://x/y/",
    ],
)
def test_whatever_the_names_and_the_address_what_new_writes_is_read_and_replays(
    run: Run, settings: Settings, name: str, url: str
) -> None:
    assert run("new", name, "--url", url)[0] == 0
    assert config.select(settings.config, (name,))[0].url == url.rstrip("/")
    code, _, said = run("check", name)
    assert code == 0, said
    code, _, said = run("new", f"{name}-too", "--url", url)
    added = yaml.safe_load(said.partition("already:\n")[2].partition("\n\n")[0])
    assert added[name.partition(".")[2] + "-too"]["url"] == url


def test_what_new_cannot_write_as_a_whole_it_does_not_leave_in_parts(
    run: Run, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("harvester.kit.making.write_expected", full)
        code, _, said = run("new", "odd.board", "--url", "https://portal.example/list")
    assert (code, said) == (64, "datamoa: odd.board: nothing was written: No space left on device\n")
    assert not [path for path in (*settings.config.rglob("*"), *tmp_path.rglob("*")) if "odd" in path.name]
    assert run("new", "odd.board", "--url", "https://portal.example/list")[0] == 0


def test_a_job_tells_equal_messages_once_with_their_number_and_values(
    run: Run, source: HarvestSource, board: Board, tmp_path: Path
) -> None:
    licences = ["열린 이용"] * 3 + [f"조건 {number}" for number in range(12)]
    board.data_sets = tuple(
        (str(number), f"자료 {number}", "2026-01-01", licence, "매년") for number, licence in enumerate(licences)
    )
    home = ("--home", str(tmp_path / "own"))
    assert run(*home, "harvest", source.name)[0] == 0
    code, _, said = run(*home, "jobs", "1")
    (line,) = [line for line in said.splitlines() if "knows this licence" in line]
    assert code == 0
    assert re.search(r"this licence +15 +열린 이용 \(3\), 조건 0, 조건 1, .*조건 8, 3 more +\d+ *$", line)


PRESET = """\
listed:
  path: /list
  records: rows
  identifier: id
  total: total
  paging: {page: at, size: 10, size_parameter: size}
  fields: {title: name, views: hits}
"""


def test_an_option_within_a_preset_is_seen_and_changed_by_its_dotted_name(
    run: Run, configured: Callable[[str], HarvestSource], settings: Settings, tmp_path: Path
) -> None:
    (settings.config / "presets.yml").write_text(PRESET, encoding="utf-8")
    with json_lists.sample() as portal:
        text = (
            MEMBER.format(url=portal.url).replace("/data/list.do", "").replace("protocol: spider", "protocol: json_api")
        )
        name = configured(text.replace("spider: board", "preset: listed")).name
        code, (row,), _ = run("members", name, "--json")
        assert row["options"]["paging"] == {"page": "at", "size": 10, "size_parameter": "size"}
        assert "    paging: {page: at, size: 10, size_parameter: size}\n" in run("members", name)[2]
        code, _, said = run("record", name, "--option", "paging.sise=4")
        assert (code, said) == (1, "datamoa: option paging.sise of json_api: unknown key; did you mean `size`?\n")
        options = ("--option", "paging.size=4", "--option", "parameters.kind=file", "--option", "paging.first=2")
        code, (made,), _ = run("record", name, "--pages", "2", *options, "--json")
        assert (code, made["records"]) == (0, 8)
        assert [(one["at"], one["size"], one["kind"]) for one in portal.asked] == [
            ("2", "4", "file"),
            ("3", "4", "file"),
        ]
    sample = json.loads((tmp_path / "fixtures" / name / "sample.json").read_bytes())
    assert sample["options"] == {"paging": {"size": 4, "first": 2}, "parameters": {"kind": "file"}}
    assert run("check", name)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["try", "hannuri.bord"], 64, "did you mean hannuri.board"),
        (["try", "nowhere.yml"], 1, "nowhere.yml: no such file"),
        (["try", "hannuri.board", "--limit", "0"], 64, "--limit"),
        (["record", "hannuri.board", "--option", "rows"], 64, "key=value"),
        (
            ["record", "hannuri.board", "--option", "rows=5"],
            1,
            "option rows of spider: unknown key; it is an option of",
        ),
        (["record", "hannuri.board", "--option", "rows=5"], 1, "known: parameters, spider"),
        (
            ["record", "hannuri.board", "--option", "spidr=x"],
            1,
            "option spidr of spider: unknown key; did you mean `sp",
        ),
        (["record", "hannuri.board", "--option", "parameters.a.b=5"], 1, "option parameters.a of spider"),
        (["check"], 64, "--all"),
        (["check", "nowhere.yml"], 1, "nowhere.yml: no such file"),
        (["harvest", "members/hannuri.yml"], 64, "is a file; give the member's or source's name, as hannuri"),
        (["check", "--all"], 64, "no fixture of a configured source"),
        (["check", "hannuri.board"], 1, "datamoa record"),
        (["new", "hannuri"], 64, "member.source"),
        (["new", "odd.board", "--url", "ftp://x"], 1, "http(s)"),
        (["new", "odd.board", "--url", "https://portal.example/list?a: b"], 1, "no blanks in it: write %20"),
        (["--config", "nowhere", "members"], 1, "no members/ folder here, and with it a configuration begins (mkdir"),
    ],
)
def test_mistakes_are_told_in_one_line(
    run: Run, source: HarvestSource, arguments: list[str], code: int, words: str
) -> None:
    got, _, said = run(*arguments)
    assert (got, len(said.strip().splitlines())) == (code, 1), said
    assert words in said


def test_a_file_of_several_sources_wants_one_of_them(
    run: Run, configured: Callable[[str], HarvestSource], settings: Settings
) -> None:
    text = MEMBER.format(url="https://portal.example")
    configured(text + text[text.index("  board:") :].replace("board:", "second:", 1))
    code, _, said = run("try", "hannuri")
    assert code == 64
    assert "hannuri.board, hannuri.second" in said


def test_fixtures_live_with_the_tests_of_a_checkout_and_else_where_the_author_works(settings: Settings) -> None:
    from dataclasses import replace

    root = Path(__file__).parent.parent.parent
    assert fixtures_folder(replace(settings, config=root / "config"), None) == root / "tests" / "fixtures"
    assert fixtures_folder(settings, None) == Path("fixtures")
    assert fixtures_folder(settings, Path("here")) == Path("here")
