"""What a look at a portal found, and what detectors are. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harvester.options import OPTIONS
from harvester.probe.answers import Answer

CERTAIN = 0.95
"""The protocol's own answer, whole and with records in it."""
LIKELY = 0.8
"""Its answer, but without what would settle it: cut short, or no record yet."""
POSSIBLE = 0.5
"""Looks like it."""
HINT = 0.25
"""Names it, no more; not called recognised."""

_WITHIN = re.compile(
    r"/(?:api|catalog|conformance|collections|csw|data\.json|dataset|datasets|dataverse|explore|group|oai|oai-pmh|"
    r"organization|search|server|sitemap\.xml)(?:/.*)?$",
    re.IGNORECASE,
)
"""What begins a path inside of a portal, so that the portal itself lies before it."""


@dataclass(frozen=True)
class Finding:
    """A protocol that the portal speaks. `address` is the `url` of a source; `options` are what else the source says.

    `count` is how many records could be seen, None where nobody told. `advice` are lines for whoever completes the
    member file.
    """

    protocol: str
    name: str
    confidence: float
    why: tuple[str, ...]
    address: str
    count: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    advice: tuple[str, ...] = ()

    @property
    def harvested(self) -> bool:
        """Whether this program harvests the protocol."""
        return self.protocol in OPTIONS


@dataclass(frozen=True)
class Target:
    """The portal at which one looks: the answer of the address given, and where else the portal might begin.

    `presets` are those of ``config/presets.yml``; `sitemaps` those of robots.txt.
    """

    landing: Answer
    presets: Mapping[str, Mapping[str, Any]]
    sitemaps: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address that was given, after its redirects."""
        return self.landing.url or self.landing.address

    @property
    def bases(self) -> tuple[str, ...]:
        """Addresses at which the portal might begin, without a slash at the end: its host, then the path given."""
        parts = urlsplit(self.url)
        path = _WITHIN.sub("", parts.path)
        if path == parts.path and "." in path.rpartition("/")[2]:
            path = path.rpartition("/")[0]
        root = f"{parts.scheme}://{parts.netloc}"
        return tuple(dict.fromkeys((root, root + path.rstrip("/"))))

    def below(self, *paths: str) -> list[str]:
        """Each path below each base; the first path everywhere first."""
        return [base + path for path in paths for base in self.bases]


Reading: TypeAlias = Generator[str, Answer, Finding | None]
"""Reads an answer; yields the addresses whose answers it needs besides, and returns what it found."""


@dataclass(frozen=True)
class Detector:
    """How to recognise one protocol: where to ask, best first, and how to read what is answered there.

    `read` gets the answer of the address given too, and of every address in `addresses`; it does no I/O. `mark` is what
    a web page of such a portal holds: where it does, this detector's addresses are asked first.
    """

    name: str
    addresses: Callable[[Target], Sequence[str]]
    read: Callable[[Answer, Target], Reading]
    mark: re.Pattern[str] | None = None


def with_parameters(url: str, drop: frozenset[str] = frozenset(), parameters: Mapping[str, str] = {}) -> str:
    """An address with these parameters in its query, without those whose names (in lower case) are in `drop`."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name.lower() not in drop]
    return urlunsplit(parts._replace(query=urlencode([*kept, *parameters.items()]), fragment=""))


def number(value: Any) -> int | None:
    """A count as portals write it: a number, or digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"[\d,]{1,15}", value.strip()):
        value = int(value.replace(",", "") or -1)
    return value if isinstance(value, int) and 0 <= value < 1 << 53 else None
