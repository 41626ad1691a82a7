"""Options of the protocol ``table``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from harvester.options.base import Options
from harvester.options.declared import OneOrSeveral, Property

Columns = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], OneOrSeveral, Field(min_length=1)]
"""Names of columns; one may stand alone. Blanks and line breaks inside a name count as one blank."""


class TableOptions(Options):
    """A catalogue that is a file: CSV in any encoding, or a workbook (XLSX, XLS, ODS). `url` is the file's address."""

    path: str = ""
    """Path of the file below `url`, where that is the portal's address."""
    identifier: Columns
    """Columns that together name a record."""
    columns: Mapping[Property, Columns]
    """Property → columns, of which the first that says something counts. One of them must be in the table."""
    sheet: str = ""
    """Sheet of a workbook; none: the first that has the columns."""
    encoding: str = ""
    """Encoding of a CSV file; none: told from the file (UTF-8, UTF-16, CP949), then from its Content-Type."""
    page_rows: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Rows committed at a time."""

    @field_validator("columns")
    @classmethod
    def _with_title(cls, columns: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        if "title" not in columns:
            raise ValueError("a column for `title` is needed: a record without one is no dataset")
        return columns

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding or "utf-8")
        except (LookupError, UnicodeError):
            raise ValueError(f"{encoding!r} is no encoding that Python knows, for example cp949") from None
        return encoding

    @property
    def rules(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Columns by property; under ``identifier``, which is none, those that the mapping need not read."""
        return {"table_row": {**self.columns, "identifier": self.identifier}}
