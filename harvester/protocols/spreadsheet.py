"""Rows of a workbook (XLSX, XLSB, XLS, ODS), read by a process of its own that may use so much memory and no more.

A workbook is small on the wire and may be anything inside: a zip bomb, or two cells at opposite corners, for which a
reader makes room for all between. The process that reads it dies of that, and the crawl goes on.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from harvester.errors import PortalError

_LARGEST_CONTENT = 1 << 28
"""Bytes of all files in a zip archive, once they are unpacked; a catalogue of a million rows has as many."""
_MEMORY = 1 << 31
_SECONDS = 300


def sheets_of_workbook(path: Path, url: str) -> list[str]:
    """Names of the sheets, in their order. Raises `PortalError` when the file cannot be read."""
    return next(_said((str(path),), url), [])


def rows_of_workbook(path: Path, sheet: str, url: str) -> Generator[list[str], None, None]:
    """Rows of a sheet as texts. Raises `PortalError` when the file cannot be read or has no such sheet."""
    return _said((str(path), sheet), url)


def _said(arguments: tuple[str, ...], url: str) -> Generator[list[str], None, None]:
    with subprocess.Popen(
        # -P: no module is taken from the folder that the command happens to be used in
        [sys.executable, "-P", "-m", "harvester.protocols.spreadsheet", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            for line in process.stdout:
                said = json.loads(line)
                if isinstance(said, dict):
                    raise PortalError(said["reason"], f"{url}: {said['message']}")
                yield said
            if process.wait() != 0:
                last = process.stderr.read()[-300:].strip()
                message = f"{url}: the workbook cannot be read within {_MEMORY >> 20:,} MB and {_SECONDS} s: {last}"
                raise PortalError("limit", message)
        finally:
            process.kill()


def _main(path: str, sheet: str | None = None) -> None:
    _limit()
    try:
        _check_size(path)
        for row in _answer(path, sheet):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    except _TooLargeError as error:
        _say_fault("limit", str(error))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the process ends here; the other side tells what it was
        _say_fault("unreadable answer", f"no workbook, or one that breaks off: {type(error).__name__}: {error}")


def _say_fault(reason: str, message: str) -> None:
    sys.stdout.write(json.dumps({"reason": reason, "message": message[:300]}) + "\n")


class _TooLargeError(Exception):
    pass


def _limit() -> None:
    """Have the operating system stop this process where it takes too much; not every one can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _check_size(path: str) -> None:
    """Unpack a zip archive into nothing, because what it says of sizes need not be true."""
    if not zipfile.is_zipfile(path):
        return
    size = 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.infolist():
            with archive.open(name) as file:
                while block := file.read(1 << 20):
                    size += len(block)
                    if size > _LARGEST_CONTENT:
                        raise _TooLargeError(f"a workbook of more than {_LARGEST_CONTENT:,} bytes once it is unpacked")


def _answer(path: str, sheet: str | None) -> Iterator[list[str]]:
    from python_calamine import CalamineWorkbook

    with open(path, "rb") as file:
        workbook = CalamineWorkbook.from_filelike(file)
        names = workbook.sheet_names
        if sheet is None:
            yield names
        elif sheet in names:
            for row in workbook.get_sheet_by_name(sheet).iter_rows():
                yield [_text(cell) for cell in row]
        else:
            raise ValueError(f"no sheet {sheet!r}; there are {', '.join(names)[:200]}")


def _text(cell: Any) -> str:
    """Cell as a text: whole numbers without a point, days without a time."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat()
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    _main(*sys.argv[1:])
