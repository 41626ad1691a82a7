"""A table with one header, wherever it begins: rows of a CSV file or of a workbook, read as a stream.

The header is the first row that has all the columns that must be there: catalogues often have a title above it.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from harvester.errors import PortalError
from harvester.protocols.answers import unreadable
from harvester.protocols.csv_rows import LONGEST_ROW, Row, cells_of, encoding_of, lines_of
from harvester.protocols.spreadsheet import rows_of_workbook, sheets_of_workbook

_ABOVE_HEADER = 50
_BLOCK = 1 << 18  # bytes read to tell what a file is
_DELIMITERS = ",;\t|"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class Shape(NamedTuple):
    """How many cells a row has: as many as the header, or at least those with a name."""

    width: int
    named: int

    def fitted(self, cells: list[str]) -> list[str] | None:
        """Cells of a row as wide as the header; None where named ones are missing, or something stands beyond."""
        if len(cells) < self.named or any(cell.strip() for cell in cells[self.width :]):
            return None
        return cells[: self.width] + [""] * (self.width - len(cells))


class TableFile:
    """A file with a table that has the columns `needed` (each one of several names). Iterating gives its rows.

    `header` are the names of its columns, each once; a column without a name is called after its place. Raises
    `PortalError` at once for a file that is none or has no such header, and while iterating for one that breaks off.
    """

    def __init__(
        self,
        path: Path,
        needed: Sequence[Sequence[str]],
        url: str,
        *,
        sheet: str = "",
        encoding: str = "",
        declared: str | None = None,
    ) -> None:
        self._path, self._url, self._sheet = path, url, sheet
        with path.open("rb") as file:
            beginning = file.read(_BLOCK)
        self._workbook = beginning.startswith((_ZIP, _OLE))
        if not self._workbook:
            _refuse_other(beginning, url)
            self._encoding = encoding or _encoding(beginning, declared, url)
            self._delimiter = _delimiter(beginning.decode(self._encoding, "replace"), needed)
        self.header, self._before, self._shape = self._find_header(needed)

    def __iter__(self) -> Iterator[Row]:
        """Rows below the header, in the order of the file; blank ones are none."""
        with closing(self._rows(self._shape)) as rows:
            for row in itertools.islice(rows, self._before, None):
                if row.cells is None or any(cell.strip() for cell in row.cells):
                    yield row

    def _rows(self, shape: Shape | None) -> Generator[Row, None, None]:
        if not self._workbook:
            return _csv_rows(self._path, self._encoding, self._delimiter, shape, self._before)
        return (Row(cells, "\t".join(cells)) for cells in rows_of_workbook(self._path, self._sheet, self._url))

    def _find_header(self, needed: Sequence[Sequence[str]]) -> tuple[list[str], int, Shape]:
        """Header, how many rows it and what stands above it take, and the shape of the rows below."""
        wanted = [{plain(name) for name in names} for names in needed]
        fullest: list[str] = []
        self._before = 0
        for sheet in [self._sheet] if self._sheet or not self._workbook else sheets_of_workbook(self._path, self._url):
            self._sheet = sheet
            with closing(self._rows(None)) as rows:
                for number, row in enumerate(itertools.islice(rows, _ABOVE_HEADER), 1):
                    names = [plain(cell) for cell in row.cells or ()]
                    if all(columns & set(names) for columns in wanted):
                        named = max(place for place, name in enumerate(names, 1) if name)
                        return _unique(names), number, Shape(len(names), named)
                    fullest = max(fullest, [name for name in names if name], key=len)
        raise PortalError("layout changed", f"{self._url}: {_missing(needed, fullest)}")


def _missing(needed: Sequence[Sequence[str]], fullest: list[str]) -> str:
    absent = [names[0] for names in needed if not {plain(name) for name in names} & set(fullest)]
    near = difflib.get_close_matches(plain(absent[0]), fullest, n=1) if absent else []
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return (
        f"no header with {', '.join(absent) or 'these columns together'} in the first {_ABOVE_HEADER} rows{hint} "
        f"The fullest row there has: {', '.join(fullest)[:500] or 'nothing'}"
    )


def plain(name: str) -> str:
    """Name of a column without the blanks and line breaks that are only layout."""
    return " ".join(name.replace("\ufeff", "").split())


def _unique(names: list[str]) -> list[str]:
    found: list[str] = []
    for place, name in enumerate(names, 1):
        name = name or f"column {place}"
        repeated = sum(1 for other in found if other == name or other.startswith(f"{name} ("))
        found.append(f"{name} ({repeated + 1})" if repeated else name)
    return found


def _refuse_other(beginning: bytes, url: str) -> None:
    text = beginning.lstrip(codecs.BOM_UTF8).lstrip()
    if text[:1] in {b"", b"<"}:
        raise unreadable(beginning, "a table", url)
    if text[:1] in {b"{", b"["}:
        raise PortalError("error inside 200", f"{url}: a table was due, the portal says {text[:200]!r}")
    if b"\0" in beginning[:512] and beginning[:2] not in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        raise unreadable(beginning, "a table", url, "neither text nor a workbook")


def _encoding(beginning: bytes, declared: str | None, url: str) -> str:
    try:
        return encoding_of(beginning, url)
    except PortalError:
        if declared is None:
            raise
    try:
        return codecs.lookup(declared).name
    except LookupError:
        raise PortalError("unreadable answer", f"{url}: an encoding that nobody knows: {declared[:40]}") from None


def _delimiter(text: str, needed: Sequence[Sequence[str]]) -> str:
    """The delimiter by which some line near the beginning has the most of the needed columns, or else most cells."""
    lines = text.splitlines()[:_ABOVE_HEADER]
    wanted = {plain(name) for names in needed for name in names}

    def score(delimiter: str) -> tuple[int, int]:
        cells = [[plain(cell) for cell in next(_reader([line[:LONGEST_ROW]], delimiter), [])] for line in lines]
        return max((len(wanted.intersection(row)) for row in cells), default=0), max(map(len, cells), default=0)

    return max(_DELIMITERS, key=score)


def _reader(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter, strict=strict)
    except csv.Error:
        return


def _csv_rows(
    path: Path, encoding: str, delimiter: str, shape: Shape | None, before: int
) -> Generator[Row, None, None]:
    """Rows of a CSV file; with a `shape` those below the first `before` that do not fit it are looked at again.

    A quotation mark that is never closed would make the rest of the file one cell: where a row gets too long, its
    first line alone is given up.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = _Lines(lines_of(file))
        number = 0
        while block := lines.block():
            number += 1
            raw = "".join(block).rstrip("\r\n")
            if shape is None or number <= before:
                yield Row(next(_reader(block, delimiter), []), raw)
            elif raw.strip():
                row, used = _best(block, shape, delimiter)
                lines.put_back(block[used:])
                yield row


