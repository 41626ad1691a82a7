"""Fixtures of harvest sources: recorded answers as files, served again over a real socket, and what must come of them.

A fixture is a folder named like its source: ``index.json`` (the `Exchange` list), the bodies as files, and
``expected.jsonl`` (an `Outcome` a line, by identifier). A fixture of the beginning of a listing has ``sample.json``
too, which says how much of it. Everything in it is data; one generic test replays them all.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from pydantic import ValidationError

from harvester import config
from harvester.catalog import codec
from harvester.catalog.identifiers import dataset_id
from harvester.crawl.order import Sample
from harvester.crawl.redaction import HIDDEN, is_key, redact, without_keys
from harvester.crawl.run import harvest_source
from harvester.errors import ConfigurationError
from harvester.ledger import Ledger
from harvester.ledger.types import JobReport, RecordIssue
from harvester.member_faults import known_keys, mistakes
from harvester.members import HarvestSource
from harvester.options import merged
from harvester.sample_portals.server import Answer, Asked, Portal, not_found

INDEX = "index.json"
EXPECTED = "expected.jsonl"
SAMPLE = "sample.json"

_ALL = 1_000_000
"""More issues than a fixture has."""


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


class Beginning(Sample, frozen=True, kw_only=True, omit_defaults=True):
    """How much of a listing a fixture holds, and the protocol's `options` (smaller pages) that it was asked for with.

    `cut`: the listing has more. Then a replay is partial ("limit"), as the recording was.
    """

    options: Mapping[str, Any] = {}
    cut: bool = True


class Fixture(msgspec.Struct, frozen=True, kw_only=True):
    """A fixture that was read: `exchanges` in the order of the index, `beginning` where it is not the whole listing."""

    folder: Path
    exchanges: tuple[Exchange, ...]
    beginning: Beginning | None = None

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
        sample = folder / SAMPLE
        try:
            beginning = msgspec.json.decode(sample.read_bytes(), type=Beginning) if sample.exists() else None
        except msgspec.DecodeError as error:
            raise ConfigurationError(f"{sample}: {error}") from None
        return cls(folder=folder, exchanges=exchanges, beginning=beginning)

    @property
    def expected(self) -> tuple[Outcome, ...]:
        """What must come of it, by identifier; raises `ConfigurationError` where that is not written down."""
        file = self.folder / EXPECTED
        try:
            return tuple(msgspec.json.decode(line, type=Outcome) for line in file.read_bytes().splitlines())
        except OSError as error:
            raise ConfigurationError(f"{file}: {error.strerror}; `datamoa record` writes it") from None
        except msgspec.DecodeError as error:
            raise ConfigurationError(f"{file}: {error}") from None

    @property
    def verdict(self) -> tuple[str, str]:
        """Verdict and reason that a replay must have."""
        return ("partial", "limit") if self.beginning and self.beginning.cut else ("complete", "")

    def body(self, exchange: Exchange) -> bytes:
        """Read the body of an exchange; raises `ConfigurationError` where its file is missing."""
        try:
            return (self.folder / exchange.file).read_bytes()
        except OSError as error:
            raise ConfigurationError(f"{self.folder / exchange.file}: {error.strerror}; {INDEX} names it") from None

    @property
    def origins(self) -> tuple[str, ...]:
        """Scheme and host of every portal in it."""
        return tuple(dict.fromkeys(origin(exchange.url) for exchange in self.exchanges))


class FixturePortal(Portal):
    """Serves the exchanges of one origin. `addresses` (origin → loopback address) is filled in when all are started."""

    def __init__(self, fixture: Fixture, of: str, addresses: Mapping[str, str]) -> None:
        super().__init__()
        self._addresses = addresses
        self._fixture = fixture
        self._of = of
        self._exchanges = {
            _key(exchange.method, exchange.url, exchange.request_body): exchange
            for exchange in fixture.exchanges
            if origin(exchange.url) == of
        }

    def answer(self, asked: Asked) -> Answer:
        """Answer with the recorded exchange of the same method, path, query (in any order) and body."""
        sent = without_keys(asked.body.decode("utf-8", "replace"))
        key = asked.method, asked.path or "/", _query(asked.query), sent
        exchange = self._exchanges.get(key)
        if exchange is None:
            return not_found(f"the fixture {self._fixture.folder.name} has no answer for {asked.method} {asked.path}")
        body = self._fixture.body(exchange)
        headers = {name: _moved(value.encode(), self._addresses).decode() for name, value in exchange.headers.items()}
        return Answer(_moved(body, self._addresses), exchange.status, headers)

    def recorded(self, address: str) -> str:
        """The portal's own address in the place of this server's, and the file that holds its answer."""
        own = self._of + address.removeprefix(self.url)
        file = next((one.file for key, one in self._exchanges.items() if key[1:3] == _key("", own, "")[1:3]), None)
        return f"{own} ({file})" if file else own


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
    for issue in ledger.issues(report.job, _ALL):
        issues.setdefault(issue.identifier, []).append(_in_short(issue))
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


def sentences(
    ledger: Ledger, report: JobReport, portals: Mapping[str, FixturePortal] = MappingProxyType({})
) -> dict[tuple[str | None, str], str]:
    """What the issues of a job say in words: identifier and issue (as an `Outcome` has it) → message and value."""
    back = {portal.url: of for of, portal in portals.items()}
    found = {}
    for issue in ledger.issues(report.job, _ALL):
        said = f"{issue.message} {issue.value!r}" if issue.value else issue.message
        found[_back(issue.identifier, back), _in_short(issue)] = redact(as_recorded(said, portals))
    return found


def as_recorded(text: str, portals: Mapping[str, FixturePortal]) -> str:
    """A text about a replay as an author understands it: every address is the portal's own, with its file."""
    for portal in portals.values():
        address = re.escape(portal.url) + r"(?:[^\s\"'<>]*[^\s\"'<>.,:;)])?"
        text = re.sub(address, lambda found, portal=portal: portal.recorded(found[0]), text)  # type: ignore[misc]
    return text


