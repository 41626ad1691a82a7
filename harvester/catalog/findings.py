"""What normalising notices about one record, once per distinct value."""

from __future__ import annotations

from typing import Literal

from harvester.catalog.model import Issue

_MOST = 50
_LONGEST_VALUE = 200

_MESSAGES: dict[str, tuple[Literal["warning", "info"], str]] = {
    "unknown-license": ("info", "no row of licences.yml knows this licence"),
    "unknown-format": ("info", "no row of formats.yml knows this format"),
    "unknown-frequency": ("info", "no row of frequencies.yml knows this update cycle"),
    "unknown-theme": ("info", "no row of themes.yml knows this theme"),
    "unknown-type": ("info", "no row of values.yml knows this kind of dataset"),
    "unknown-access-rights": ("info", "no row of values.yml knows this access right"),
    "unknown-language": ("info", "this names no language that is known"),
    "unknown-date": ("info", "this cannot be read as a date and is left out"),
    "unknown-period": ("info", "this cannot be read as a period; its text is kept"),
    "reversed-period": ("info", "the period ends before it starts"),
    "bad-media-type": ("info", "this is no media type and is left out"),
    "bad-bbox": ("info", "this is no box of west, south, east, north in degrees and is left out"),
    "bad-link": ("warning", "this is no http(s) address and is left out"),
    "mojibake": ("warning", "text was read in the wrong encoding or lost characters before it came here"),
    "mojibake-repaired": ("info", "UTF-8 text that had been read as Latin-1 was read rightly"),
}


class Findings:
    """Issues of one record; costs nothing until something is noticed."""

    __slots__ = ("_issues",)

    def __init__(self) -> None:
        self._issues: dict[tuple[str, str], Issue] | None = None

    def note(self, code: str, field: str, value: str) -> None:
        """Remember an issue, unless this record has the same one already or more than anybody would read."""
        if self._issues is None:
            self._issues = {}
        value = value[:_LONGEST_VALUE]
        if (code, value) not in self._issues and len(self._issues) < _MOST:
            severity, message = _MESSAGES[code]
            self._issues[code, value] = Issue(severity=severity, code=code, message=message, field=field, value=value)

    def issues(self) -> tuple[Issue, ...]:
        """All that was noticed, in order."""
        return tuple(self._issues.values()) if self._issues else ()
