"""Which datasets are one series: near-equal titles of many agencies, or of one agency year after year. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from harvester.catalog.model import Dataset
from indexer.analysis import normal
from indexer.languages import said

_LONGEST = 150
_SHORTEST = 2
# A year, a month, a quarter or a day, also in a row (2020~2022, 2021.12.31, 1/4분기), and numbers that stand alone.
# Numbers inside names stay: 코로나19, 1인가구, PM10, 119안전센터.
_TIME = re.compile(
    r"""(?<![^\W_])제?\d+(?:[.,~/\-·:\s]*\d+)*
        (?:\s?(?:년도?|학년도|월|일자?|분기|반기|차|회|호)(?:\s?\d+(?=\s?(?:월|일|분기|반기)))?)*
        (?:\s?(?:말|초|기준|현재)(?![^\W_]))?(?![^\W_])
      |(?<!\d)(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:[0-3]\d)?)?(?:년도?|학년도)?(?!\d)
      |(?<![^\W_])[상하]반기(?![^\W_])""",
    re.VERBOSE,
)
_REGION = re.compile(r"[가-힣]{2,3}(?:특별시|광역시|특별자치[시도])|(?:경기|강원|제주|(?:충청|전라|경상)[남북])도")
_DISTRICT = re.compile(r"([가-힣]{2,4})[시군구]")
_WORD = re.compile(r"[^\W_]+")
# A title of nothing else names no series, and a title with them is the same as without.
_SAYS_NOTHING = frozenset(
    ("현황", "정보", "목록", "자료", "데이터", "리스트", "조회", "현황정보", "정보현황", "data", "list")
)
_ENDING = re.compile(r"(?<=[가-힣]{2})(?:현황|정보|목록)$")


def series(dataset: Dataset) -> str | None:
    """Give what near-equal titles have in common, as letters; None where the title says too little besides.

    Left out are the agency and the parts of its name, regions, districts that the agency's name has, times, numbers
    that stand alone, words like 현황, punctuation and spaces.
    """
    title = said(dataset.title)
    if title is None:
        return None
    publisher = dataset.publisher
    names = [*publisher.name.values(), publisher.source_name or ""] if publisher else []
    return _series(normal(title.text[: 3 * _LONGEST]), tuple(map(normal, filter(None, names))))


def _series(title: str, names: tuple[str, ...]) -> str | None:
    agency, whole, parts = _agency(names)
    if agency is not None:
        title = agency.sub(" ", title)
    words = [word for word in _WORD.findall(_TIME.sub(" ", title)) if not _is_agency(word, whole, parts)]
    kept = "".join(_ENDING.sub("", word) for word in words if word not in _SAYS_NOTHING)
    said_in_letters = sum(letter.isalpha() for letter in kept)
    return kept if said_in_letters >= _SHORTEST and len(kept) <= _LONGEST else None


@lru_cache(maxsize=5_000)
def _agency(names: tuple[str, ...]) -> tuple[re.Pattern[str] | None, str, frozenset[str]]:
    """Give a pattern of whole names, however they are spaced, all names as letters, and their Korean parts."""
    spelled = ["".join(_WORD.findall(name)) for name in names]
    patterns = [r"[\W_]*".join(map(re.escape, name)) for name in sorted(set(spelled), key=len, reverse=True) if name]
    pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(patterns)})(?![a-z])") if patterns else None
    return pattern, " ".join(spelled), frozenset(_parts(names))


def _parts(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        yield from (word for word in _WORD.findall(name) if len(word) > 1 and not word.isascii())


def _is_agency(word: str, whole: str, parts: frozenset[str]) -> bool:
    if word in parts or _REGION.fullmatch(word):
        return True
    district = _DISTRICT.fullmatch(word)
    return district is not None and district[1] in whole
