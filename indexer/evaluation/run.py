"""A run: every question with its measures; kept as a file, summed up by set and half, compared with an earlier one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.progress import track

from harvester import config, console
from harvester.catalog import codec
from harvester.catalog.model import Dataset
from harvester.errors import UsageError
from harvester.ledger import Ledger
from indexer.evaluation.asking import ask
from indexer.evaluation.measures import BORDER, MAIN, ZERO_HITS, Hits, Texts, measure, texts
from indexer.evaluation.questions import Half, Question
from indexer.evaluation.statistics import Estimate, estimate

HALVES: tuple[Half | None, ...] = (None, "tune", "aside")
_FIRST = 10


class Result(msgspec.Struct, frozen=True):
    """A question, its measures, and the first ids found."""

    set: str
    subject: str
    query: str
    half: Half
    measures: dict[str, float]
    first: tuple[str, ...] = ()
    total: int = 0
    fault: str = ""


class Summary(NamedTuple):
    """A measure over the queries of a set (of one half; None: of both); compared where there is a baseline."""

    set: str
    half: Half | None
    measure: str
    queries: int
    value: Estimate
    compared: Comparison | None


class Comparison(NamedTuple):
    """Paired with the same queries of the baseline: the mean difference, and queries that gained or lost."""

    queries: int
    difference: Estimate
    wins: int
    losses: int


class Change(NamedTuple):
    """One query whose main measure differs from the baseline's."""

    set: str
    query: str
    half: Half
    measure: str
    before: float
    after: float


def run(
    settings: config.Settings, ledger: Ledger, url: str | None, questions: Sequence[Question], processes: int
) -> list[Result]:
    """Ask and judge; questions about datasets that the ledger does not have have no measures."""
    answers = track(
        ask(settings, url, questions, processes),
        "asking",
        total=len(questions),
        console=console.notes,
        transient=True,
        disable=not console.notes.is_terminal,
    )
    return judge(ledger, questions, answers)


def judge(ledger: Ledger, questions: Sequence[Question], answers: Iterable[Hits]) -> list[Result]:
    """Judge the answers, which may also come from another search engine over the same datasets."""
    names, catalogue = _read(ledger, questions)
    results = []
    for question, hits in zip(questions, answers, strict=True):
        measures = {name: round(value, 6) for name, value in measure(question, hits, names, catalogue).items()}
        subject = question.subject or question.query
        results.append(
            Result(
                question.set,
                subject,
                question.query,
                question.half,
                measures,
                hits.ids[:_FIRST],
                hits.total,
                hits.fault,
            )
        )
    return results


def _read(ledger: Ledger, questions: Iterable[Question]) -> tuple[dict[str, set[str]], dict[str, Texts]]:
    """Ids by the names that the questions use, and the texts of the datasets if any question is about a word."""
    names: dict[str, set[str]] = {}
    catalogue: dict[str, Texts] = {}
    words = False
    for question in questions:
        names.update((name, set()) for name in question.names)
        words = words or bool(question.word)
    if not names and not words:
        return names, catalogue
    for row in ledger.export():
        dataset = codec.decode(row.content)
        for name in (row.id, row.identifier, dataset.landing_page):
            if name in names:
                names[name].add(row.id)
        if words:
            catalogue[row.id] = _texts(dataset)
    return names, catalogue


def _texts(dataset: Dataset) -> Texts:
    publisher = dataset.publisher
    rest = [
        *dataset.description.values(),
        *(word for words in dataset.keyword.values() for word in words),
        *(publisher.name.values() if publisher else ()),
        (publisher.source_name or "") if publisher else "",
    ]
    return texts(BORDER.join(dataset.title.values()), BORDER.join(rest))


# --- summing up and comparing, pure


def summaries(results: Sequence[Result], baseline: Sequence[Result] | None = None) -> Iterator[Summary]:
    """Every measure of every set, over both halves and each of them."""
    pairs = _paired(results, baseline or ())
    sets: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        sets[result.set].append(result)
    for name, members in sets.items():
        for measured in dict.fromkeys(key for result in members for key in result.measures):
            for half in HALVES:
                chosen = [each for each in members if half in (None, each.half) and measured in each.measures]
                if chosen:
                    value = estimate([each.measures[measured] for each in chosen])
                    yield Summary(name, half, measured, len(chosen), value, _compare(name, half, measured, pairs))


def worst(results: Sequence[Result], count: int) -> list[tuple[Result, str]]:
    """Of each set at most `count` queries that are not answered perfectly, with their main measure, the worst first."""
    sets: dict[str, list[tuple[Result, str]]] = defaultdict(list)
    for result in results:
        main = _main(result.measures)
        if main and result.measures[main] < 1:
            sets[result.set].append((result, main))
    return [
        each
        for members in sets.values()
        for each in sorted(members, key=lambda member: member[0].measures[member[1]])[:count]
    ]


def _main(measures: Collection[str]) -> str | None:
    return next((name for name in MAIN if name in measures), None)


def changes(results: Sequence[Result], baseline: Sequence[Result]) -> list[Change]:
    """Queries that gained or lost, the largest changes first."""
    made = []
    for before, after in _paired(results, baseline):
        main = _main(before.measures.keys() & after.measures.keys())
        if main and before.measures[main] != after.measures[main]:
            made.append(Change(after.set, after.query, after.half, main, before.measures[main], after.measures[main]))
    return sorted(made, key=lambda each: abs(each.after - each.before), reverse=True)


def _paired(results: Sequence[Result], baseline: Sequence[Result]) -> list[tuple[Result, Result]]:
    """Results of one question in both runs; a query may stand in a set several times, with other expectations."""
    if not baseline:
        return []
    earlier = _by_key(baseline)
    return [(earlier[key], result) for key, result in _by_key(results).items() if key in earlier]


def _by_key(results: Sequence[Result]) -> dict[tuple[str, str, str, int], Result]:
    seen: dict[tuple[str, str, str], int] = defaultdict(int)
    made = {}
    for result in results:
        key = (result.set, result.subject, result.query)
        made[*key, seen[key]] = result
        seen[key] += 1
    return made


def _compare(name: str, half: Half | None, measured: str, pairs: Sequence[tuple[Result, Result]]) -> Comparison | None:
    differences = [
        after.measures[measured] - before.measures[measured]
        for before, after in pairs
        if after.set == name
        and half in (None, after.half)
        and measured in before.measures
        and measured in after.measures
    ]
    if not differences:
        return None
    rises, falls = sum(each > 0 for each in differences), sum(each < 0 for each in differences)
    wins, losses = (falls, rises) if measured == ZERO_HITS else (rises, falls)
    return Comparison(len(differences), estimate(differences), wins, losses)


# --- files


class _Saved(msgspec.Struct, frozen=True):
    format: int
    results: list[Result]


_FORMAT = 1


def save(file: Path, results: Sequence[Result]) -> None:
    """Keep a run, to be compared with later."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(_Saved(_FORMAT, list(results))), indent=1))


def load(file: Path) -> list[Result]:
    """Read a kept run; raise `UsageError` where it is none."""
    try:
        saved = msgspec.json.decode(file.read_bytes(), type=_Saved)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{file}: no run that `datamoa evaluate --save` wrote ({error})") from error
    if saved.format != _FORMAT:
        raise UsageError(f"{file}: written by another version of datamoa; make the run again")
    return saved.results
