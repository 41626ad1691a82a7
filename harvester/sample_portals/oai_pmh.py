"""A repository that speaks OAI-PMH 2.0 on a loopback socket, and the ways in which real ones differ from the protocol.

Shapes after https://www.openarchives.org/OAI/openarchivesprotocol.html; tokens as OAICat and jOAI write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote, unquote

from lxml import etree

from harvester.sample_portals.server import Answer, Asked, Portal, not_found

_OAI = "http://www.openarchives.org/OAI/2.0/"
_NAMESPACES = {
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "oai_datacite": "http://schema.datacite.org/oai/oai-1.1/",
    "oai_ddi25": "ddi:codebook:2_5",
    "dcat": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
_XML = {"Content-Type": "text/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Record:
    """A record: `metadata` is XML by prefix, `datestamp` in seconds UTC (``2026-03-01T09:00:00Z``)."""

    identifier: str
    datestamp: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Quirks:
    """How this repository differs from the protocol.

    `lists_records`: False answers badVerb to ListRecords; `days`: its granularity is days; `deletions`: what it says of
    deletedRecord; `told_size`: False leaves completeListSize out; `expires`: expirationDate of its tokens;
    `refuses_time`: badArgument for times although it says seconds; `same_token`: every page has the same; `never_ends`:
    the last page names a next one; `status`: that of its errors.
    """

    lists_records: bool = True
    days: bool = False
    deletions: str = "persistent"
    told_size: bool = True
    expires: str | None = None
    refuses_time: bool = False
    same_token: bool = False
    never_ends: bool = False
    status: int = 200


class _StatedError(Exception):
    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.code = code


class OaiPmhPortal(Portal):
    """A repository with these records at ``/oai``, `per_page` in an answer. Tokens hold until `forget` is called."""

    def __init__(self, records: Iterable[Record] = (), per_page: int = 5, quirks: Quirks = Quirks()) -> None:
        super().__init__()
        self.per_page = per_page
        self.quirks = quirks
        self.asked: list[Mapping[str, str]] = []
        self._generation = 0
        self.replace(records)

    def replace(self, records: Iterable[Record]) -> None:
        """Hold these records from now on, listed by datestamp."""
        self.records = sorted(records, key=lambda record: (record.datestamp, record.identifier))

    def forget(self) -> None:
        """Know none of the tokens any more that were given so far."""
        self._generation += 1

    def answer(self, asked: Asked) -> Answer:
        """Answer one verb; what is wrong with it is told as the protocol says."""
        if asked.path != "/oai":
            return not_found()
        self.asked.append(asked.query)
        verbs: dict[str, Callable[[Mapping[str, str]], str]] = {
            "Identify": self._identify,
            "ListMetadataFormats": self._formats,
            "ListSets": self._sets,
            "ListRecords": self._list,
            "ListIdentifiers": self._list,
            "GetRecord": self._get,
        }
        verb = asked.query.get("verb", "")
        try:
            if verb not in verbs or (verb == "ListRecords" and not self.quirks.lists_records):
                raise _StatedError("badVerb", "no such verb here")
            content = f"<{verb}>{verbs[verb](asked.query)}</{verb}>"
            status = 200
        except _StatedError as error:
            content, status = f'<error code="{error.code}">{escape(str(error))}</error>', self.quirks.status
        return Answer(envelope(content, self.url), status, _XML)

    def _identify(self, query: Mapping[str, str]) -> str:
        earliest = min((record.datestamp for record in self.records), default="2020-01-01T00:00:00Z")
        return (
            f"<repositoryName>해솔대학교 연구데이터 저장소</repositoryName><baseURL>{self.url}/oai</baseURL>"
            f"<protocolVersion>2.0</protocolVersion><adminEmail>data@haesol.example</adminEmail>"
            f"<earliestDatestamp>{self._written(earliest)}</earliestDatestamp>"
            f"<deletedRecord>{self.quirks.deletions}</deletedRecord>"
            f"<granularity>YYYY-MM-DD{'' if self.quirks.days else 'Thh:mm:ssZ'}</granularity>"
        )

    def _formats(self, query: Mapping[str, str]) -> str:
        offered = dict.fromkeys(prefix for record in self.records for prefix in record.metadata)
        return "".join(
            f"<metadataFormat><metadataPrefix>{prefix}</metadataPrefix><schema>http://schema.example/{prefix}.xsd</schema>"
            f"<metadataNamespace>{_NAMESPACES.get(prefix, 'http://other.example/')}</metadataNamespace></metadataFormat>"
            for prefix in offered
        )

    def _sets(self, query: Mapping[str, str]) -> str:
        names = sorted({name for record in self.records for name in record.sets})
        if not names:
            raise _StatedError("noSetHierarchy")
        return "".join(f"<set><setSpec>{name}</setSpec><setName>{name}</setName></set>" for name in names)

    def _list(self, query: Mapping[str, str]) -> str:
        if "resumptionToken" in query:
            *arguments, start, generation = unquote(query["resumptionToken"]).split("!")
            if len(arguments) != 4 or generation != str(self._generation):
                raise _StatedError("badResumptionToken", "the token has expired")
            prefix, set_, since, until = arguments
        else:
            start = "0"
            prefix, set_ = query.get("metadataPrefix", ""), query.get("set", "")
            since, until = query.get("from", ""), query.get("until", "")
        self._refuse_wrong(prefix, set_, since, until)
        chosen = [record for record in self.records if self._is_chosen(record, set_, since, until)]
        if not chosen:
            raise _StatedError("noRecordsMatch")
        end = int(start) + self.per_page
        page = chosen[int(start) : end]
        if self.quirks.never_ends and not page:
            page = chosen[-self.per_page :]
        header_only = query["verb"] == "ListIdentifiers"
        content = "".join(
            _header(record, self._written) if header_only else self._record(record, prefix) for record in page
        )
        more = end < len(chosen) or self.quirks.never_ends
        if not more and start == "0":
            return content
        place = "0" if self.quirks.same_token else str(end)
        token = quote("!".join((prefix, set_, since, until, place, str(self._generation))), safe="!") if more else ""
        size = f' completeListSize="{len(chosen)}"' if self.quirks.told_size else ""
        expires = f' expirationDate="{self.quirks.expires}"' if self.quirks.expires else ""
        return f'{content}<resumptionToken{size}{expires} cursor="{start}">{token}</resumptionToken>'

    def _refuse_wrong(self, prefix: str, set_: str, since: str, until: str) -> None:
        if not prefix:
            raise _StatedError("badArgument", "metadataPrefix is missing")
        for one in (since, until):
            if len(one) not in ((0, 10) if self.quirks.days or self.quirks.refuses_time else (0, 10, 20)):
                raise _StatedError("badArgument", f"{one} is finer than the granularity")
        if set_ and not any(record.sets for record in self.records):
            raise _StatedError("noSetHierarchy")
        if not any(prefix in record.metadata for record in self.records):
            raise _StatedError("cannotDisseminateFormat", prefix)

    def _is_chosen(self, record: Record, set_: str, since: str, until: str) -> bool:
        stamp = record.datestamp
        in_set = not set_ or any(name == set_ or name.startswith(f"{set_}:") for name in record.sets)
        return in_set and stamp[: len(since)] >= since and (not until or stamp[: len(until)] <= until)

    def _get(self, query: Mapping[str, str]) -> str:
        found = next((record for record in self.records if record.identifier == query.get("identifier")), None)
        if found is None:
            raise _StatedError("idDoesNotExist", query.get("identifier", ""))
        return self._record(found, query.get("metadataPrefix", ""))

    def _record(self, record: Record, prefix: str) -> str:
        metadata = "" if record.deleted else f"<metadata>{record.metadata.get(prefix, '')}</metadata>"
        return f"<record>{_header(record, self._written)}{metadata}</record>"

    def _written(self, stamp: str) -> str:
        return stamp[:10] if self.quirks.days else stamp


def envelope(content: str, url: str = "http://portal.example") -> bytes:
    """Put the content of an answer into what every answer begins and ends with."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="{_OAI}"><responseDate>{now}</responseDate>'
        f"<request>{escape(url)}/oai</request>{content}</OAI-PMH>"
    ).encode()


def records_of(document: bytes, prefix: str = "oai_dc") -> list[Record]:
    """Read the records of an answer to ListRecords."""
    found = []
    for one in etree.fromstring(document).iter(f"{{{_OAI}}}record"):
        header = one[0]
        stated = {name: header.findtext(f"{{{_OAI}}}{name}") or "" for name in ("identifier", "datestamp")}
        inner = one.find(f"{{{_OAI}}}metadata/*")
        found.append(
            Record(
                **stated,
                metadata={prefix: etree.tostring(inner, encoding="unicode", with_tail=False)}
                if inner is not None
                else {},
                sets=tuple(name.text or "" for name in header.iter(f"{{{_OAI}}}setSpec")),
                deleted=header.get("status") == "deleted",
            )
        )
    return found


def _header(record: Record, written: Callable[[str], str]) -> str:
    sets = "".join(f"<setSpec>{escape(name)}</setSpec>" for name in record.sets)
    status = ' status="deleted"' if record.deleted else ""
    return (
        f"<header{status}><identifier>{escape(record.identifier)}</identifier>"
        f"<datestamp>{written(record.datestamp)}</datestamp>{sets}</header>"
    )
