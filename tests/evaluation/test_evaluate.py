"""The whole command over a real ledger and index, and over a running endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harvester import config
from harvester.ledger import Ledger
from indexer import cli
from indexer.evaluation.run import Result, changes, summaries
from indexer.web.app import create_app
from tests.web import catalogue
from tests.web.conftest import bring_up_to_date, served, settings_in

Evaluate = Callable[..., tuple[int, list[dict[str, Any]], str]]

QUESTIONS = """\
{"query":"미세먼지","want":["dust-1"],"set":"known"}
{"query":"미세먼지","word":"미세먼지","set":"words"}
{"query":"없는말쓰기","want":["dust-1"],"set":"known"}
{"query":"미세먼지","want":["never-seen"],"set":"known"}
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> config.Settings:
    made = settings_in(tmp_path_factory.mktemp("evaluated"))
    with Ledger.open(made.database_url) as ledger:
        catalogue.harvest(ledger, catalogue.datasets())
    bring_up_to_date(made)
    return made


@pytest.fixture
def evaluate(settings: config.Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Evaluate:
    for name in ("DATAMOA_DATABASE_URL", "DATAMOA_INDEX_URL", "DATAMOA_HOME", "DATAMOA_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str | Path) -> tuple[int, list[dict[str, Any]], str]:
        command = ["datamoa", "--home", settings.home, "--config", settings.config, "evaluate", *arguments]
        monkeypatch.setattr("sys.argv", [str(each) for each in command])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capfd.readouterr()
        rows = [json.loads(line) for line in printed.out.splitlines()] if "--json" in arguments else []
        assert isinstance(ended.value.code, int)
        return ended.value.code, rows, printed.err if "--json" in arguments else printed.out + printed.err

    return call


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    file = tmp_path / "questions.jsonl"
    file.write_text(QUESTIONS, encoding="utf-8")
    return file


def _means(rows: list[dict[str, Any]]) -> dict[tuple[str, str], float]:
    return {(row["set"], row["measure"]): row["mean"] for row in rows if row.get("half") == "all" and "mean" in row}


def test_a_run_is_kept_and_compared_with(evaluate: Evaluate, questions: Path, tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    code, rows, said = evaluate(questions, "--save", kept, "--json")
    assert code == 0
    assert _means(rows)["known", "success@10"] == 0.5
    assert _means(rows)["known", "zero hits"] == 0.5
    assert _means(rows)["words", "contain"] == 1
    assert "1 questions are not judged" in said

    saved = json.loads(kept.read_text(encoding="utf-8"))
    assert saved["results"][0]["measures"]["mrr@10"] > 0
    saved["results"][0]["measures"]["mrr@10"] = 0.0
    kept.write_text(json.dumps(saved), encoding="utf-8")
    code, rows, _ = evaluate(questions, "--baseline", kept, "--json")
    compared = next(row for row in rows if (row["set"], row["measure"], row["half"]) == ("known", "mrr@10", "all"))
    assert (compared["compared"], compared["wins"], compared["losses"]) == (2, 1, 0)
    assert rows[-1]["query"] == "미세먼지"
    assert rows[-1]["before"] == 0

    code, _, said = evaluate(questions, "--baseline", kept, "--worst", "1")
    assert code == 0
    assert "+ known" in said
    assert "없는말쓰기  mrr@10 0.000, 0 hits" in said


def test_many_questions_are_asked_by_several_processes(evaluate: Evaluate, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(QUESTIONS * 40, encoding="utf-8")
    code, rows, _ = evaluate(file, "--json")
    assert code == 0
    assert _means(rows)["known", "success@10"] == 0.5


def test_an_endpoint_answers_as_the_index_does(evaluate: Evaluate, settings: config.Settings, questions: Path) -> None:
    _, here, _ = evaluate(questions, "--json")
    with served(create_app(settings)) as client:
        code, there, _ = evaluate(questions, "--url", str(client.base_url), "--json")
    assert code == 0
    assert there == here


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "nothing"), "no questions are left"),
        (("--url", "localhost:8000"), "http://host:port"),
        (("--url", "http://127.0.0.1:1", "--set", "words"), "http://127.0.0.1:1"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    evaluate: Evaluate, questions: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, _, printed = evaluate(questions, *arguments)
    assert code != 0
    assert said in printed
    assert "Traceback" not in printed


def test_a_file_that_is_no_run_is_refused(evaluate: Evaluate, questions: Path) -> None:
    code, _, printed = evaluate(questions, "--baseline", questions)
    assert code == 64
    assert "no run" in printed


def _result(query: str, value: float, half: str = "tune") -> Result:
    return Result("set", query, query, half, {"mrr@10": value})  # type: ignore[arg-type]


def test_runs_are_paired_by_query_and_repeated_queries_in_order() -> None:
    before = [_result("a", 0.5), _result("a", 0.0), _result("gone", 1.0)]
    after = [_result("a", 0.5), _result("a", 1.0), _result("new", 1.0, "aside")]
    (whole, tune, aside) = summaries(after, before)
    assert whole.value.mean == pytest.approx(2.5 / 3)
    assert whole.compared is not None
    assert (whole.compared.queries, whole.compared.wins, whole.compared.difference.mean) == (2, 1, 0.5)
    assert tune.compared == whole.compared
    assert aside.compared is None
    assert [(each.query, each.before, each.after) for each in changes(after, before)] == [("a", 0.0, 1.0)]


def test_fewer_queries_without_hits_are_a_gain() -> None:
    before = [Result("set", "a", "a", "tune", {"zero hits": 1.0})]
    after = [Result("set", "a", "a", "tune", {"zero hits": 0.0})]
    compared = next(summaries(after, before)).compared
    assert compared is not None
    assert (compared.wins, compared.losses) == (1, 0)
