"""DataCite's REST API (``/dois``), datasets by affiliation, paged by ``links.next`` with a cursor.

A page of ``/dois`` is recorded (2020, affiliations as texts, without this query); affiliations as objects with a ROR id
and the cursor are documented. Every listing is a full one: a member has hundreds of datasets at most, and only a full
one shows which are gone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

import msgspec
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Part, Rejected
from harvester.options.datacite import DataCiteOptions
from harvester.protocols.json_answers import decoded, row, words
from harvester.protocols.linked_pages import Answered, LinkedPagesSpider, Passed

_Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]


class _Meta(msgspec.Struct):
    total: _Count | None = None


class _Links(msgspec.Struct):
    next: str | None = None


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    links: _Links = msgspec.field(default_factory=_Links)


class _Head(msgspec.Struct):
    id: Any = None
    attributes: Any = None


class DataCiteSpider(LinkedPagesSpider):
    """Lists the datasets whose creators or contributors are of one institution."""

    format: ClassVar[str] = "datacite"
    options: DataCiteOptions

    def first(self) -> str:
        """Path and query of the first page."""
        query = {
            "affiliation": "true",
            "resource-type-id": "dataset",
            "page[size]": self.options.rows,
            "page[cursor]": 1,
            "query": query_of(self.options),
        }
        return f"/dois?{urlencode(query)}"

    def read(self, response: Response) -> Answered:
        """Read a page of DOIs."""
        answer = decoded(response, _Answer, "an answer with a list `data` of DOIs")
        return Answered([self._row(raw) for raw in answer.data], answer.links.next, answer.meta.total)

    def _row(self, raw: msgspec.Raw) -> HarvestRecord | Rejected | Passed:
        head = row(raw, _Head, lambda head: words(head.id), self.format)
        if isinstance(head, Rejected):
            return head
        attributes = head.attributes if isinstance(head.attributes, dict) else {}
        named = list(affiliations(attributes))
        if not is_of(named, self.options):
            names = "; ".join(dict.fromkeys(name for name, _ in named if name))
            return Passed(f"{words(head.id)}, affiliated with {names or 'nobody'}"[:500])
        kind = attributes.get("types")
        general = kind.get("resourceTypeGeneral") if isinstance(kind, dict) else None
        if isinstance(general, str) and general.casefold() != "dataset":
            return Passed(f"{words(head.id)}, which is of type {general}"[:500])
        state = attributes.get("state")
        part = Part(name="listing", format=self.format, payload=bytes(raw))
        return HarvestRecord(
            identifier=(words(head.id) or "").lower(),  # DOIs know no letter case
            parts=(part,),
            deleted=isinstance(state, str) and state != "findable",
        )


def query_of(options: DataCiteOptions) -> str:
    """Query for the institution among creators and contributors, by its names and its ROR ids."""
    wanted = [("name", name) for name in options.affiliations] + [("affiliationIdentifier", id) for id in options.ror]
    roles = ("creators", "contributors")
    return " OR ".join(f"{role}.affiliation.{field}:{_quoted(value)}" for field, value in wanted for role in roles)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def affiliations(attributes: dict[str, Any]) -> Iterator[tuple[str | None, str | None]]:
    """Name and identifier of every affiliation, which is a text (2020) or an object (``affiliation=true``)."""
    for role in ("creators", "contributors"):
        people = attributes.get(role)
        for person in people if isinstance(people, list) else ():
            stated = person.get("affiliation") if isinstance(person, dict) else None
            for one in stated if isinstance(stated, list) else [stated]:
                if isinstance(one, dict):
                    yield words(one.get("name")), words(one.get("affiliationIdentifier"))
                elif name := words(one):
                    yield name, None


def is_of(named: list[tuple[str | None, str | None]], options: DataCiteOptions) -> bool:
    """Whether an affiliation has exactly one of the names, or one of the ROR ids (with or without the address)."""
    names = {_plain(name) for name in options.affiliations}
    ids = {_ror(id) for id in options.ror}
    return any((name and _plain(name) in names) or (id and _ror(id) in ids) for name, id in named)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()))


def _ror(identifier: str) -> str:
    return identifier.rstrip("/").rpartition("/")[2].lower()
