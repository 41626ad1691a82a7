"""Rows of a catalogue file in CSV, read as a stream: encodings told from the file, broken quoting survived.

A row that is wrong costs itself and nothing else: every row of data.go.kr's catalogue begins with its list key and
type, so the next row is found even where a quotation mark was never closed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from harvester.errors import PortalError
from harvester.protocols.answers import unreadable

# A list key and a type; one of the two may be missing.
_BEGINNING = re.compile(r'(?:"?\d{5,10}"?,"?[A-Z]*|,"?[A-Z]{2,10})"?,')
_LINES_BEFORE_HEADER = 10
LONGEST_ROW = 1 << 20  # characters; the longest recorded row has 4 thousand
_KEPT = 1 << 16  # characters of what is no row: enough to tell what it is
_BLOCK = 1 << 18  # bytes read to tell the encoding


class Row(NamedTuple):
    """One row: its cells, or None where they cannot be told; `raw` is its text in the file."""

    cells: list[str] | None
    raw: str

    @classmethod
    def broken(cls, raw: str) -> Row:
        """Text that is no row, or longer than any."""
        return cls(None, raw[:_KEPT])


def lines_of(file: io.TextIOBase) -> Iterator[str]:
    """Lines of a file; of one that is longer than any row only the beginning, in `LONGEST_ROW` characters."""
    while line := file.readline(LONGEST_ROW):
        yield line
        while len(line) == LONGEST_ROW and not line.endswith(("\n", "\r")):
            line = file.readline(LONGEST_ROW)


def why_broken(width: int) -> str:
    """What is wrong with a row that has no cells, where the header has so many."""
    return f"this row does not give the {width} cells of the header, or is longer than {LONGEST_ROW:,} characters"


class Table:
    """A CSV file whose header begins with the columns `leading`. Iterating gives the rows below the header.

    Raises `PortalError` at once when the file is no such table: a web page, a JSON error, another header.
    """

    def __init__(self, path: Path, leading: Sequence[str], url: str) -> None:
        self.path = path
        with path.open("rb") as file:
            beginning = file.read(_BLOCK)
        text = beginning.lstrip(b"\xef\xbb\xbf").lstrip()
        if text[:1] in {b"", b"<"}:
            raise unreadable(beginning, "the catalogue as CSV", url)
        if text[:1] in {b"{", b"["}:
            shown = text[:200].decode("utf-8", "replace")
            raise PortalError("error inside 200", f"{url}: the catalogue as CSV was due, the portal says {shown}")
        self.encoding = encoding_of(beginning, url)
        self.header, self._before = self._find_header(list(leading), url)

    def __iter__(self) -> Iterator[Row]:
        """Rows in the order of the file; blank lines are none."""
        width = len(self.header)
        with self._open() as file:
            lines = lines_of(file)
            for _ in range(self._before):
                next(lines, None)
            for raw in _blocks(lines):
                # Most rows by far have no quotation mark, and splitting is five times as fast as a CSV reader.
                plain = '"' not in raw and "\n" not in raw and len(raw) < LONGEST_ROW
                cells = raw.split(",") if plain else cells_of(raw, width)
                if cells is not None and len(cells) == width:
                    yield Row(cells, raw)
                else:
                    yield from _apart(raw, width)

    def _open(self) -> io.TextIOWrapper:
        return self.path.open(encoding=self.encoding, errors="replace", newline="")

    def _find_header(self, leading: list[str], url: str) -> tuple[list[str], int]:
        """Header, and how many lines it and what stands above it take: some issues have a title above."""
        with self._open() as lines:
            for number in range(1, _LINES_BEFORE_HEADER + 1):
                line = lines.readline(LONGEST_ROW)
                header = [cell.strip() for cell in next(csv.reader([line]), [])]
                if header[: len(leading)] == leading:
                    return header, number
        raise PortalError("layout changed", f"{url}: no header that begins with {', '.join(leading)} in the catalogue")


def encoding_of(beginning: bytes, url: str) -> str:
    """UTF-8 (with or without BOM), UTF-16 with BOM or CP949, whichever the first lines are. Raises `PortalError`."""
    if beginning[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    lines = beginning[: beginning.rfind(b"\n") + 1] or beginning
    for encoding in ("utf-8-sig", "cp949"):
        try:
            lines.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    # A stray byte somewhere must not cost the whole catalogue: the header decides.
    header = lines.partition(b"\n")[0]
    for encoding in ("utf-8-sig", "cp949"):
        try:
            header.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise PortalError(
        "unreadable answer", f"{url}: the catalogue is neither UTF-8 nor CP949; it begins {beginning[:40]!r}"
    )


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    """Texts of the rows: a line that begins like a row starts one, every other line goes on with the row before."""
    held: list[str] = []
    length = 0
    for line in lines:
        if held and (_BEGINNING.match(line) or length > LONGEST_ROW):
            yield "".join(held).rstrip("\r\n")
            held.clear()
            length = 0
        if held or line.strip():
            held.append(line)
            length += len(line)
    if held:
        yield "".join(held).rstrip("\r\n")


def _apart(raw: str, width: int) -> Iterator[Row]:
    """Text that is no row: the row that its first lines are, if they are one, and the rest, which is none."""
    lines = raw.splitlines(keepends=True)
    for end in range(len(lines) - 1, 0, -1):
        beginning = "".join(lines[:end]).rstrip("\r\n")
        if (cells := cells_of(beginning, width)) is not None:
            yield Row(cells, beginning)
            yield Row.broken("".join(lines[end:]))
            return
    yield Row.broken(raw)


def cells_of(raw: str, width: int, delimiter: str = ",") -> list[str] | None:
    """Cells of one row: as CSV says, else loosely; None where neither gives `width` cells, or it is longer than any.

    Loosely, a quoted cell ends only where a comma or the end follows, so that quotation marks inside it which nobody
    doubled are text; one that is opened and never closed is text as well.
    """
    if len(raw) >= LONGEST_ROW:
        return None
    try:
        rows = list(csv.reader([raw], strict=True, delimiter=delimiter))
    except csv.Error:
        rows = []
    cells = rows[0] if len(rows) == 1 else []
    if len(cells) != width and '"' in raw:
        cells = _loose_cells(raw, delimiter)
    return cells if len(cells) == width else None


@lru_cache(maxsize=8)
def _loose_cell(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf'(?:"((?:[^"]++|"(?!{mark}|\Z))*+)"|([^{mark}]*))({mark}|\Z)', re.S)


def _loose_cells(raw: str, delimiter: str) -> list[str]:
    cells = []
    for match in _loose_cell(delimiter).finditer(raw):
        quoted, plain, ending = match.groups()
        cells.append(plain.removeprefix('"') if quoted is None else quoted.replace('""', '"'))
        if not ending:
            break
    return cells
