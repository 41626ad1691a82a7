"""What an OAI-PMH repository answers, read as a stream of records; well-formed or not, hostile or not.

Most answers are well-formed and are read so. Of the others a few slips are mended (a bare ``&``, entities of HTML);
what is broken beyond that is cut at its records, so that one bad record costs itself and not its page. An answer that
breaks off is no answer: its end would look like the end of the listing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any, NamedTuple

from lxml import etree
from scrapy.http import Response

from harvester.errors import PortalError
from harvester.mapping import safe_xml
from harvester.protocols.answers import as_utf8, declared_charset, unreadable

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"

_CHUNK = 1 << 16
_LARGEST_PIECE = 1 << 23
"""Bytes between two records that are held as a tree, which takes thirty times as much memory."""
_LONGEST_TOKEN = 8_192
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)(?:([A-Za-z][A-Za-z0-9]{1,30});)?")
_ROOT = re.compile(r"<(?:[\w.-]+:)?OAI-PMH\b[^<>]*>")
_CLOSED = re.compile(r"</(?:[\w.-]+:)?OAI-PMH\s*>\s*\Z")
_RECORD = re.compile(r"<(?:[\w.-]+:)?record\b[^<>]*>\s*<(?:[\w.-]+:)?header\b")
_AFTER_RECORDS = re.compile(r"<(?:[\w.-]+:)?resumptionToken\b|</(?:[\w.-]+:)?(?:ListRecords|GetRecord)\s*>")
_VERBS = ("ListRecords", "GetRecord", "ListIdentifiers", "Identify", "ListMetadataFormats", "ListSets")


class OaiError(PortalError):
    """An error that a repository states: `code` is OAI-PMH's, or a status of HTTP. It ends the listing where there is
    no way on.
    """

    def __init__(self, code: str, message: str, reason: str = "error inside 200") -> None:
        super().__init__(reason, message)
        self.code = code


class Entry(NamedTuple):
    """One record (or header) of an answer.

    `payload` is the whole ``<record>`` in UTF-8, with the namespaces that it stands in, `root` the expanded name of
    what is in its ``<metadata>`` (empty: nothing is), `rdf` that as XML where it is RDF, `header` the header in a line.
    """

    identifier: str | None
    deleted: bool
    payload: bytes
    root: str = ""
    rdf: bytes = b""
    header: bytes = b""


class Token(NamedTuple):
    """A resumption token; an empty `value` says that the list ends here. `expires` is as written."""

    value: str
    total: int | None
    expires: str | None


class Answer:
    """An answer: its records in order, and all the rest of it as a tree."""

    def __init__(self, root: etree._Element, records: list[Entry]) -> None:
        self._root = root
        self.records = records

    def headers(self) -> list[Entry]:
        """Headers of ``ListIdentifiers``."""
        return [_entry_of_header(one, one) for one in self._named("header")]

    def text(self, name: str) -> str | None:
        """Text of the first element of this name."""
        return next((found for one in self._named(name) if (found := _text(one))), None)

    def texts(self, name: str) -> list[str]:
        """Texts of all elements of this name."""
        return [found for one in self._named(name) if (found := _text(one))]

    def token(self) -> Token | None:
        """Resumption token, None where the answer has none."""
        found = next(self._named("resumptionToken"), None)
        if found is None:
            return None
        size = (found.get("completeListSize") or "").strip()
        # Fifteen digits: what no list can hold is no count.
        total = int(size) if size.isascii() and size.isdigit() and len(size) <= 15 else None
        return Token(_text(found) or "", total, found.get("expirationDate"))

    def has(self, *verbs: str) -> bool:
        """Whether it is the answer to one of these verbs."""
        return any(True for verb in verbs for _ in self._named(verb))

    def _named(self, name: str) -> Iterator[etree._Element]:
        return self._root.iter(f"{{*}}{name}")


def read(response: Response) -> Answer:
    """Read an answer. Raises `OaiError` for an error that it states, `PortalError` for what is no answer of OAI-PMH."""
    try:
        return _read(response)
    except OaiError:
        raise
    except PortalError:
        if 200 <= response.status < 300:
            raise
    reason = "not found" if response.status in {404, 410} else "unreadable answer"
    message = f"{response.url}: answered {response.status}: {response.body[:120]!r}"
    raise OaiError(str(response.status), message, reason)


def _read(response: Response) -> Answer:
    content = _content(response)
    try:
        root, records = _strictly(content)
    except ValueError:
        mended = _AMPERSAND.sub(_mended, content)
        try:
            root, records = _strictly(mended)
        except ValueError as error:
            root, records = _piecemeal(mended, response, error)
    answer = Answer(root, records)
    if _local(root) != "OAI-PMH":
        message = f"{response.url}: an answer of OAI-PMH was due, XML with the root <{_local(root)[:80]}> came"
        raise PortalError("layout changed", message)
    stated = next(root.iterchildren("{*}error"), None)
    if stated is not None:
        code = stated.get("code") or "no code"
        said = (_text(stated) or "no reason given")[:300]
        raise OaiError(code, f"{response.url}: the repository says {code}: {said}")
    if not answer.has(*_VERBS):
        raise PortalError("layout changed", f"{response.url}: an answer of OAI-PMH with nothing in it")
    token = answer.token()
    if token and len(token.value) > _LONGEST_TOKEN:
        message = f"{response.url}: a resumption token of {len(token.value):,} characters; it grows with every page"
        raise PortalError("endless paging", message)
    return answer


def _content(response: Response) -> str:
    beginning = response.body[:4096]
    text = beginning.lstrip(b"\xef\xbb\xbf").lstrip()
    if text[:1] in {b"{", b"["}:
        raise PortalError("layout changed", f"{response.url}: OAI-PMH was due, JSON came: {text[:120]!r}")
    body = response.body
    if b"encoding" not in beginning.partition(b"?>")[0]:
        body = as_utf8(body, declared_charset((response.headers.get("Content-Type") or b"").decode("latin-1")))
    content = safe_xml.decode(body)
    shown = content[:4096].lstrip()
    if not shown.startswith("<") or re.match(r"<(!doctype\s+html|html|head|body|script)\b", shown, re.I):
        raise unreadable(beginning, "an answer of OAI-PMH", response.url)
    if safe_xml.has_dtd(content):
        fault = "the XML carries a document type declaration, which is refused"
        raise unreadable(beginning, "an answer of OAI-PMH", response.url, fault)
    return content


def _strictly(content: str) -> tuple[etree._Element, list[Entry]]:
    """Read well-formed XML, a piece at a time, and let go of every record that was read. Raises ValueError."""
    parser = etree.XMLPullParser(
        events=("end",),
        tag="{*}record",
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    records: list[Entry] = []
    held = 0
    try:
        for start in range(0, len(content), _CHUNK):
            chunk = content[start : start + _CHUNK].encode("utf-8", "replace")
            held += len(chunk)
            parser.feed(chunk)
            ended: Iterator[tuple[str, Any]] = parser.read_events()  # only elements end
            for _, element in ended:
                parent = element.getparent()
                if parent is None or _local(parent) not in {"ListRecords", "GetRecord"}:
                    continue  # a format has records of its own (MARC)
                records.append(_entry(element))
                element.clear(keep_tail=False)
                while element.getprevious() is not None:
                    del parent[0]
                held = len(chunk)
            if held > _LARGEST_PIECE:
                raise ValueError(f"more than {_LARGEST_PIECE:,} bytes without an end of a record")
        return parser.close(), records
    except etree.XMLSyntaxError as error:
        raise ValueError(f"the XML is not well-formed: {error}") from error


def _mended(found: re.Match[str]) -> str:
    """Write an entity of HTML as the character that it is; a bare ``&`` is text."""
    name = found[1]
    known = html5.get(f"{name};") if name else None
    return known if known and not set(known) & set("&<>") else f"&amp;{name};" if name else "&amp;"


def _piecemeal(content: str, response: Response, fault: ValueError) -> tuple[etree._Element, list[Entry]]:
    """Read an ill-formed answer record by record. Raises `PortalError` where it is none, or not all of one."""
    opening, starts = _ROOT.search(content), [found.start() for found in _RECORD.finditer(content)]
    if not opening or not starts or not _CLOSED.search(content[-200:]):
        raise unreadable(response.body[:4096], "an answer of OAI-PMH", response.url, fault)
    last = _AFTER_RECORDS.search(content, starts[-1])
    end = last.start() if last else len(content)
    skeleton = content[: starts[0]] + content[end:]
    if len(skeleton) > _LARGEST_PIECE:
        raise unreadable(response.body[:4096], "an answer of OAI-PMH", response.url, fault)
    try:
        root = safe_xml.parse(skeleton, recover=True)
    except ValueError as error:
        raise unreadable(response.body[:4096], "an answer of OAI-PMH", response.url, error) from None
    if root is None:
        raise unreadable(response.body[:4096], "an answer of OAI-PMH", response.url, fault)
    bounds = zip(starts, [*starts[1:], end], strict=True)
    return root, [_recovered(opening[0], content[start:stop]) for start, stop in bounds]


def _recovered(opening: str, piece: str) -> Entry:
    nothing = Entry(None, False, piece.encode("utf-8", "replace"))
    if len(piece) > _LARGEST_PIECE:
        return nothing
    try:
        root = safe_xml.parse(opening + piece, recover=True)
    except ValueError:
        return nothing
    found = next(root.iterchildren("{*}record"), None) if root is not None else None
    return nothing if found is None else _entry(found)


def _entry(record: etree._Element) -> Entry:
    header = next(record.iterchildren("{*}header"), None)
    return _entry_of_header(record, header)


def _entry_of_header(element: etree._Element, header: etree._Element | None) -> Entry:
    payload = _xml(element)
    if header is None:
        return Entry(None, False, payload)
    identifier = next((found for one in header.iterchildren("{*}identifier") if (found := _text(one))), None)
    metadata = next((one for part in element.iterchildren("{*}metadata") for one in part.iterchildren("*")), None)
    return Entry(
        identifier,
        (header.get("status") or "").strip().lower() == "deleted",
        payload,
        str(metadata.tag) if metadata is not None else "",
        _xml(metadata) if metadata is not None and metadata.tag == RDF else b"",
        b" ".join(_xml(header).split()),
    )


def _xml(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="utf-8", with_tail=False)


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: etree._Element) -> str | None:
    return "".join(map(str, element.itertext())).strip() or None
