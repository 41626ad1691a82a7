"""Dates of portals as ISO 8601 with the precision that the source gave; nothing here knows today's date.

A time keeps its offset (UTC is written ``Z``) and loses fractions of a second; a time without zone is kept without one.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from unicodedata import normalize

from dateutil.parser import parse as parse_english
from dateutil.relativedelta import relativedelta

from harvester.catalog.model import PeriodOfTime

_FIRST_YEAR, _OPEN_YEAR = 1000, 9999  # portals write 9999-12-31 for "no end", some databases 0001-01-01 for "nothing"

_ISO_LENGTHS = frozenset((10, 19, 20, 23, 24, 26, 27))
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d|[+-]\d\d)?", re.IGNORECASE
)
_TIME = r"(?:[ T]\s*(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?"
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*(?:년\s*|[./ -]\s*)(\d{1,2})(?:\s*(?:월\s*|[./ -]\s*)(\d{1,2})\s*일?)?\s*월?\s*\.?" + _TIME
)
_YEAR = re.compile(r"(\d{4})\s*(?:년도?|\.)?")
_DIGITS = re.compile(r"_?(\d{4})(\d\d)(\d\d)?(?:[T ]?(\d\d)(\d\d)(\d\d)?)?(Z)?")
_SHORT_YEAR = re.compile(r"(\d\d)/(\d\d)/(\d\d)")
_YEAR_LAST = re.compile(
    r"(?:[^\d,]{0,40},\s*)?(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:\s*(?:-\s*)?(\d{1,2}):(\d\d)(?::(\d\d))?)?"
)
_EPOCH = re.compile(r"-?\d{12,14}|\d{10}")
_EXCEL = re.compile(r"(\d{5})(?:\.\d+)?")
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_FIRST, _EXCEL_LAST = 20000, 73050  # 1954 to 2099
_EPOCH_SECONDS_LAST = 4102444800  # 2100-01-01
_ENGLISH_MONTH = re.compile(r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b")
_ENGLISH = re.compile(r"[A-Za-z0-9 :,.+/()-]{6,60}")

_REPEATING = re.compile(r"R\d*/(P(?=\d|T\d)(?:\d+(?:\.\d+)?[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?)", re.IGNORECASE)
_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"\s*(?:[~∼〜～–—]|\s-\s|부터|에서|\bto\b|\buntil\b)\s*", re.IGNORECASE)
_TIGHT_UNTIL = re.compile(
    r"(?<=[일월년.])\s*-\s*(?=\d{4})|(?<=\d{4})\s*-\s*(?=\d{4}(?!\d))|(?<=\d)\s*-\s*(?=\d{4}[.년])"
)
_AS_OF = re.compile(r"\s*(?:까지|기준|현재|시점|현황|말|자료|데이터|as of)\s*")
_OPEN = frozenset({"", "..", "현재", "present", "now", "ongoing", "today", "open"})


def parse_date(text: str, *, day_first: bool | None = None) -> str | None:
    """Give the date as ISO 8601 (``2024``, ``2024-03``, ``2024-03-05`` or with a time); None when the text is none.

    Reads ISO forms, Korean and dotted forms, digits only, epoch milliseconds and seconds, Excel serial days, and
    English or numeric forms with the year last. `day_first` decides what ``03/04/2024`` means; None: only its year is
    certain, and only the year is given. Year 9999 is an open end, so no date. Never raises.
    """
    if len(text) in _ISO_LENGTHS and text[4] == text[7] == "-" and (found := _parse_iso(text)):
        return found
    return _parse_slowly(text, day_first)


def parse_interval(text: str) -> str | None:
    """Give the duration of a repeating interval (``R/P1Y`` → ``P1Y``), upper case; None when the text is none."""
    match = _REPEATING.fullmatch(text.strip())
    return match[1].upper() if match else None


def parse_period(text: str, *, day_first: bool | None = None) -> PeriodOfTime | None:
    """Give the period that a text speaks of, its label the text; None when no date can be read in it. Never raises.

    Reads ISO intervals (also open ones and ``start/duration``) and free Korean or English forms: ``2024년 1월 ~ 현재``,
    ``~2025.6.12.``, ``2011 - 2014``, ``2025년 11월 27일 기준 현황``. One date alone is a period of that precision.
    """
    label = text.strip()
    if len(label) > 200:
        return None
    if single := parse_date(label, day_first=day_first):
        return PeriodOfTime(start=single, end=single, label=label)
    if label.count("/") == 1:
        return _iso_period(label, day_first)
    parts = _UNTIL.split(label) if _UNTIL.search(label) else _TIGHT_UNTIL.split(label)
    if len(parts) == 1:
        point = _point(label, day_first)
        return PeriodOfTime(start=point, end=point, label=label) if point else None
    if len(parts) > 2:
        return None
    start, end = (_point(part, day_first) for part in parts)
    return PeriodOfTime(start=start, end=end, label=label) if start or end else None


def _parse_iso(text: str) -> str | None:
    """Read the forms that nearly all portals use without a regular expression: this runs for every date there is."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    length = len(text)
    if not "1000" <= text < "9999" or (length > 10 and (text[10] != "T" or text[11:13] == "24")):
        return None
    if length == 26:  # microseconds, as Python writes them
        return text[:19] if text[19] == "." and text[20:].isdigit() else None
    if length in (10, 19):
        return text if length == 10 or text[16] == ":" else None
    if text[-1] == "Z" and text[16] == ":" and (length == 20 or text[20:-1].isdigit()):
        return text[:19] + "Z"
    return text[:19] if text[19] == "." and text[20:].isdigit() else None


