"""Dublin Core in XML, as OAI-PMH carries it: ``oai_dc``, qualified Dublin Core, and dialects such as ``nsdl_dc``.

Sources: https://www.openarchives.org/OAI/2.0/guidelines-oai_dc.htm, https://www.dublincore.org/specifications/dublin-core/dcmi-terms/.
Elements are told by local name: repositories put them into many namespaces. What one element may mean in several ways
(identifier, date, rights, coverage) is told by its text; what stays unclear travels in `Dataset.additional`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    Dataset,
    Distribution,
    LangText,
    Location,
    Mapped,
    PeriodOfTime,
)
from harvester.errors import RecordError
from harvester.mapping.places import place_of_text
from harvester.mapping.xml_values import attribute, children, lang_keywords, lang_text, local, read_record, text, texts

VERSION = 1

_READ = frozenset(
    {
        "title", "alternative", "description", "abstract", "tableOfContents", "subject", "creator", "contributor",
        "publisher", "date", "created", "issued", "available", "dateSubmitted", "dateAccepted", "modified", "type",
        "format", "medium", "extent", "identifier", "bibliographicCitation", "source", "language", "relation",
        "isPartOf", "references", "isReferencedBy", "hasPart", "isVersionOf", "hasVersion", "hasFormat",
        "isFormatOf", "replaces", "isReplacedBy", "requires", "conformsTo", "coverage", "spatial", "temporal",
        "rights", "license", "accessRights", "rightsHolder", "provenance", "accrualPeriodicity", "audience",
    }
)  # fmt: skip
"""The elements and terms of Dublin Core that are read; one of them must be there."""

_ADDITIONAL = (
    "alternative", "contributor", "extent", "bibliographicCitation", "source", "rightsHolder", "audience",
    "tableOfContents",
)  # fmt: skip
_RELATIONS = (
    "relation", "references", "isReferencedBy", "hasPart", "isVersionOf", "hasVersion", "hasFormat", "isFormatOf",
    "replaces", "isReplacedBy", "requires",
)  # fmt: skip
_DOI = re.compile(r"(?:doi:\s*|info:doi/)?(10\.\d{4,9}/\S+)", re.I)
_HANDLE = re.compile(r"hdl:\s*(\d[\w.]*/\S+)", re.I)
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?(?:T.*)?")
_YEARS = re.compile(r"\d{3,4}(?:[-./]\d{1,2}){0,2}\s*(?:[-–~/]|to)\s*\d{3,4}(?:[-./]\d{1,2}){0,2}|\d{4}(?:-\d\d){0,2}")
_LICENCE = re.compile(
    r"creative\s?commons|\bcc[\s_-]?(?:by|0|zero)\b|공공누리|\bkogl\b|이용허락|open\s+(?:data|government)|odbl|"
    r"public\s+domain|licen[cs]e|라이[선센]스",
    re.I,
)
_ACCESS = re.compile(r"info:eu-repo/semantics/\w+|(?:open|restricted|closed|embargoed)\s?access", re.I)
_DATASET = re.compile(r"(?:^|[/#])data\s?set$", re.I)
_DCSV = re.compile(r"\s*([A-Za-z]+)\s*=\s*([^;]*)(?:;|\Z)")
_LONGEST_FORMAT = 80


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one record; RecordError where it is not XML, has no metadata, or is no Dublin Core."""
    record = read_record(payload)
    by_name: dict[str, list[etree._Element]] = {}
    for one in children(record.metadata):
        by_name.setdefault(local(one), []).append(one)
    if not _READ & by_name.keys():
        raise RecordError("not-dublin-core", f"<{local(record.metadata)[:80]}> holds no element of Dublin Core")

    def named(*names: str) -> list[etree._Element]:
        return [one for name in names for one in by_name.get(name, ())]

    language = catalog.language
    links, others = _identifiers(named("identifier"))
    landing_page = links[0] if links else None
    stated = texts(named("rights"))
    licence, access = _rights(texts(named("license")), texts(named("accessRights")), stated)
    dates = sorted(date for date in texts(named("date")) if _DATE.fullmatch(date))
    relations = texts(named(*_RELATIONS))
    periods, places = _coverage(texts(named("temporal")), texts(named("spatial")), texts(named("coverage")), language)
    additional = {name: ", ".join(said) for name in _ADDITIONAL if (said := texts(named(name)))}
    if said := tuple(one for one in relations if not _is_link(one)):
        additional["relation"] = ", ".join(said)
    if record.sets:
        additional["setSpec"] = ", ".join(record.sets)
    unread = sorted(by_name.keys() - _READ)
    additional |= {name: ", ".join(said)[:1000] for name in unread if (said := texts(by_name[name]))}
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_text(named("title", "alternative"), language),
        description=lang_text(named("abstract", "description"), language, joined=True),
        keyword=lang_keywords(named("subject"), language),
        type=_type(texts(named("type"))),
        publisher=_publisher(named("publisher"), catalog),
        creator=tuple(_agents(named("creator"), language)),
        landing_page=landing_page,
        page=tuple(dict.fromkeys((*links[1:], *(one for one in relations if _is_link(one))))),
        issued=next(iter(texts(named("issued", "available", "created"))), None) or (dates[0] if dates else None),
        modified=next(iter(texts(named("modified"))), None),
        accrual_periodicity=_concept(texts(named("accrualPeriodicity"))),
        temporal=periods,
        spatial=places,
        language=texts(named("language")),
        license=licence,
        rights=lang_text([one for one in named("rights") if not _is_link(text(one) or "")], language, joined=True),
        access_rights=access,
        conforms_to=texts(named("conformsTo")),
        provenance=lang_text(named("provenance"), language),
        is_part_of=texts(named("isPartOf")),
        other_identifier=tuple(one for one in others if one != identifier),
        distribution=tuple(_distributions(texts(named("format", "medium")), landing_page)),
        additional=additional,
    )
    return Mapped(dataset=dataset, unread=tuple(unread))


