"""Fixtures of harvest sources: recorded answers as files, served again over a real socket, and what must come of them.

A fixture is a folder named like its source: ``index.json`` (the `Exchange` list), the bodies as files, and
``expected.jsonl`` (an `Outcome` a line, by identifier). Everything in it is data; one generic test replays them all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from harvester import config
from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.crawl.run import harvest_source
from harvester.errors import ConfigurationError
from harvester.ledger import Ledger
from harvester.ledger.types import JobReport
from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked, Portal, not_found

INDEX = "index.json"
EXPECTED = "expected.jsonl"


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request and its answer. `url` is the portal's own; `file` holds the body, relative to the fixture's folder.

    `request_body` is what a POST sent. `note` says where the shape of the answer is known from.
    """

    url: str
    file: str
    method: str = "GET"
    request_body: str = ""
    status: int = 200
    headers: Mapping[str, str] = {}
    note: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one record: its dataset (None: rejected), counters, and issues as ``severity code field``."""

    identifier: str | None
    dataset: Mapping[str, Any] | None = None
    counters: Mapping[str, int] = {}
    issues: tuple[str, ...] = ()


class Fixture(msgspec.Struct, frozen=True, kw_only=True):
    """A fixture that was read: `exchanges` in the order of the index."""

    folder: Path
    exchanges: tuple[Exchange, ...]

    @classmethod
    def load(cls, folder: Path) -> Fixture:
        """Read a fixture; raises `ConfigurationError` where its index is missing or is none."""
        index = folder / INDEX
        try:
            exchanges = msgspec.json.decode(index.read_bytes(), type=tuple[Exchange, ...])
        except OSError as error:
            raise ConfigurationError(f"{index}: {error.strerror}; `datamoa record` makes fixtures") from None
        except msgspec.DecodeError as error:
            raise ConfigurationError(f"{index}: {error}") from None
        return cls(folder=folder, exchanges=exchanges)

    @property
    def expected(self) -> tuple[Outcome, ...]:
        """What must come of it, by identifier."""
        lines = (self.folder / EXPECTED).read_bytes().splitlines()
        return tuple(msgspec.json.decode(line, type=Outcome) for line in lines)

    @property
    def origins(self) -> tuple[str, ...]:
        """Scheme and host of every portal in it."""
        return tuple(dict.fromkeys(origin(exchange.url) for exchange in self.exchanges))


class FixturePortal(Portal):
    """Serves the exchanges of one origin. `addresses` (origin → loopback address) is filled in when all are started."""

    def __init__(self, fixture: Fixture, of: str, addresses: Mapping[str, str]) -> None:
        super().__init__()
        self._addresses = addresses
        self._folder = fixture.folder
        self._exchanges = {
            _key(exchange.method, exchange.url, exchange.request_body): exchange
            for exchange in fixture.exchanges
            if origin(exchange.url) == of
        }

    def answer(self, asked: Asked) -> Answer:
        """Answer with the recorded exchange of the same method, path, query (in any order) and body."""
        key = (
            asked.method,
            asked.path or "/",
            tuple(sorted(asked.query.items())),
            asked.body.decode("utf-8", "replace"),
        )
        exchange = self._exchanges.get(key)
        if exchange is None:
            return not_found(f"the fixture {self._folder.name} has no answer for {asked.method} {asked.path}")
        body = (self._folder / exchange.file).read_bytes()
        headers = {name: _moved(value.encode(), self._addresses).decode() for name, value in exchange.headers.items()}
        return Answer(_moved(body, self._addresses), exchange.status, headers)


@contextmanager
def serving(fixture: Fixture) -> Iterator[Mapping[str, FixturePortal]]:
    """Serve a fixture, a loopback server for each origin in it; gives the portals by origin."""
    addresses: dict[str, str] = {}
    portals = {of: FixturePortal(fixture, of, addresses) for of in fixture.origins}
    addresses |= {of: portal.url for of, portal in portals.items()}
    with ExitStack() as stack:
        for portal in portals.values():
            stack.enter_context(portal)
        yield portals


def moved(source: HarvestSource, portals: Mapping[str, Portal]) -> HarvestSource:
    """The source as it is configured, with the loopback servers in the place of its portals."""
    addresses = {of: portal.url for of, portal in portals.items()}
    options = _moved(source.options.model_dump_json().encode(), addresses)
    return source.model_copy(
        update={
            "url": _moved(source.url.encode(), addresses).decode(),
            "options": type(source.options).model_validate_json(options),
            "allow_private": True,
            "download_delay": None,
            "concurrent_requests": None,
        }
    )


def outcomes(ledger: Ledger, source: HarvestSource, report: JobReport, portals: Mapping[str, Portal]) -> list[Outcome]:
    """What became of every record of the job in `report`, by identifier, with the portals' own addresses."""
    back = {portal.url: of for of, portal in portals.items()}
    issues: dict[str | None, list[str]] = {}
    for issue in ledger.issues(report.job, 1_000_000):
        said = " ".join(filter(None, (issue.severity, issue.code, issue.field)))
        issues.setdefault(issue.identifier, []).append(said)
    found: dict[str | None, Outcome] = {
        identifier: Outcome(identifier=_back(identifier, back), issues=tuple(sorted(said)))
        for identifier, said in issues.items()
    }
    for stored in ledger.export(source.name):
        content = codec.decode(_moved(stored.content, back))
        content = msgspec.structs.replace(content, id=dataset_id(content.source, content.identifier))
        found[stored.identifier] = Outcome(
            identifier=content.identifier,
            dataset=msgspec.json.decode(codec.encode(content)),
            counters=stored.counters,
            issues=tuple(sorted(issues.get(stored.identifier, ()))),
        )
    return sorted(found.values(), key=lambda one: one.identifier or "")


def replay(fixture: Fixture, source: HarvestSource, folder: Path | None = None) -> tuple[JobReport, list[Outcome]]:
    """Harvest a source from its fixture, over real sockets, into a ledger that is thrown away."""
    with serving(fixture) as portals, tempfile.TemporaryDirectory(prefix="datamoa-replay-") as home:
        settings = config.Settings(
            Path(home), folder or config.default_config(), f"sqlite:///{home}/ledger", "embedded"
        )
        report = harvest_source(settings, moved(source, portals), full=True)
        with Ledger.open(settings.database_url) as ledger:
            return report, outcomes(ledger, source, report, portals)


def write_expected(folder: Path, found: Sequence[Outcome]) -> None:
    """Write what came of a fixture as what must come of it."""
    lines = (msgspec.json.encode(outcome, order="sorted") for outcome in found)
    (folder / EXPECTED).write_bytes(b"".join(line + b"\n" for line in lines))


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _key(method: str, url: str, body: str) -> tuple[str, str, tuple[tuple[str, str], ...], str]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return method, unquote(parts.path) or "/", tuple(sorted(query.items())), body


def _moved(content: bytes, addresses: Mapping[str, str]) -> bytes:
    """Put one address in the place of another, also where JSON escapes its slashes."""
    for before, after in sorted(addresses.items(), key=lambda pair: -len(pair[0])):
        content = content.replace(before.encode(), after.encode())
        content = content.replace(before.replace("/", "\\/").encode(), after.replace("/", "\\/").encode())
    return content


def _back(identifier: str | None, back: Mapping[str, str]) -> str | None:
    return None if identifier is None else _moved(identifier.encode(), back).decode()
