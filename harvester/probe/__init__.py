"""Tells which protocol the portal at an address speaks.

`http` asks, `detectors` (pure) say where to ask and read what is answered, this file brings them together, and
`member_file` writes what was found as a member file to start from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harvester.errors import PortalError, UsageError
from harvester.probe.answers import Answer
from harvester.probe.detectors import detectors
from harvester.probe.findings import CERTAIN, POSSIBLE, Detector, Finding, Target
from harvester.probe.hints import hints
from harvester.probe.http import Visitor

_SEARCHED = 300_000
"""Characters of a page in which marks are looked for."""


@dataclass(frozen=True)
class Look:
    """What a look at a portal gave: `findings` best first, every answer, and what to do where nothing was found."""

    target: Target
    findings: tuple[Finding, ...]
    answers: tuple[Answer, ...]
    requests: int

    @property
    def recognised(self) -> tuple[Finding, ...]:
        """Findings that are more than a hint."""
        return tuple(finding for finding in self.findings if finding.confidence >= POSSIBLE)

    @property
    def unanswered(self) -> tuple[Answer, ...]:
        """What was not answered in time, only in part, or not asked any more because of that: more may be there."""
        return tuple(answer for answer in self.answers if answer.slow or answer.reason == "timeout")

    @property
    def hints(self) -> tuple[str, ...]:
        """Why nothing may have been found, and what to try."""
        return hints(self.target, self.answers)


def checked(url: str) -> str:
    """Give an address of the web with its host in ASCII; raise `UsageError` for everything else."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        plain = host if ":" in host else host.encode("idna").decode("ascii")
        if ":" not in plain and not re.fullmatch(r"[A-Za-z0-9._-]*", plain):
            raise ValueError(f"{plain!r} is no host")
    except (ValueError, UnicodeError) as error:
        raise UsageError(f"{url!r} is no address: {error}; write it as https://www.data.go.kr") from None
    if parts.scheme not in {"http", "https"} or not plain:
        near = f"; did you mean https://{url}?" if "://" not in url and "." in url else ""
        raise UsageError(f"{url!r} is no address of the web: http:// or https:// and a host are needed{near}")
    if parts.username is not None or parts.password is not None:
        raise UsageError("an address with a user or password in it is not asked: it would stand in the member file")
    netloc = f"[{plain}]" if ":" in plain else plain
    whole = parts._replace(netloc=f"{netloc}:{port}" if port else netloc, path=parts.path or "/", fragment="")
    return urlunsplit(whole).replace(" ", "%20")


def look(url: str, visitor: Visitor, presets: Mapping[str, Mapping[str, Any]]) -> Look:
    """Look at the portal at `url`. Raises `UsageError` for what is no address, `PortalError` where nobody answers.

    First everybody reads the answer of the address itself; then those whose mark the page bears ask; then all of them
    in turns, so that the best address of each comes before the second best of any. Once it is certain how the portal is
    harvested nothing more is asked.
    """
    landing = visitor.ask(checked(url))
    if landing.reason in {"forbidden address", "unreachable", "timeout"}:
        hint = {
            "forbidden address": "--allow-private lets loopback and private addresses through",
            "timeout": "look at it in a browser, or give it longer with --timeout",
        }
        advice = hint.get(landing.reason, "look at it in a browser")
        raise PortalError(landing.reason, f"{landing.url or url}: {landing.fault}; {advice}")
    target = Target(landing, presets, visitor.sitemaps(landing.url or landing.address))
    table = detectors(presets)
    found: dict[str, Finding] = {}
    for detector, address in _walk(table, target):
        if detector.name in found or (address is not None and _is_sure(found.values())):
            continue
        answer = landing if address is None else visitor.ask(address)
        if answer.came and (finding := _read(detector, answer, target, visitor)):
            found[detector.name] = finding
    findings = sorted(found.values(), key=lambda finding: (-finding.confidence, not finding.harvested))
    return Look(target, tuple(findings), tuple(visitor.answers.values()), visitor.requests)


def _walk(table: tuple[Detector, ...], target: Target) -> Iterator[tuple[Detector, str | None]]:
    """Who asks for what, in order; None is the address that was given."""
    yield from ((detector, None) for detector in table)
    page = target.landing.text[:_SEARCHED] if target.landing.is_page else ""
    marked = [detector for detector in table if detector.mark and detector.mark.search(page)]
    asked = {detector.name: list(dict.fromkeys(detector.addresses(target))) for detector in table}
    for detector in marked:
        yield from ((detector, address) for address in asked.pop(detector.name))
    for turn in range(max(map(len, asked.values()), default=0)):
        for detector in table:
            if turn < len(addresses := asked.get(detector.name, [])):
                yield detector, addresses[turn]


def _is_sure(found: Any) -> bool:
    return any(finding.confidence >= CERTAIN and finding.harvested for finding in found)


def _read(detector: Detector, answer: Answer, target: Target, visitor: Visitor) -> Finding | None:
    reading = detector.read(answer, target)
    try:
        address = next(reading)
        while True:
            address = reading.send(visitor.ask(address))
    except StopIteration as end:
        finding: Finding | None = end.value
        return finding
