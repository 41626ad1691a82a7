"""A healthy listing, served from its fixture, that faults are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from harvester.fixtures import Exchange, FixturePortal, origin
from harvester.members import HarvestSource
from harvester.sample_portals.server import Answer, Asked


@dataclass(frozen=True)
class ListedPage:
    """One page of the listing: the portal that has it, what is asked for it and what comes."""

    portal: FixturePortal
    asked: Asked
    answer: Answer


class Listing:
    """The pages of a listing in the order of the fixture; addresses in them are those of the loopback servers."""

    def __init__(
        self,
        source: HarvestSource,
        portals: Mapping[str, FixturePortal],
        exchanges: tuple[Exchange, ...],
        is_page: Callable[[Asked, HarvestSource], bool],
    ) -> None:
        self.source = source
        self.pages: list[ListedPage] = []
        for exchange in exchanges:
            asked, portal = as_asked(exchange), portals[origin(exchange.url)]
            if is_page(asked, source):
                self.pages.append(ListedPage(portal, asked, portal.answer(asked)))

    @property
    def bodies(self) -> list[bytes]:
        """The healthy bodies."""
        return [page.answer.body for page in self.pages]

    def again(self, body: bytes, **headers: str) -> Answer:
        """An answer like that of the first page, with another body and further headers."""
        return Answer(body, 200, {**self.pages[0].answer.headers, **headers})

    def number(self, portal: FixturePortal, asked: Asked) -> int | None:
        """Which page a request is for, from 0; None for other requests."""
        return next(
            (
                number
                for number, page in enumerate(self.pages)
                if page.portal is portal and _place(page.asked) == _place(asked)
            ),
            None,
        )


def as_asked(exchange: Exchange) -> Asked:
    """The request of a fixture as a portal sees it."""
    parts = urlsplit(exchange.url)
    return Asked(
        unquote(parts.path) or "/",
        dict(parse_qsl(parts.query, keep_blank_values=True)),
        {},
        exchange.method,
        exchange.request_body.encode(),
    )


def _place(asked: Asked) -> tuple[str, str, tuple[tuple[str, str], ...], bytes]:
    return asked.method, asked.path, tuple(sorted(asked.query.items())), asked.body
