"""Days as people type them: ``2020년``, ``2021.03.05``, ``2021년 3월 이후``, ``2020~2021``. Pure."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import NamedTuple, TypeAlias

Days: TypeAlias = tuple[str | None, str | None]
"""First and last day (``YYYY-MM-DD``), both included; None is open."""


def _day(name: str) -> str:
    """Pattern of a year, month or day; `name` makes its group for the separator a different one each time."""
    return (
        # 2021년 3월 5일
        r"(?:[12]\d{3}[ ]?년도?(?:[ ]?\d{1,2}[ ]?월(?:[ ]?\d{1,2}[ ]?일)?)?"
        # 2021-03-05, 2021. 3. 5.
        rf"|[12]\d{{3}}(?:[ ]?(?P<{name}>[-./])[ ]?\d{{1,2}}"
        rf"(?:[ ]?(?P={name})[ ]?\d{{1,2}})?(?!\d)(?:\.(?!\.))?)?(?!\d)"
        # 20210305
        r"|[12]\d{5}(?:\d\d)?(?!\d))"
    )


_SPAN = re.compile(
    rf"""(?:
        (?P<low>{_day("a")}) \s?(?:\.\.+|[-~∼〜–—]|부터)\s? (?P<high>{_day("b")}) (?:\s?까지)?
        | (?:\.\.+|[~∼〜])\s? (?P<until>{_day("c")})
        | (?P<one>{_day("d")}) (?:
            (?P<after>\s?(?:이후|이래|부터)(?:[의에로])?|\.\.+|\s?[~∼〜]) | (?P<before>\s?(?:이전|까지)(?:[의에로])?)
        )?
    )(?![\w:])""",
    re.VERBOSE,
)
_NUMBERS = re.compile(r"\d+")


class TypedDays(NamedTuple):
    """Days that stand in a text, and the place where they end."""

    days: Days
    end: int


def typed_days(text: str, at: int = 0) -> TypedDays | None:
    """Read the days that begin at a place of a text; None where there are none. The earlier end may come last."""
    match = _SPAN.match(text, at)
    if match is None:
        return None
    spans = {name: _whole(match[name]) for name in ("low", "high", "until", "one") if match[name]}
    if any(span is None for span in spans.values()):
        return None
    found = {name: span for name, span in spans.items() if span is not None}
    if "one" in found:
        low, high = found["one"]
        return TypedDays((None if match["before"] else low, None if match["after"] else high), match.end())
    if "until" in found:
        return TypedDays((None, found["until"][1]), match.end())
    return TypedDays((min(found["low"][0], found["high"][0]), max(found["low"][1], found["high"][1])), match.end())


def _whole(text: str) -> tuple[str, str] | None:
    """First and last day of a typed year, month or day; None for 2024-02-31."""
    numbers = _NUMBERS.findall(text)
    if len(numbers) == 1 and len(numbers[0]) > 4:
        numbers = [numbers[0][:4], numbers[0][4:6], *([numbers[0][6:]] if numbers[0][6:] else [])]
    return whole(*map(int, numbers))


def whole(year: int, month: int | None = None, day: int | None = None) -> tuple[str, str] | None:
    """First and last day of a year, month or day; None where the calendar does not have it."""
    first_month, last_month = (1, 12) if month is None else (month, month)
    try:
        first = date(year, first_month, 1 if day is None else day)
        last = date(year, last_month, calendar.monthrange(year, last_month)[1] if day is None else day)
    except ValueError:
        return None
    return first.isoformat(), last.isoformat()