def replay(fixture: Fixture, source: HarvestSource, folder: Path | None = None) -> tuple[JobReport, list[Outcome]]:
    """Harvest a source from its fixture, over real sockets, into a ledger that is thrown away."""
    with serving(fixture) as portals, throw_away(folder) as settings:
        report = harvest_fixture(fixture, source, settings, portals)
        with Ledger.open(settings.database_url) as ledger:
            return report, outcomes(ledger, source, report, portals)


@contextmanager
def throw_away(folder: Path | None = None) -> Iterator[config.Settings]:
    """Give a home with a ledger that is gone afterwards; `folder` is the configuration's."""
    with tempfile.TemporaryDirectory(prefix="datamoa-replay-") as home:
        yield config.Settings(Path(home), folder or config.default_config(), f"sqlite:///{home}/ledger", "embedded")


def harvest_fixture(
    fixture: Fixture, source: HarvestSource, settings: config.Settings, portals: Mapping[str, Portal]
) -> JobReport:
    """Harvest a source from its fixture as `serving` serves it: so much of the listing as is there, without keys."""
    source = with_options(moved(source, portals), fixture.beginning.options if fixture.beginning else {})
    with config.keys_as(HIDDEN):
        return harvest_source(settings, source, full=True, sample=fixture.beginning)


def with_options(source: HarvestSource, options: Mapping[str, Any]) -> HarvestSource:
    """The source with some of its protocol's options replaced, nested ones key by key.

    Raises `ConfigurationError` where one is wrong.
    """
    if not options:
        return source
    kind = type(source.options)
    whole = merged(source.options.model_dump(mode="json"), options)
    try:
        changed = kind.model_validate(whole)
    except ValidationError as error:
        found = mistakes([error], whole, known=lambda path: known_keys(kind, path))
        said = "\n".join(f"option {one.key} of {source.protocol}: {one.message}" for one in found)
        raise ConfigurationError(said) from None
    return source.model_copy(update={"options": changed})


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
    return method, unquote(parts.path) or "/", _query(query), without_keys(body)


def _query(query: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A query in one order, and with the same key as the recorded one: none."""
    return tuple(sorted((name, HIDDEN if is_key(name) else value) for name, value in query.items()))


def _moved(content: bytes, addresses: Mapping[str, str]) -> bytes:
    """Put one address in the place of another, also where JSON escapes its slashes."""
    for before, after in sorted(addresses.items(), key=lambda pair: -len(pair[0])):
        content = content.replace(before.encode(), after.encode())
        content = content.replace(before.replace("/", "\\/").encode(), after.replace("/", "\\/").encode())
    return content


def _in_short(issue: RecordIssue) -> str:
    return " ".join(filter(None, (issue.severity, issue.code, issue.field)))


def _back(identifier: str | None, back: Mapping[str, str]) -> str | None:
    return None if identifier is None else _moved(identifier.encode(), back).decode()
