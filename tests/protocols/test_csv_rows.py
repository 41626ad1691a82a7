"""Both readers of CSV against rows that are longer than any memory should hold."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from harvester.protocols.csv_rows import LONGEST_ROW, Row, Table
from harvester.protocols.tables import TableFile

HEADER = "목록키,목록유형,제목"
READERS: dict[str, Callable[[Path], Iterable[Row]]] = {
    "catalogue": lambda file: Table(file, ("목록키", "목록유형"), "https://portal.example"),
    "table": lambda file: TableFile(file, [["목록키"]], "https://portal.example"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("beyond", [-1, 0, 1, 30 * LONGEST_ROW])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_row_longer_than_any_is_one_that_cannot_be_read_and_costs_no_other(
    reader: str, ending: str, beyond: int, quote: str, tmp_path: Path
) -> None:
    file = tmp_path / "long.csv"
    beginning = f"1000002,FILE,{quote}"
    title = "x" * (LONGEST_ROW + beyond - len(beginning) - len(quote))
    file.write_bytes(
        ending.join((HEADER, "1000001,FILE,a", f"{beginning}{title}{quote}", "1000003,FILE,b", "")).encode()
    )
    tracemalloc.start()
    rows = list(READERS[reader](file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.cells and row.cells[0] for row in (rows[0], rows[-1])] == ["1000001", "1000003"]
    (long,) = rows[1:-1]
    if beyond < 0 and not quote:
        assert long.cells is not None
        assert long.cells[2] == title
    elif beyond >= 0:
        assert long.cells is None
        assert long.raw.startswith(f"{beginning}xxx")
        assert len(long.raw) < LONGEST_ROW
    assert peak < 20_000_000
