"""Files of questions: both formats, their mistakes, the halves, and the sets of the project."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from harvester.errors import UsageError
from indexer.evaluation.questions import Question, chosen, read

SETS = Path(__file__).parents[2] / "benchmarks" / "search_sets"


def test_lines_of_a_table_with_one_query_belong_together(tmp_path: Path) -> None:
    file = tmp_path / "mine.tsv"
    file.write_text("# my own\n약국\tid-1\n약국\tid-2\n주차장\tid-3\t2\n주차장\tid-4\t0\n", encoding="utf-8")
    assert read([file]) == [
        Question(query="약국", set="mine", want=("id-1", "id-2")),
        Question(query="주차장", set="mine", grades={"id-3": 2, "id-4": 0}),
    ]


def test_a_folder_is_its_jsonl_files_and_a_line_may_name_its_set(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"query":"약국","want":["x"]}\n\n', encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"query":"약국","set":"words","title":"^약국"}', encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not read")
    assert [(each.set, each.query) for each in read([tmp_path])] == [("a", "약국"), ("words", "약국")]


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("q.jsonl", '{"query":"약국"}', "nothing is expected"),
        ("q.jsonl", '{"want":["a"]}', "query"),
        ("q.jsonl", '{"query":"약국","wnat":["a"]}', "wnat"),
        ("q.jsonl", '{"query":"약국","title":"("}', "unterminated"),
        ("q.jsonl", '{"query":"약국","before":["a"]}', "two datasets"),
        ("q.tsv", "약국", "query<TAB>dataset"),
        ("q.tsv", "약국\ta\tgood", "query<TAB>dataset"),
        ("q.csv", "약국,a", ".jsonl or .tsv"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, name: str, line: str, said: str) -> None:
    file = tmp_path / name
    file.write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match=said) as raised:
        read([file])
    assert str(file) in str(raised.value)


def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "q.tsv"
    file.write_bytes("약국\ta".encode("euc-kr"))
    with pytest.raises(UsageError, match="UTF-8"):
        read([file])


def test_questions_about_one_subject_are_in_one_half() -> None:
    halves = {Question(query=str(number), subject="15000563", want=("a",)).half for number in range(20)}
    assert len(halves) == 1
    counts = Counter(Question(query=str(number), want=("a",)).half for number in range(1000))
    assert 450 < counts["tune"] < 550


def test_sets_halves_and_samples_are_chosen() -> None:
    questions = [Question(query=str(number), set=name, want=("a",)) for name in ("one", "two") for number in range(9)]
    assert {each.set for each in chosen(questions, ["^tw"], None, None)} == {"two"}
    assert {each.half for each in chosen(questions, [], "aside", None)} == {"aside"}
    assert Counter(each.set for each in chosen(questions, [], None, 3)) == {"one": 3, "two": 3}
    with pytest.raises(UsageError, match="unterminated"):
        chosen(questions, ["("], None, None)


def test_the_sets_of_the_project_are_whole() -> None:
    questions = read([SETS])
    counts = Counter(each.set for each in questions)
    assert {name for name, count in counts.items() if count < 40} == {"must groups"}
    assert all(
        set(Counter(each.half for each in questions if each.set == name)) == {"tune", "aside"} for name in counts
    )
    by_hand = {
        "must find": "must_find", "must not": "must_not", "right order": "order", "everyday words": "everyday",
    }  # fmt: skip
    for name, file in by_hand.items():
        lines = (SETS / "by_hand" / f"{file}.tsv").read_text(encoding="utf-8").splitlines()
        assert counts[name] == sum(not line.startswith("#") for line in lines)
