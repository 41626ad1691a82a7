"""Members and their harvest sources, as the YAML files under ``config/members`` say it."""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, WithJsonSchema

from harvester.catalog.model import Catalog
from harvester.options import Options

_DURATION = re.compile(r"(\d+)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _duration(value: Any) -> Any:
    """Read ``7d``, ``12h``, ``30m``; leave all that is no text to pydantic."""
    if not isinstance(value, str):
        return value
    if not (match := _DURATION.fullmatch(value.strip())):
        raise ValueError(f"{value!r} is no duration; one is written as 7d, 12h, 30m")
    try:
        return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
    except OverflowError:
        raise ValueError("too long; a duration is written as 7d, 12h, 30m") from None


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("longer than nothing is needed, for example 6h")
    return value


def _cron_line(value: str) -> str:
    try:
        next(CronSim(value, datetime(2026, 1, 1)))
        fields = len(value.split())
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"{value!r} is no cron line ({error}); five fields are needed, as in 20 3 * * *") from None
    if fields != 5:
        raise ValueError(f"{value!r} has {fields} fields; a cron line has five, as in 20 3 * * *")
    return value


def _time_zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(value, available_timezones(), n=1)
        hint = f"; did you mean {near[0]}?" if near else "; for example Asia/Seoul"
        raise ValueError(f"{value!r} is no time zone{hint}") from None


def plain_name(value: str) -> str:
    """Give back a name of a member or of a source's key, which name files, spiders and arguments of commands.

    Raises ValueError for anything else.
    """
    if not re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", value):
        raise ValueError(f"{value!r} is no name: lower-case letters a-z, digits, and one - or _ between them")
    return value


def _http_url(value: str) -> str:
    if " " in value:
        raise ValueError("an address has no blanks in it: write %20")
    if not re.fullmatch(r"https?://[^\s/]+\S*", value):
        raise ValueError("an http(s) address is needed, for example https://www.data.go.kr")
    parts = urlsplit(value)  # raises ValueError for brackets that are no IPv6 address
    if parts.port == 0 or not parts.hostname:  # as does a port that is none
        raise ValueError("an address with a host is needed, for example https://www.data.go.kr")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address holds no user or password: it is written to logs, and stands in every dataset")
    return value.rstrip("/")


# What editors are told (`harvester.kit.schema`); the validators know better and say what to do.
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+\s*[smhdw]\s*$", "examples": ["7d", "12h", "30m"]}),
]
Name = Annotated[
    str, AfterValidator(plain_name), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9]+([-_][a-z0-9]+)*$"})
]
HttpUrl = Annotated[
    str, AfterValidator(_http_url), WithJsonSchema({"type": "string", "pattern": r"^https?://[^\s/]+\S*$"})
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Names(_Frozen):
    """A name in Korean and, where it is known, in English."""

    ko: str
    en: str | None = None


class Expectations(_Frozen):
    """What a good run looks like. `max_drop` (share of the known datasets) holds a job, `min_records` warns."""

    max_drop: Annotated[float, Field(ge=0, le=1)] = 0.2
    min_records: Annotated[int, Field(ge=0)] = 0


class HarvestSource(_Frozen):
    """One portal of a member, as it is harvested."""

    member: str
    key: Name
    title: str
    """What operators and searchers read."""
    protocol: str
    """How to page through the portal; each has options of its own."""
    url: HttpUrl
    """Address of the portal; some protocols belong to one portal and know it."""
    options: SerializeAsAny[Options]
    evidence: Literal["recorded", "documented", "assumed"]
    """How we know that this portal answers so."""
    note: str = ""
    """The reason, in a line."""
    enabled: bool = True
    """A candidate is there with `false`."""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")] = "und"
    """BCP 47 tag of text that names no language."""
    publisher: Names | None = None
    """For portals whose records name none."""
    schedule: Annotated[str, AfterValidator(_cron_line)] | None = None
    """Cron line, five fields."""
    timezone: Annotated[str, AfterValidator(_time_zone)] = "Asia/Seoul"
    """Time zone of the cron line."""
    full_every: Duration = timedelta(days=7)
    """How often a full harvest runs where the protocol has incremental ones."""
    expect: Expectations = Expectations()
    """What a good run looks like."""
    download_delay: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Seconds between requests; Scrapy's sense."""
    concurrent_requests: Annotated[int, Field(ge=1, le=16)] | None = None
    """Requests at a time to one host; Scrapy's sense."""
    faster_because: str = ""
    """Why the portal may be asked more often, or more at once, than by default; the tests demand it."""
    time_limit: Annotated[Duration, AfterValidator(_positive)] = timedelta(hours=6)
    """A job that takes longer ends as partial."""
    allow_private: bool = False
    """May connect to loopback and private addresses; lifts throttling."""
    conditional_requests: bool = True
    """Whether ETag and Last-Modified are sent back; `false` for portals whose 304 cannot be trusted."""

    @property
    def name(self) -> str:
        """Name of the source, ``member.key``: also its spider's name and the `source` of its datasets."""
        return f"{self.member}.{self.key}"

    @property
    def catalog(self) -> Catalog:
        """What mappings may know of this source."""
        names = self.publisher
        publisher = {"ko": names.ko} | ({"en": names.en} if names.en else {}) if names else {}
        return Catalog(
            source=self.name, url=self.url, language=self.language, publisher=publisher, rules=self.options.rules
        )


class Member(_Frozen):
    """An institution whose data is harvested; one YAML file."""

    id: Name
    name: Names
    """In Korean, and in English where that is known."""
    aliases: tuple[str, ...] = ()
    """Other and former names."""
    sector: str
    """telecom, portal, finance, it-services, health, university, public …"""
    homepage: HttpUrl | None = None
    """Address of the institution."""
    sources: tuple[HarvestSource, ...]

    def source(self, key: str) -> HarvestSource | None:
        """The source of that key, or None."""
        return next((source for source in self.sources if source.key == key), None)
