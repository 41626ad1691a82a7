"""The Korean public data portal (https://www.data.go.kr), listed from its own catalogue: one CSV of all agencies.

The catalogue is a data set of the portal; where its file is stands in ``/catalog/{its list key}/fileData.json``. The
file is fetched once for all sources of this machine and read as a stream; a source takes the rows of its agencies.
With a key the list API gives the same records (`harvester.protocols.odcloud_paging`).
Search pages are not asked: robots.txt names them. For every record the portal also has schema.org JSON
(``/catalog/{key}/fileData.json | openapi.json | standard.json``), DCAT (``/dcat/metadata/{key}``), and a web page
(``/data/{key}/fileData.do | openapi.do | standard.do | linkedData.do``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urljoin

import msgspec
from scrapy import Request
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Issue, Page, Part, Rejected
from harvester.crawl.downloads import SpooledResponse
from harvester.errors import PortalError
from harvester.options.datagokr import DataGoKrOptions
from harvester.protocols import odcloud_rows
from harvester.protocols.answers import as_utf8, unreadable
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.csv_rows import Row, Table, why_broken
from harvester.protocols.odcloud_paging import OdcloudListing

_LEADING = ("목록키", "목록유형")
_PAGES = {"FILE": "fileData", "API": "openapi", "STD": "standard", "LINKED": "linkedData"}
"""Type of a list entry → name of its page, and of its answer in schema.org JSON."""
_PAGE_IN_ADDRESS = re.compile(r"/(fileData|openapi|standard|linkedData)\.do")
_CONTENTS = re.compile(rb"""\bid\s*=\s*["']?contents["'\s>]""")
_FORMATS = {"schema_org": "datagokr_json", "rdf": "datagokr_rdf", "page": "datagokr_html"}


class _File(msgspec.Struct):
    contentUrl: str | None = None
    encodingFormat: str | None = None


class _Described(msgspec.Struct):
    name: str | None = None
    distribution: list[_File] | _File = []


class Columns(NamedTuple):
    """Where a catalogue has what the listing needs; spellings of headers differ between its issues."""

    organisation: int
    title: int
    modified: int
    address: int

    @classmethod
    def of(cls, header: list[str], url: str) -> Columns:
        """Find them; raises `PortalError` where the agency's column is missing (the others may be)."""
        plain = [re.sub(r"^목록\.|\s", "", name) for name in header]

        def column(*names: str) -> int:
            return next((plain.index(name) for name in names if name in plain), -1)

        organisation = column("제공기관", "기관명", "제공기관명")
        if organisation < 0:
            raise PortalError("layout changed", f"{url}: no column 제공기관 or 기관명 among {', '.join(header)}")
        return cls(organisation, column("목록명"), column("수정일"), column("URL", "목록URL"))


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """The cursor: content of the catalogue file and the next row of it."""

    content_hash: str
    row: int


class DataGoKrSpider(ProtocolSpider):
    """Lists the records of a source's agencies from the catalogue file."""

    format = "datagokr_csv"
    options: DataGoKrOptions
    _not_found: ClassVar[list[int]] = [404, 410]

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask where the catalogue's file is, or for a page of the list API."""
        if self.options.listing == "odcloud":
            yield from OdcloudListing(self, self.options, self._entry).listing(cursor)
            return
        url = f"{self.source.url}/catalog/{self.options.catalogue}/fileData.json"
        yield self.request(url, self._catalogue, cb_kwargs={"cursor": cursor})

    def _catalogue(self, response: Response, cursor: str | None) -> Iterator[Request | Page]:
        described = _description(response)
        files = described.distribution if isinstance(described.distribution, list) else [described.distribution]
        # The sort is stable: the first CSV, else the first file.
        files = sorted(files, key=lambda file: (file.encodingFormat or "").upper() != "CSV")
        address = next((file.contentUrl for file in files if file.contentUrl), None)
        if not address:
            raise PortalError(
                "layout changed", f"{response.url}: no distribution.contentUrl: where is the catalogue's file?"
            )
        place = msgspec.json.decode(cursor, type=_Place) if cursor else None
        yield self.download(
            urljoin(response.url, address),
            self._rows,
            content_hash=place.content_hash if place else None,
            cb_kwargs={"cursor": cursor},
        )

    def _rows(self, response: SpooledResponse, cursor: str | None) -> Iterator[Page]:
        """Pages of the selected rows. A file that is not the one of the cursor is read from its beginning."""
        place = msgspec.json.decode(cursor, type=_Place) if cursor else None
        resumed = place.row if place and place.content_hash == response.content_hash else 0
        table = Table(response.path, _LEADING, response.url)
        columns = Columns.of(table.header, response.url)
        selected = selection(self.options.organisations)
        records: list[HarvestRecord] = []
        rejected: list[Rejected] = []
        after, number, anew = cursor, -1, place is not None and not resumed
        for number, row in enumerate(table):
            if number < resumed or not _concerns(row, selected, columns, self.options.organisations):
                continue
            if len(records) + len(rejected) == self.options.page_rows:
                here = msgspec.json.encode(_Place(response.content_hash, number)).decode()
                yield Page(records=tuple(records), rejected=tuple(rejected), after=after, cursor=here, anew=anew)
                after, anew = here, False
                records.clear()
                rejected.clear()
            outcome = self._outcome(row, table.header, columns)
            if isinstance(outcome, HarvestRecord):
                records.append(outcome)
            else:
                rejected.append(outcome)
        yield Page(
            records=tuple(records),
            rejected=tuple(rejected),
            after=after,
            cursor=msgspec.json.encode(_Place(response.content_hash, number + 1)).decode(),
            end=True,
            anew=anew,
        )

    @classmethod
    def excerpt(cls, file: Path, url: str, identifiers: Set[str]) -> bytes | None:
        """The catalogue with the header and these rows, as they stand in it."""
        table = Table(file, _LEADING, url)
        rows = [row.raw for row in table if row.cells and row.cells[0].strip() in identifiers]
        return "\r\n".join([",".join(table.header), *rows, ""]).encode(table.encoding, "replace")

    def _outcome(self, row: Row, header: list[str], columns: Columns) -> HarvestRecord | Rejected:
        if row.cells is None:
            return _rejected(row, "broken-row", why_broken(len(header)))
        key = row.cells[0].strip()
        if not key:
            return _rejected(row, "no-identifier", "this row has no list key")
        address = _PAGE_IN_ADDRESS.search(row.cells[columns.address]) if columns.address >= 0 else None
        page = _PAGES.get(row.cells[1].strip().upper()) or (address[1] if address else None)
        return self._record(key, dict(zip(header, row.cells, strict=True)), page, _revision(row.cells, columns))

    def _entry(self, name: str, key: str, rows: Sequence[Any]) -> HarvestRecord | Rejected | None:
        """Rows of the list API that are one entry of its list `name`, in one object as the catalogue's rows are."""
        if not isinstance(rows[0], dict) or not key:
            return _rejected_text(
                msgspec.json.encode(rows).decode(), "no-identifier", "this row has no list key", "list_id"
            )
        organisation = rows[0].get("org_nm")
        if not selection(self.options.organisations)(str(organisation or "").strip()):
            return None
        if odcloud_rows.is_deleted(rows):
            return HarvestRecord(identifier=key, deleted=True)
        kind, page = odcloud_rows.KINDS[name]
        row = odcloud_rows.merged(rows)
        stated = (row.get("updated_at"), row.get("list_title"), organisation)
        # What the list and the portal's address say already; the rows have no address of the page.
        row = {"list_type": kind, "page_url": f"{self.source.url}/data/{key}/{page}.do", **row}
        return self._record(key, row, page, " · ".join(str(one) for one in stated if one))

    def _record(self, key: str, row: Mapping[str, Any], page: str | None, revision: str) -> HarvestRecord:
        details = self.options.details
        return HarvestRecord(
            identifier=key,
            parts=(Part(name="listing", format=self.format, payload=msgspec.json.encode(row)),),
            wanted=self._wanted(key, page) if details else {},
            revision=revision if details else None,
        )

    def _wanted(self, key: str, page: str | None) -> Mapping[str, str]:
        portal = self.source.url
        addresses = {"rdf": f"{portal}/dcat/metadata/{key}"}
        if page:
            addresses |= {"schema_org": f"{portal}/catalog/{key}/{page}.json", "page": f"{portal}/data/{key}/{page}.do"}
        return {name: addresses[name] for name in self.options.details if name in addresses}

    def detail_part(self, name: str, response: Response) -> Part:
        """Read a further part; a withdrawn list key answers a page that only says so in an alert."""
        body = as_utf8(response.body, None)
        beginning = body[:4096].lstrip()
        if name == "page":
            return self._page(response, body)
        if re.match(rb"<(!doctype\s+html|html|script)\b", beginning, re.I) and b"alert(" in body[:20_000]:
            raise PortalError("not found", f"{response.url}: the list key is withdrawn: a page with an alert came")
        if name == "rdf":
            if b"<rdf:RDF" not in body[:4096]:
                raise unreadable(beginning, "RDF/XML", response.url)
        elif not _description(response).name:
            raise PortalError("layout changed", f"{response.url}: no name in the schema.org answer")
        return Part(name=name, format=_FORMATS[name], payload=body)

    def _page(self, response: Response, body: bytes) -> Part:
        if _CONTENTS.search(body) is None:
            if b"alert(" in body and b"<form" not in body:  # a login page may have both
                raise PortalError(
                    "not found", f"{response.url}: withdrawn: a page without contents, with an alert, came"
                )
            raise unreadable(body[:4096], "the record's page", response.url)
        if b"file-meta-table-pc" not in body:
            raise PortalError("layout changed", f"{response.url}: no div.file-meta-table-pc in the page")
        # As browsers mark a page that they save: nothing in it says where it was.
        mark = f"<!-- saved from url=({len(response.url):04}){response.url} -->\n".encode()
        return Part(name="page", format=_FORMATS["page"], payload=mark + body)


def selection(organisations: Iterable[str]) -> Callable[[str], bool]:
    """Whether an agency's name is one of these: exactly, or by its beginning where a ``*`` ends the wish; none: all."""
    exact = {name.strip() for name in organisations if not name.endswith("*")}
    prefixes = tuple(name[:-1].strip() for name in organisations if name.endswith("*"))
    if not exact and not prefixes:
        return lambda name: True
    return lambda name: name in exact or name.startswith(prefixes)


def _concerns(row: Row, selected: Callable[[str], bool], columns: Columns, organisations: tuple[str, ...]) -> bool:
    """Whether a row is the source's; one whose cells cannot be told is, if an agency of the source is named in it."""
    if row.cells is not None:
        return selected(row.cells[columns.organisation].strip())
    return not organisations or any(name.rstrip("* ") in row.raw for name in organisations)


def _revision(cells: list[str], columns: Columns) -> str:
    """Text that changes when the further parts are worth asking for again: no counters, which move on every row."""
    stable = (columns.modified, columns.title, columns.organisation)
    return " · ".join(cells[column].strip() for column in stable if column >= 0)


def _description(response: Response) -> _Described:
    body = as_utf8(response.body, None)
    try:
        return msgspec.json.decode(body, type=_Described, strict=False)
    except msgspec.ValidationError as error:
        raise PortalError("layout changed", f"{response.url}: no schema.org description: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(body[:4096], "schema.org JSON", response.url, error) from None


def _rejected(row: Row, code: str, message: str) -> Rejected:
    return _rejected_text(row.raw, code, message, "목록키")


def _rejected_text(text: str, code: str, message: str, field: str) -> Rejected:
    issue = Issue(severity="error", code=code, message=message, field=field, value=text[:200])
    return Rejected(payload=text.encode(), format=DataGoKrSpider.format, issue=issue)
