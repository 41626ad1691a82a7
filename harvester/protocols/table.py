"""A catalogue that is one file: CSV or a workbook, fetched once for all sources of this machine, read row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from scrapy import Request

from harvester.catalog.model import HarvestRecord, Issue, Page, Part, Rejected
from harvester.crawl.downloads import SpooledResponse
from harvester.options.table import TableOptions
from harvester.protocols.answers import declared_charset
from harvester.protocols.base import ProtocolSpider
from harvester.protocols.csv_rows import Row, why_broken
from harvester.protocols.tables import TableFile, plain


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """The cursor: content of the file and the next row of it."""

    content_hash: str
    row: int


class TableSpider(ProtocolSpider):
    """Lists the rows of a file."""

    format = "table_row"
    options: TableOptions

    def listing(self, cursor: str | None) -> Iterable[Request | Page]:
        """Ask for the file; from a cursor, for the content that it speaks of."""
        place = msgspec.json.decode(cursor, type=_Place) if cursor else None
        path = self.options.path
        url = f"{self.source.url}/{path.lstrip('/')}" if path else self.source.url
        yield self.download(
            url, self._read, content_hash=place.content_hash if place else None, cb_kwargs={"cursor": cursor}
        )

    def _read(self, response: SpooledResponse, cursor: str | None) -> Iterator[Page]:
        place = msgspec.json.decode(cursor, type=_Place) if cursor else None
        # A file that is not the one of the cursor is read from its beginning: rows of it mean something else now.
        resumed = place.row if place and place.content_hash == response.content_hash else 0
        options = self.options
        table = TableFile(
            response.path,
            [*([one] for one in options.identifier), *options.columns.values()],
            response.url,
            sheet=options.sheet,
            encoding=options.encoding,
            declared=declared_charset((response.headers.get("Content-Type") or b"").decode("latin-1")),
        )
        outcomes: list[HarvestRecord | Rejected] = []
        after, number = cursor, -1
        for number, row in enumerate(table):
            if number < resumed:
                continue
            if len(outcomes) == options.page_rows:
                here = _Place(response.content_hash, number)
                yield _page(outcomes, after, here)
                after = msgspec.json.encode(here).decode()
                outcomes = []
            outcomes.append(self._outcome(row, table.header))
        yield _page(outcomes, after, _Place(response.content_hash, number + 1), end=True)

    def _outcome(self, row: Row, header: list[str]) -> HarvestRecord | Rejected:
        if row.cells is None:
            return _rejected(row, "broken-row", why_broken(len(header)))
        cells = dict(zip(header, row.cells, strict=True))
        named = [cells[plain(column)].strip() for column in self.options.identifier]
        if not any(named):
            return _rejected(row, "no-identifier", f"nothing in {', '.join(self.options.identifier)}")
        kept = {name: cell for name, cell in cells.items() if cell or not name.startswith("column ")}
        part = Part(name="listing", format=self.format, payload=msgspec.json.encode(kept))
        return HarvestRecord(identifier=_joined(named), parts=(part,))


def _joined(named: list[str]) -> str:
    """One identifier of several columns; a slash within one must not make it another's."""
    return named[0] if len(named) == 1 else "/".join(one.replace("%", "%25").replace("/", "%2F") for one in named)


def _rejected(row: Row, code: str, message: str) -> Rejected:
    issue = Issue(severity="error", code=code, message=message, field="row", value=row.raw[:200])
    return Rejected(payload=row.raw.encode("utf-8", "replace"), format=TableSpider.format, issue=issue)


def _page(outcomes: list[HarvestRecord | Rejected], after: str | None, place: _Place, *, end: bool = False) -> Page:
    return Page(
        records=tuple(one for one in outcomes if isinstance(one, HarvestRecord)),
        rejected=tuple(one for one in outcomes if isinstance(one, Rejected)),
        after=after,
        cursor=msgspec.json.encode(place).decode(),
        end=end,
    )