def _point(text: str, day_first: bool | None) -> str | None:
    stripped = text.strip()
    if stripped in _OPEN:
        return None
    return parse_date(stripped, day_first=day_first) or parse_date(_AS_OF.split(stripped)[0], day_first=day_first)


def _iso_period(label: str, day_first: bool | None) -> PeriodOfTime | None:
    first, last = label.split("/")
    start, end = (parse_date(side.strip(), day_first=day_first) for side in (first, last))
    if start and not end and (duration := _DURATION.fullmatch(last.strip())):
        end = _after(start, duration)
    return PeriodOfTime(start=start, end=end, label=label) if start or end else None


def _after(start: str, duration: re.Match[str]) -> str | None:
    years, months, weeks, days, hours, minutes, seconds = (int(amount or 0) for amount in duration.groups())
    try:
        begin = datetime.fromisoformat(start if len(start) > 7 else f"{start}-01-01"[:10])
        step = relativedelta(
            years=years, months=months, weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
        )
        end = begin + step
    except (ValueError, OverflowError):
        return None
    return end.isoformat(timespec="seconds").replace("+00:00", "Z") if len(start) > 10 else end.date().isoformat()


@lru_cache(maxsize=16384)
def _parse_slowly(text: str, day_first: bool | None) -> str | None:
    text = text.strip()
    if not 4 <= len(text) <= 80:
        return None
    if not text.isascii():
        text = normalize("NFKC", text)
    if match := _ISO.fullmatch(text):
        return _moment(match[1], match[2], match[3], match[4], match[5], match[6], match[7])
    if match := _YEAR_FIRST.fullmatch(text):
        return _moment(match[1], match[2], match[3], match[4], match[5], match[6])
    if match := _YEAR.fullmatch(text):
        return _moment(match[1])
    if match := _EXCEL.fullmatch(text):
        return _excel(int(match[1]))
    if (match := _DIGITS.fullmatch(text)) and (found := _moment(*match.groups())):
        return found
    if _EPOCH.fullmatch(text):
        return _epoch(int(text))
    if match := _SHORT_YEAR.fullmatch(text):
        return _moment(f"20{match[1]}", match[2], match[3])
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(match, day_first)
    return _english(text)


def _moment(
    year: str,
    month: str | None = None,
    day: str | None = None,
    hour: str | None = None,
    minute: str | None = None,
    second: str | None = None,
    zone: str | None = None,
) -> str | None:
    """Parts as ISO 8601; None when there is no such day, and the day alone when there is no such time."""
    try:
        whole = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if not _FIRST_YEAR <= whole.year < _OPEN_YEAR:
        return None
    if month is None:
        return f"{whole.year}"
    if day is None:
        return f"{whole.year}-{whole.month:02}"
    if hour is None or minute is None or not (int(hour) < 24 and int(minute) < 60 and int(second or 0) < 60):
        return whole.isoformat()
    return f"{whole.isoformat()}T{int(hour):02}:{int(minute):02}:{int(second or 0):02}{_offset(zone)}"


def _offset(zone: str | None) -> str:
    if not zone:
        return ""
    digits = zone[1:].replace(":", "").ljust(4, "0")
    if zone in "Zz" or not int(digits):
        return "Z"
    return f"{zone[0]}{digits[:2]}:{digits[2:]}" if int(digits[:2]) < 15 and int(digits[2:]) < 60 else ""


def _excel(serial: int) -> str | None:
    if _EXCEL_FIRST <= serial <= _EXCEL_LAST:
        return (_EXCEL_EPOCH + timedelta(days=serial)).isoformat()
    return None


def _epoch(number: int) -> str | None:
    seconds = number if 0 <= number < _EPOCH_SECONDS_LAST else number // 1000
    if not -_EPOCH_SECONDS_LAST < seconds < _EPOCH_SECONDS_LAST:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _year_last(match: re.Match[str], day_first: bool | None) -> str | None:
    """``25/11/2020``, ``11/25/2020``, ``27.08.2012``: where both orders are possible, `day_first` or a dot decides."""
    first, separator, second, year, hour, minute, seconds = match.groups()
    as_day_first = _moment(year, second, first, hour, minute, seconds)
    as_month_first = _moment(year, first, second, hour, minute, seconds)
    if as_day_first is None or as_month_first is None or first == second:
        return as_day_first or as_month_first
    if day_first is None and separator != ".":
        return _moment(year)
    return as_month_first if day_first is False else as_day_first


def _english(text: str) -> str | None:
    """Read free English forms by dateutil: twice over different defaults, since what agrees is what the text says."""
    if not (_ENGLISH.fullmatch(text) and _ENGLISH_MONTH.search(text) and re.search(r"(?<!\d)\d{4}(?!\d)", text)):
        return None
    found: list[datetime] = []
    for default in (datetime(2001, 1, 1), datetime(2004, 12, 28, 23, 58, 59)):
        try:
            found.append(parse_english(text, default=default, tzinfos=lambda _, offset: offset))
        except (ValueError, OverflowError):
            return None
    one, other = found
    if one.year != other.year or one.month != other.month or not _FIRST_YEAR <= one.year < _OPEN_YEAR:
        return None
    if one.day != other.day:
        return f"{one.year}-{one.month:02}"
    if (one.hour, one.minute) != (other.hour, other.minute):
        return one.date().isoformat()
    one = one.replace(microsecond=0, second=one.second if one.second == other.second else 0)
    return one.isoformat().replace("+00:00", "Z")