def _identifiers(elements: list[etree._Element]) -> tuple[list[str], list[str]]:
    """Addresses, that of a DOI first and that of a bare handle last, and all other identifiers."""
    dois, links, handles, others = [], [], [], []
    for one in elements:
        said = text(one) or ""
        if _is_link(said):
            links.append(said)
            continue
        if found := _DOI.fullmatch(said):
            dois.append(f"https://doi.org/{found[1]}")
        # A handle of the metadata record itself (NSDL) leads nowhere that a reader wants to go.
        elif (found := _HANDLE.fullmatch(said)) and not (attribute(one, "type") or "").endswith("MetadataHandle"):
            handles.append(f"https://hdl.handle.net/{found[1]}")
        if said:
            others.append(said)
    return list(dict.fromkeys((*dois, *links, *handles))), list(dict.fromkeys(others))


def _is_link(said: str) -> bool:
    return said.startswith(("http://", "https://")) and not any(character.isspace() for character in said)


def _rights(
    licences: tuple[str, ...], access: tuple[str, ...], rights: tuple[str, ...]
) -> tuple[Concept | None, Concept | None]:
    """Licence and access rights: where they are not stated as such, from the rights that look like them."""
    licence = next(iter(licences), None) or next((one for one in rights if _is_link(one)), None)
    licence = licence or next((one for one in rights if _LICENCE.search(one) and not _ACCESS.fullmatch(one)), None)
    granted = next(iter(access), None) or next((one for one in rights if _ACCESS.fullmatch(one)), None)
    if licence and _is_link(licence):
        return Concept(source=licence, uri=licence), _concept((granted,))
    return _concept((licence,)), _concept((granted,))


def _concept(stated: Iterable[str | None]) -> Concept | None:
    found = next((one for one in stated if one), None)
    return Concept(source=found) if found else None


def _type(stated: tuple[str, ...]) -> Concept | None:
    """First type; none where one of them says that this is a dataset, as everything here is."""
    return None if any(_DATASET.search(one) for one in stated) else _concept(stated)


def _publisher(elements: list[etree._Element], catalog: Catalog) -> Agent | None:
    stated = next(iter(_agents(elements, catalog.language)), None)
    return stated or (Agent(name=catalog.publisher) if catalog.publisher else None)


def _agents(elements: list[etree._Element], language: str) -> Iterable[Agent]:
    found: dict[str, LangText] = {}
    for one in elements:
        if name := text(one):
            found.setdefault(name, lang_text([one], language))
    return (Agent(name=name) for name in found.values())


def _coverage(
    temporal: tuple[str, ...], spatial: tuple[str, ...], coverage: tuple[str, ...], language: str
) -> tuple[tuple[PeriodOfTime, ...], tuple[Location, ...]]:
    """Periods and places; ``coverage`` may be either, also as DCMI Period or DCMI Box."""
    periods, places = [_period(one) for one in temporal], [_place(one, language) for one in spatial]
    for one in coverage:
        keys = _dcsv(one).keys()
        if keys & {"start", "end"} or _YEARS.fullmatch(one):
            periods.append(_period(one))
        else:
            places.append(_place(one, language))
    return tuple(periods), tuple(places)


def _dcsv(stated: str) -> dict[str, str]:
    """Components of a structured value (``name=…; start=…``), by name in lower case."""
    if "=" not in stated or len(stated) > 2_000:
        return {}
    return {found[1].lower(): found[2].strip() for found in _DCSV.finditer(stated) if found[2].strip()}


def _period(stated: str) -> PeriodOfTime:
    parts = _dcsv(stated)
    if "start" in parts or "end" in parts:
        return PeriodOfTime(start=parts.get("start"), end=parts.get("end"), label=parts.get("name"))
    return PeriodOfTime(label=stated)


def _place(stated: str, language: str) -> Location:
    parts = _dcsv(stated)
    edges = [parts.get(f"{side}limit") for side in ("west", "south", "east", "north")]
    if not any(edges) and "name" not in parts:
        return place_of_text(stated, language)
    label = {language: parts["name"]} if "name" in parts else {}
    box = place_of_text(",".join(one or "" for one in edges), language).bbox
    return Location(label=label, bbox=box) if box or label else Location(label={language: stated})


def _distributions(formats: tuple[str, ...], landing_page: str | None) -> Iterable[Distribution]:
    """A distribution for each format; sizes and numbers of pages, which also stand there, are none."""
    for one in formats:
        if len(one) <= _LONGEST_FORMAT and not one[:1].isdigit():
            yield Distribution(access_url=landing_page, format=Concept(source=one))
