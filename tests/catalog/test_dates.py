"""Dates and periods: every form that was seen, with the precision that it has."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.catalog.dates import parse_date, parse_interval, parse_period

ISO = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?)?)?)?")


@pytest.mark.parametrize(
    ("text", "date"),
    [
        # data.go.kr and the members' portals
        ("2023-08-31", "2023-08-31"),
        ("20131210", "2013-12-10"),
        ("_20241231", "2024-12-31"),
        ("2024-02-01 16:44:00.0", "2024-02-01T16:44:00"),
        ("9999-12-31 23:59:59.0", None),
        ("9999-12-31", None),
        ("2023-12", "2023-12"),
        ("16/11/08", "2016-11-08"),
        ("2024. 1. 2.", "2024-01-02"),
        ("2024.1.2", "2024-01-02"),
        ("2024/1/2", "2024-01-02"),
        ("2024 1 2", "2024-01-02"),
        ("2020년 1월 2일", "2020-01-02"),
        ("2020년1월", "2020-01"),
        ("2020년", "2020"),
        ("2025년 08월04일", "2025-08-04"),
        ("1992 12월", "1992-12"),
        ("2025.1.", "2025-01"),
        ("45000", "2023-03-15"),
        ("45000.5", "2023-03-15"),
        ("1272898800000", "2010-05-03T15:00:00Z"),
        ("1611934478000", "2021-01-29T15:34:38Z"),
        ("1272898800", "2010-05-03T15:00:00Z"),
        ("2012.08.27", "2012-08-27"),
        ("２０２４．１．２", "2024-01-02"),
        # CKAN, data.json, DCAT
        ("2014-11-05T10:57:28.483620", "2014-11-05T10:57:28"),
        ("2019-12-27T15:07:36.000Z", "2019-12-27T15:07:36Z"),
        ("2026-06-14T13:26:00+00:00", "2026-06-14T13:26:00Z"),
        ("2026-03-27T13:54:55.513669+01:00", "2026-03-27T13:54:55+01:00"),
        ("2026-03-27T13:54:55+0900", "2026-03-27T13:54:55+09:00"),
        ("2026-03-27T13:54", "2026-03-27T13:54:00"),
        ("2024-01-01T24:00:00", "2024-01-01"),
        ("2013", "2013"),
        ("11/25/2020", "2020-11-25"),
        ("25/11/2020", "2020-11-25"),
        ("27.08.2012", "2012-08-27"),
        ("05/05/2020", "2020-05-05"),
        ("Date changed  jeu, 19/12/2019 - 03:00", "2019-12-19T03:00:00"),
        ("5 November 2014", "2014-11-05"),
        ("November 5, 2014", "2014-11-05"),
        ("Nov 2014", "2014-11"),
        ("Tue, 05 Nov 2014 10:00:00 GMT", "2014-11-05T10:00:00Z"),
        ("20240101T101010Z", "2024-01-01T10:10:10Z"),
        ("1800-01-01", "1800-01-01"),
        # no dates
        ("", None),
        ("-", None),
        ("null", None),
        ("R/P1D", None),
        ("2024-13-01", None),
        ("2024-02-30", None),
        ("20241301", None),
        ("0001-01-01T00:00:00", None),
        ("99999", None),
        ("May", None),
        ("3일 전", None),
        ("12", None),
        ("수시", None),
    ],
)
def test_dates(text: str, date: str | None) -> None:
    assert parse_date(text) == date
    if date:
        assert parse_date(date) == date


@pytest.mark.parametrize(
    ("day_first", "date"), [(None, "2019"), (True, "2019-12-10T09:23:00"), (False, "2019-10-12T09:23:00")]
)
def test_a_date_that_may_be_two_days_gives_only_its_year_unless_the_order_is_known(
    day_first: bool | None, date: str
) -> None:
    assert parse_date("mar, 10/12/2019 - 09:23", day_first=day_first) == date


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("R/P1Y", "P1Y"),
        ("R/P1D", "P1D"),
        ("r/pt1s", "PT1S"),
        ("R5/P3.5D", "P3.5D"),
        ("R/P", None),
        ("R/1Y", None),
        ("P1Y", None),
        ("", None),
    ],
)
def test_repetitions(text: str, duration: str | None) -> None:
    assert parse_interval(text) == duration


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024년", "2024", "2024"),
        ("2025년 9월", "2025-09", "2025-09"),
        ("2025년 11월 27일 기준 현황", "2025-11-27", "2025-11-27"),
        ("2025년 8월 25일 시점 식품위생업소 전체 현황", "2025-08-25", "2025-08-25"),
        ("2018년 1월 - 2023년 12월", "2018-01", "2023-12"),
        ("2025년1월~2025년12월", "2025-01", "2025-12"),
        ("~2025.6.12.", None, "2025-06-12"),
        ("~2025.1.", None, "2025-01"),
        ("2025.05.28~", "2025-05-28", None),
        ("20161001~현재", "2016-10-01", None),
        ("2011년 ~ 현재", "2011", None),
        ("2014년 ~ 예정데이터 등록일", "2014", None),
        ("2025년 08월04 부터 2026년 08월04일", "2025-08-04", "2026-08-04"),
        ("1980.1월-2025.8.28", "1980-01", "2025-08-28"),
        ("2022.1.1. ~ 2025.11. 30.", "2022-01-01", "2025-11-30"),
        ("2012.1.1.-2025.12.31.", "2012-01-01", "2025-12-31"),
        ("1992 12월-2025년 4월", "1992-12", "2025-04"),
        ("2024~2025", "2024", "2025"),
        ("2011 - 2014", "2011", "2014"),
        ("1990-2000", "1990", "2000"),
        ("2024-01-01 - 2024-12-31", "2024-01-01", "2024-12-31"),
        ("2000 to 2010", "2000", "2010"),
        ("2001-08-06/2002-09-09", "2001-08-06", "2002-09-09"),
        ("2009-09-01T12:00:00Z/2010-05-31T12:00:00Z", "2009-09-01T12:00:00Z", "2010-05-31T12:00:00Z"),
        ("2015-01-01/..", "2015-01-01", None),
        ("../2015-01-01", None, "2015-01-01"),
        ("2000-01-15T00:45:00Z/P1W", "2000-01-15T00:45:00Z", "2000-01-22T00:45:00Z"),
        ("2013-01-01/P1Y", "2013-01-01", "2014-01-01"),
        ("2013/9999-12-31", "2013", None),
    ],
)
def test_periods(text: str, start: str | None, end: str | None) -> None:
    period = parse_period(text)
    assert period is not None
    assert (period.start, period.end, period.label) == (start, end, text)


@pytest.mark.parametrize("text", ["수시", "내용없음", "-", "", "~", "a/b/c", "2024~2025~2026", "x" * 300])
def test_texts_without_a_date_are_no_periods(text: str) -> None:
    assert parse_period(text) is None


@given(st.text() | st.from_regex(r"[0-9./: TZ+년월일-]{4,30}", fullmatch=True), st.sampled_from([None, True, False]))
def test_any_text_gives_an_iso_date_or_none_and_never_an_error(text: str, day_first: bool | None) -> None:
    date = parse_date(text, day_first=day_first)
    assert date is None or ISO.fullmatch(date)
    if date:
        assert parse_date(date, day_first=day_first) == date
    parse_period(text, day_first=day_first)
    parse_interval(text)


@given(st.datetimes(), st.sampled_from(["", "Z", "+09:00", "-03:30"]))
def test_iso_times_keep_what_they_say(moment: object, zone: str) -> None:
    text = f"{moment.isoformat(timespec='seconds')}{zone}"  # type: ignore[attr-defined]
    assert parse_date(text) == (text if "1000" <= text < "9999" else None)
