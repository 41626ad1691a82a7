"""DCAT feeds: DCAT-US data.json, and DCAT in Turtle, RDF/XML or JSON-LD with Hydra paging.

data.json is read as a stream, so that memory does not depend on the feed. RDF has no order: an answer is held whole
while it is taken apart; portals with many datasets page their feeds (https://www.hydra-cg.com/spec/latest/core/).
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias
from urllib.parse import urljoin

import msgspec
from scrapy import Request

from harvester.catalog.model import HarvestRecord, Issue, Page, Part, Rejected
from harvester.crawl.downloads import SpooledResponse
from harvester.errors import PortalError
from harvester.mapping.rdf_closure import split_feed
from harvester.options.dcat import DcatOptions
from harvester.protocols.answers import as_utf8, declared_charset, unreadable
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.json_stream import Element, JsonStream

Form: TypeAlias = Literal["data_json", "json_ld", "turtle", "rdf_xml"]

_RDF_FORMAT = "dcat_rdf"
_PAGE = 500
_BEGINNING = 1 << 16
_TYPES: dict[str, Form] = {
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "application/n-triples": "turtle",
    "text/n3": "turtle",
    "text/rdf+n3": "turtle",
    "application/rdf+xml": "rdf_xml",
}
_XML = re.compile(rb"<(\?xml|!--|!doctype\s+(?!html)|[a-z][\w.-]*(:[\w.-]+)?[\s>])", re.I)
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|script)\b", re.I)
_MOST_VISITS = 100_000
_LARGEST_RDF = 1 << 26  # bytes; RDF is held in memory, as answers are that are not downloads (DOWNLOAD_MAXSIZE)


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """The cursor: which page of the feed, the content it had, and the next dataset in it."""

    url: str
    content_hash: str = ""
    row: int = 0

    def cursor(self) -> str:
        return msgspec.json.encode(self).decode()


class DcatSpider(ProtocolSpider):
    """Lists a DCAT feed at the source's address."""

    format = "data_json"
    options: DcatOptions

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._visited: set[str] = set()

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask for the feed, or for the page of it that the cursor names."""
        place = msgspec.json.decode(cursor, type=_Place) if cursor else _Place(self.source.url)
        yield self._ask(place, cursor)

    def _ask(self, place: _Place, cursor: str | None) -> Request:
        self._visited.add(place.url)
        known = {"place": place, "cursor": cursor}
        return self.download(place.url, self._read, content_hash=place.content_hash or None, cb_kwargs=known)

    def _read(self, response: SpooledResponse, place: _Place, cursor: str | None) -> Iterator[Request | Page]:
        # A feed that is not the one of the cursor is read from its beginning: rows of it mean something else now.
        resumed = place.row if place.content_hash == response.content_hash else 0
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        # Asked for a named format too: it tells a login page or a stated error from a feed that breaks off.
        form = form_of(response.path, content_type, response.url)
        if self.options.format != "auto":
            form = self.options.format
        if form == "data_json":
            outcomes: Iterator[HarvestRecord | Rejected] = _data_json(response.path, content_type, response.url)
            following, total = None, None
        else:
            if (size := response.path.stat().st_size) > _LARGEST_RDF:
                message = f"{response.url}: a page of {size:,} bytes of RDF; more than {_LARGEST_RDF:,} are not held"
                raise PortalError("limit", message)
            try:
                body = response.path.read_bytes()
                if form != "rdf_xml":  # XML says itself how it is written
                    body = as_utf8(body, declared_charset(content_type))
                feed = split_feed(body, form, response.url)
            except (ValueError, RecursionError) as error:
                raise unreadable(_beginning(response.path), f"DCAT as {form}", response.url, error) from None
            outcomes = itertools.chain(_rdf_records(feed), _rdf_problems(feed.problems, response.url))
            following = self._following(feed.next_page, response.url)
            total = feed.declared_total
        read = resumed
        after = cursor
        # Of a page of RDF that is not the feed's first, only the page is read again.
        anew = cursor is not None and not resumed and place.url == self.source.url
        rest = itertools.islice(outcomes, resumed, None)
        while True:
            chunk = list(itertools.islice(rest, _PAGE))
            read += len(chunk)
            last = len(chunk) < _PAGE
            place = _Place(following) if last and following else _Place(place.url, response.content_hash, read)
            page = Page(
                records=tuple(outcome for outcome in chunk if isinstance(outcome, HarvestRecord)),
                rejected=tuple(outcome for outcome in chunk if isinstance(outcome, Rejected)),
                after=after,
                cursor=place.cursor(),
                end=last and following is None,
                declared_total=total,
                anew=anew,
            )
            after, anew = page.cursor, False
            yield page
            if last:
                break
        if following:
            yield self._ask(place, after)

    @classmethod
    def excerpt(cls, file: Path, url: str, identifiers: Set[str]) -> bytes | None:
        """A data.json with these datasets; RDF is not taken apart and put together again."""
        if form_of(file, "", url) != "data_json":
            return None
        records = (one for one in _data_json(file, "", url) if isinstance(one, HarvestRecord))
        datasets = [msgspec.Raw(one.parts[0].payload) for one in records if one.identifier in identifiers]
        return msgspec.json.encode({"dataset": datasets})

    def _following(self, next_page: str | None, url: str) -> str | None:
        """Address of the next page of the feed. Raises `PortalError` for a page that was there before."""
        if next_page is None:
            return None
        address = urljoin(url, next_page)
        if not address.startswith(("http://", "https://")):
            raise PortalError("layout changed", f"{url}: the next page is no web address: {address[:200]}")
        if address in self._visited or len(self._visited) > _MOST_VISITS:
            raise PortalError("endless paging", f"{url}: the next page is {address}, which was read before")
        return address


def form_of(path: Path, content_type: str, url: str) -> Form:
    """Which of the forms a feed has: by Content-Type where the first bytes do not contradict it, else by these.

    Raises `PortalError` for a web page, an empty body, or JSON that is no feed.
    """
    beginning = _beginning(path)
    text = beginning.lstrip(codecs.BOM_UTF8).lstrip()
    if not text or _HTML.match(text):
        raise unreadable(beginning, "a DCAT feed", url)
    declared = _TYPES.get(content_type.partition(";")[0].strip().lower())
    if declared == "turtle" or (declared == "rdf_xml" and text[:1] == b"<"):
        return declared
    if text[:1] in {b"{", b"["} or beginning[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return _json_form(path, content_type, url)
    return "rdf_xml" if _XML.match(text) else "turtle"


def _json_form(path: Path, content_type: str, url: str) -> Form:
    with _text(path, content_type) as file:
        try:
            return _json_form_of(JsonStream(file), url)
        except ValueError as error:
            raise unreadable(_beginning(path), "JSON", url, error) from None


def _json_form_of(stream: JsonStream, url: str) -> Form:
    if stream.next_mark() == "[":
        first = next(stream.elements(), None)
        keys = set(first.value) if first and isinstance(first.value, dict) else set()
        linked = any(key in {"@id", "@graph"} or key.startswith("http") for key in keys)
        return "json_ld" if linked else "data_json"
    keys = set()
    for key in stream.entries():
        keys.add(key)
        if key == "dataset" and stream.next_mark() == "[":
            return "data_json"
        if key == "@graph" or key.endswith((":dataset", "#dataset")):
            return "json_ld"
        stream.value()
    if {"@context", "@id"} & keys:
        return "json_ld"
    if {"error", "errors", "success"} & keys:
        raise PortalError("error inside 200", f"{url}: the portal says that it failed, with {', '.join(sorted(keys))}")
    names = ", ".join(sorted(keys))[:200]
    raise PortalError("layout changed", f"{url}: no list `dataset` and nothing of JSON-LD among {names}")


def _data_json(path: Path, content_type: str, url: str) -> Iterator[HarvestRecord | Rejected]:
    with _text(path, content_type) as file:
        stream = JsonStream(file)
        try:
            if stream.next_mark() != "[":
                _go_to_datasets(stream, url)
            for dataset in stream.elements():
                yield _data_json_record(dataset)
        except ValueError as error:
            raise PortalError("unreadable answer", f"{url}: the feed breaks off or is no JSON: {error}") from None


def _go_to_datasets(stream: JsonStream, url: str) -> None:
    for key in stream.entries():
        if key == "dataset" and stream.next_mark() == "[":
            return
        stream.value()
    raise PortalError("layout changed", f"{url}: no list `dataset` in this data.json")


def _data_json_record(element: Element) -> HarvestRecord | Rejected:
    # Bytes that are no text stay: this dataset is rejected with them, and keeps what is known of it.
    dataset, payload = element.value, element.text.encode("utf-8", "surrogateescape")
    if element.too_deep:
        return _rejected(payload, "data_json", "nested-too-deeply", "lists and objects are nested a thousand deep")
    if not isinstance(dataset, dict):
        return _rejected(payload, "data_json", "not-a-dataset", "this element of the feed is no object")
    identifier = _identifier(dataset.get("identifier"))
    if not identifier:
        return _rejected(payload, "data_json", "no-identifier", "this dataset has no identifier")
    identifier = identifier.encode("utf-8", "replace").decode()
    return HarvestRecord(identifier=identifier, parts=(Part(name="listing", format="data_json", payload=payload),))


def _identifier(value: Any) -> str | None:
    """Write an identifier as text; DCAT-US 3 writes objects, and lists of them."""
    match value:
        case str():
            return value.strip() or None
        case bool() | None:
            return None
        case int() | float():
            return str(value)
        case dict():
            return next(
                (found for key in ("@id", "@value", "notation") if (found := _identifier(value.get(key)))), None
            )
        case [first, *_]:
            return _identifier(first)
    return None


def _rdf_records(feed: Iterable[tuple[str, bytes]]) -> Iterator[HarvestRecord]:
    for identifier, triples in feed:
        part = Part(name="listing", format=_RDF_FORMAT, payload=triples)
        yield HarvestRecord(identifier=identifier, parts=(part,))


def _rdf_problems(problems: tuple[str, ...], url: str) -> Iterator[Rejected]:
    """Statements that a parser had to leave out: they belong to no dataset that can be named, but must be seen."""
    if problems:
        message = f"{url}: {len(problems)} statements cannot be read; the first: {problems[0]}"
        yield _rejected("\n".join(problems).encode(), _RDF_FORMAT, "unreadable-statements", message)


def _rejected(payload: bytes, metadata_format: str, code: str, message: str) -> Rejected:
    value = payload[:200].decode("utf-8", "replace")
    issue = Issue(severity="error", code=code, message=message, field="identifier", value=value)
    return Rejected(payload=payload, format=metadata_format, issue=issue)


def _text(path: Path, content_type: str) -> TextIO:
    """Open the file as text: by its byte order mark, else as UTF-8 if it is that, else as Content-Type says."""
    beginning = _beginning(path)
    encoding = "utf-8-sig"
    if beginning[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        encoding = "utf-16"
    elif (charset := declared_charset(content_type)) and charset != "utf-8" and not _is_utf8(beginning):
        encoding = charset
    return path.open(encoding=encoding, errors="surrogateescape", newline="")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_BEGINNING)


def _is_utf8(beginning: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return False
    return True
