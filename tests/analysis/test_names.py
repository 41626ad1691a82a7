"""No name is destroyed: every word of titles and every agency of the real catalogue keeps what carries meaning."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest

from harvester import config
from indexer.analysis import Analyser
from indexer.tables import search_tables

_RUN = re.compile("[가-힣]+")
_REVIEWED = Path(__file__).with_name("reviewed_losses.txt")

# What may be missing at the end of a word, looked at one by one. Not 이 and 가: names end so as often (물놀이, 농가).
_PARTICLES = frozenset(
    (
        *("의", "에", "을", "를", "은", "는", "와", "에서", "에서는", "에서의", "에게", "으로", "으로의", "으로부터"),
        *("으로서의", "로의", "과의", "와의", "까지의", "부터"),
    )
)
_ENDINGS = frozenset(
    (
        *(
            "한",
            "할",
            "하고",
            "하기",
            "하는",
            "하다",
            "하였다",
            "한가",
            "해서",
            "해야한다",
            "된",
            "된다고",
            "되는",
            "되면",
        ),
        *("고", "고싶은", "고도", "기", "다", "게", "게보는", "러", "을까", "는다", "아도", "어서", "어주는", "아하는"),
        *("아있거나", "있는", "그려진", "로운", "스러운", "이다", "보아요"),
    )
)


@pytest.fixture(scope="module")
def runs(samples: Path) -> list[str]:
    with gzip.open(samples / "korea-data-go-kr" / "catalogue-2022-07.csv.gz", "rt", encoding="utf-8-sig") as file:
        titles = {text for row in csv.DictReader(file) for text in (row["목록명"], row["기관명"])}
    return sorted({run for title in titles for run in _RUN.findall(title)})


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(names=search_tables(config.search_words(config.default_config())).names)


def lost(run: str, analyser: Analyser) -> list[str]:
    """The stretches of a run that no term stands for; what stands at its end is marked by a hyphen."""
    letters = list(run)
    for _, start, end, _ in analyser.tokens(run):
        letters[start:end] = " " * (end - start)
    found = "".join(letters).split()
    if found and letters[-1] != " ":
        found[-1] = f"-{found[-1]}"
    return found


def reviewed() -> dict[str, str]:
    lines = _REVIEWED.read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ")[:2] for line in lines if line and not line.startswith("#"))


def test_no_word_of_a_title_is_without_terms_or_loses_what_carries_meaning(runs: list[str], analyser: Analyser) -> None:
    assert [run for run in runs if not analyser.terms(run)] == []
    ends = {f"-{end}" for end in _PARTICLES | _ENDINGS}
    found = {
        run: " ".join(missing) for run in runs if (missing := lost(run, analyser)) and not ends.issuperset(missing)
    }
    # Look at what is new, and mend the analysis or add a name; what is no longer lost is taken out of the list.
    assert found == reviewed()
