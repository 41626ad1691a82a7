"""By what two entries are recognised as the same dataset, seen through two doors. Pure.

A key is what both entries say in a form that does not depend on how they write it. Whether a key that several datasets
share joins them is the ledger's to say: one that many datasets of one source have means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from harvester.catalog.identifiers import undated
from harvester.catalog.model import Agent, Dataset, JoinKey, LangText
from harvester.catalog.names import name_key

VERSION = 2
"""Raised whenever the same dataset would get other keys; part of `Processor.version`."""

_MOST_DOWNLOADS = 4
"""Keys of downloads that one dataset gets: the first ones in their own order, which is the same for both entries."""

_ADDRESS = re.compile(
    r"https?://(?:[^/?#@]*@)?(?:www\d?\.)?([^/?#:]+)(?::(?:80|443)(?=[/?#]|$))?([^?#]*)(\?[^#]*)?(#!?/[^#]+)?"
)
_SESSION = re.compile(r";jsessionid=[^/?]*", re.IGNORECASE)
_MEANINGLESS = re.compile(r"(?:utm_\w+|gclid|fbclid|recommenddatayn|jsessionid|phpsessid)=?.*", re.IGNORECASE)
_FRONT_PAGE = re.compile(r"(?:/(?:index|main|home|default)\.\w+|/(?:ko|en|kr|kor|eng|main|home))?/?", re.IGNORECASE)
_LONGEST_FRONT_PAGE = 30
_DATA_GO_KR = re.compile(r"/(?:en/)?data/(\d+)(?:/\w+\.do)?")
_DOI = re.compile(r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/|^)(10\.\d{4,9}/\S+)", re.IGNORECASE)


def join_keys(dataset: Dataset) -> tuple[JoinKey, ...]:
    """Give the keys of a normalised dataset, each once, in an order of their own."""
    found: dict[JoinKey, None] = {}
    if dataset.landing_page and (page := address(dataset.landing_page)):
        found[JoinKey("landing_page", page)] = None
    files = {key for one in dataset.distribution if one.download_url and (key := address(one.download_url))}
    for key in sorted(files)[:_MOST_DOWNLOADS]:
        found[JoinKey("download_url", key)] = None
    for name in _dois(dataset):
        found[JoinKey("doi", name)] = None
    if dataset.publisher:
        for text in _named(dataset.title, dataset.publisher):
            found[JoinKey("publisher_and_title", text)] = None
    return tuple(found)


def address(url: str) -> str | None:
    """Give what an address is compared by; None for a front page, which is no dataset's own.

    Scheme, ``www.``, user, doubled and final slashes, fragments that are no route (``#/``, ``#!/``), tracking and
    session parameters and the order of parameters do not count; data.go.kr's pages of one list key
    (``/en/data/15000249/fileData.do``) are one.
    """
    match = _ADDRESS.match(url)
    if match is None:
        return None
    # Most addresses need none of what follows, and this runs for every link of every record: hence the cheap questions.
    host, path, query, route = match.groups()
    if ";" in path:
        path = _SESSION.sub("", path)
    if "//" in path:
        path = re.sub("//+", "/", path)
    path = path.rstrip("/")
    host = host.lower()
    if host == "data.go.kr" and (page := _DATA_GO_KR.fullmatch(path)):
        return f"data.go.kr/data/{page[1]}"
    parameters = ""
    if query:
        stated = (one for one in query[1:].split("&") if one and not _MEANINGLESS.fullmatch(one))
        parameters = "&".join(sorted(stated))
    if route and (any(map(str.isdigit, route)) or _FRONT_PAGE.fullmatch(path)):
        return f"{host}{path}{'?' * bool(parameters)}{parameters}{route.rstrip('/')}"
    if not parameters and len(path) < _LONGEST_FRONT_PAGE and _FRONT_PAGE.fullmatch(path):
        return None
    if "%" in path:
        path = unquote(path)
    return f"{host}{path}?{parameters}" if parameters else f"{host}{path}"


def _dois(dataset: Dataset) -> Iterator[str]:
    for text in (dataset.identifier, dataset.landing_page or "", *dataset.other_identifier):
        if "10." in text and (match := _DOI.search(text)):
            yield match[1].lower().rstrip(".,;)/")


def _named(title: LangText, publisher: Agent) -> Iterator[str]:
    """Give publisher and title in each language that both are in, the publisher taken off the title's beginning."""
    for language, name in publisher.name.items():
        agency, text = _agency_key(name), title.get(language)
        if not agency or not text:
            continue
        words = name_key(undated(text) if text[-1].isdigit() else text)
        for before in (agency, _agency_key(publisher.source_name or "")):
            if before and words.startswith(before) and len(words) > len(before):
                words = words.removeprefix(before)
                break
        if words:
            yield f"{agency}/{words}"


_agency_key = lru_cache(maxsize=4096)(name_key)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a set of datasets (their ids), and why."""

    datasets: frozenset[str]
    reason: str


class Decisions(msgspec.Struct, frozen=True, kw_only=True):
    """Joins that are forced (`same`) and forbidden (`different`), whatever the keys say."""

    same: tuple[Decision, ...] = ()
    different: tuple[Decision, ...] = ()

    def forced(self, id: str) -> Mapping[str, str]:
        """Give the datasets that are the same as this one by decision, with the reason."""
        return {other: one.reason for one in self.same if id in one.datasets for other in one.datasets - {id}}

    def forbidden(self, id: str) -> frozenset[str]:
        """Give the datasets that must not be joined with this one."""
        apart: Iterable[frozenset[str]] = (one.datasets for one in self.different if id in one.datasets)
        return frozenset().union(*apart) - {id}

    def contradictions(self) -> Iterator[tuple[int, int, list[str]]]:
        """Give the places in `same` and in `different` that have two or more datasets in common, and those."""
        for nth, one in enumerate(self.same):
            for other_nth, other in enumerate(self.different):
                if len(both := one.datasets & other.datasets) > 1:
                    yield nth, other_nth, sorted(both)


UNDECIDED = Decisions()
