"""Questions: searches with what they should find, read from JSONL or TSV files (formats: docs/operators.md)."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from harvester.errors import UsageError

Half: TypeAlias = Literal["tune", "aside"]


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One search and what is expected of it; datasets are named by id, identifier or landing page.

    `subject` is what the question is about, the query itself unless given: questions with one subject
    fall into one half.
    """

    query: str
    set: str = ""
    subject: str = ""
    want: tuple[str, ...] = ()
    """Any of these datasets."""
    grades: dict[str, int] = {}
    """Judged datasets and how relevant each one is, 0 is irrelevant; datasets that are not named are not judged."""
    groups: tuple[tuple[str, ...], ...] = ()
    """One dataset of each group."""
    title: str = ""
    """Regular expression that the title of a relevant dataset matches."""
    found: tuple[str, ...] = ()
    """Each of these, anywhere among the hits."""
    absent: tuple[str, ...] = ()
    """None of these, anywhere among the hits."""
    before: tuple[str, ...] = ()
    """The first of these two before the second."""
    word: str = ""
    """The hits contain this word, and the datasets whose titles contain it are hits."""

    @property
    def half(self) -> Half:
        """The half that the question is in, the same in every run."""
        digest = hashlib.blake2b((self.subject or self.query).encode(), digest_size=1).digest()
        return "tune" if digest[0] & 1 else "aside"

    @property
    def depth(self) -> int | None:
        """How many hits are needed to judge the answer; None: all of them."""
        return None if self.found or self.absent or self.before or self.word else 100

    @property
    def names(self) -> frozenset[str]:
        """Every dataset that is named."""
        groups = [name for group in self.groups for name in group]
        return frozenset((*self.want, *self.grades, *groups, *self.found, *self.absent, *self.before))


def read(files: Iterable[Path]) -> list[Question]:
    """Read files, and the files of folders; raise `UsageError` that names file and line of a mistake."""
    questions: list[Question] = []
    for file in _every(files):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise UsageError(f"{file}: not UTF-8") from error
        questions += _jsonl(file, lines) if file.suffix == ".jsonl" else _tsv(file, lines)
    return questions


def _every(files: Iterable[Path]) -> Iterator[Path]:
    for file in files:
        if file.is_dir():
            yield from sorted(each for each in file.iterdir() if each.suffix == ".jsonl")
        elif file.suffix in (".jsonl", ".tsv"):
            yield file
        else:
            raise UsageError(f"{file}: questions stand in files .jsonl or .tsv, or in a folder of .jsonl files")


def _jsonl(file: Path, lines: list[str]) -> Iterator[Question]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = msgspec.json.decode(line, type=Question)
            re.compile(question.title)
        except (msgspec.MsgspecError, re.error) as error:
            raise UsageError(f"{file}:{number}: {error}") from error
        if len(question.before) not in (0, 2):
            raise UsageError(f"{file}:{number}: before: takes two datasets")
        if not (question.names or question.title or question.word):
            raise UsageError(f"{file}:{number}: nothing is expected; one of want, grades, groups, title … is needed")
        yield question if question.set else msgspec.structs.replace(question, set=file.stem)


def _tsv(file: Path, lines: list[str]) -> Iterator[Question]:
    """``query<TAB>dataset[<TAB>grade]``; lines with one query belong together."""
    grades: dict[str, dict[str, int]] = {}
    graded = set()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        query, *rest = line.split("\t")
        if len(rest) not in (1, 2) or not rest[0].strip() or (len(rest) == 2 and not rest[1].strip().isdecimal()):
            raise UsageError(f"{file}:{number}: write it as query<TAB>dataset or query<TAB>dataset<TAB>grade")
        if len(rest) == 2:
            graded.add(query)
        grades.setdefault(query, {})[rest[0].strip()] = int(rest[1]) if len(rest) == 2 else 1
    for query, given in grades.items():
        if query in graded:
            yield Question(query=query, set=file.stem, grades=given)
        else:
            yield Question(query=query, set=file.stem, want=tuple(given))


def chosen(questions: Iterable[Question], sets: Sequence[str], half: Half | None, sample: int | None) -> list[Question]:
    """Leave the questions of these sets (regular expressions; none: all), of one half, at most `sample` of a set."""
    try:
        patterns = [re.compile(each) for each in sets]
    except re.error as error:
        raise UsageError(f"--set: {error}") from error
    counts: dict[str, int] = defaultdict(int)
    left = []
    for question in questions:
        if patterns and not any(each.search(question.set) for each in patterns):
            continue
        if half not in (None, question.half) or (sample is not None and counts[question.set] >= sample):
            continue
        counts[question.set] += 1
        left.append(question)
    return left