def _best(block: list[str], shape: Shape, delimiter: str) -> tuple[Row, int]:
    """The row that a block is, or that its first line is; else the block as text that is none. And the lines used."""
    raw = "".join(block).rstrip("\r\n")
    if (cells := _cells(raw, shape, delimiter)) is not None:
        return Row(cells, raw), len(block)
    if len(block) > 1:
        first = block[0].rstrip("\r\n")
        cells = _cells(first, shape, delimiter)
        complete = sum(line.count('"') for line in block) % 2 == 0
        if cells is not None or not complete:
            return (Row.broken(first) if cells is None else Row(cells, first)), 1
    return Row.broken(raw), len(block)


def _cells(raw: str, shape: Shape, delimiter: str) -> list[str] | None:
    if len(raw) >= LONGEST_ROW:
        return None
    if '"' not in raw and "\n" not in raw:
        return shape.fitted(raw.split(delimiter))
    fitted = shape.fitted(next(_reader([raw], delimiter, strict=True), []))
    if fitted is None and '"' in raw:
        loose = cells_of(raw, shape.width, delimiter)
        fitted = shape.fitted(loose) if loose else None
    return fitted


class _Lines:
    """Lines of a text, in blocks that end where quotation marks are even: a line, nearly always."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._back: deque[str] = deque()

    def put_back(self, lines: Sequence[str]) -> None:
        """Have these lines come again."""
        self._back.extendleft(reversed(lines))

    def block(self) -> list[str]:
        """Next block; empty at the end."""
        block: list[str] = []
        length, odd = 0, False
        while line := self._next():
            block.append(line)
            length += len(line)
            odd ^= bool(line.count('"') % 2)
            if not odd or length > LONGEST_ROW:
                break
        return block

    def _next(self) -> str:
        return self._back.popleft() if self._back else next(self._lines, "")
