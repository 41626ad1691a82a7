"""The study of a DDI codebook (versions 1 to 2.5), offered under prefixes such as ``oai_ddi`` and ``oai_ddi25``.

Source: https://ddialliance.org/Specification/DDI-Codebook/2.5/. Read is the description of the study (``stdyDscr``) and
the files that are named; the variables (``dataDscr``) describe columns, not the dataset, and are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import (
    Agent,
    Catalog,
    Concept,
    ContactPoint,
    Dataset,
    Distribution,
    Location,
    Mapped,
    PeriodOfTime,
)
from harvester.errors import RecordError
from harvester.mapping.places import place_of_text
from harvester.mapping.xml_values import (
    attribute,
    children,
    lang_keywords,
    lang_text,
    local,
    read_record,
    text,
    texts,
    within,
)

VERSION = 1

_SECTIONS = (
    "citation", "titlStmt", "rspStmt", "prodStmt", "distStmt", "verStmt", "stdyInfo", "subject", "sumDscr",
    "dataAccs", "setAvail", "useStmt", "geoBndBox",
)  # fmt: skip
"""Elements that only hold others."""

_READ = frozenset(
    {
        "titl", "parTitl", "subTitl", "altTitl", "IDNo", "AuthEnty", "othId", "producer", "prodDate", "copyright",
        "fundAg", "distrbtr", "contact", "depositr", "distDate", "depDate", "version", "holdings", "keyword",
        "topcClas", "abstract", "timePrd", "collDate", "nation", "geogCover", "geogUnit", "dataKind", "universe",
        "accsPlac", "conditions", "restrctn", "confDec", "citReq", "biblCit", "serStmt",
    }
)  # fmt: skip
_ADDITIONAL = {"universe": "universe", "geogUnit": "geographic unit", "fundAg": "funder", "biblCit": "citation",
               "citReq": "citation requirement", "depositr": "depositor", "altTitl": "alternative"}  # fmt: skip
_MOST_FILES = 200


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one record; RecordError where it is not XML, has no metadata, or no study of a codebook."""
    record = read_record(payload)
    study = _study(record.metadata)
    by_name = _leaves(study)

    def named(*names: str) -> list[etree._Element]:
        return [one for name in names for one in by_name.get(name, ())]

    language = catalog.language
    landing_page, files = _holdings(named("holdings"))
    conditions = named("conditions", "restrctn")
    licence = _licence(texts([*conditions, *named("copyright")]), conditions)
    unread = sorted(by_name.keys() - _READ)
    additional = {label: ", ".join(said) for name, label in _ADDITIONAL.items() if (said := texts(named(name)))}
    additional |= {name: ", ".join(said)[:1000] for name in unread if (said := texts(by_name[name]))}
    if record.sets:
        additional["setSpec"] = ", ".join(record.sets)
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_text(named("titl", "parTitl"), language),
        description=lang_text(named("abstract"), language, joined=True),
        keyword=lang_keywords(named("keyword"), language),
        theme=tuple(dict.fromkeys(Concept(source=one) for one in texts(named("topcClas")))),
        type=next((Concept(source=one) for one in texts(named("dataKind"))), None),
        publisher=_publisher(named("distrbtr", "producer"), catalog),
        creator=tuple(_agents(named("AuthEnty"), language)),
        contact_point=tuple(_contact_points(named("contact"), language)),
        landing_page=landing_page,
        page=files,
        issued=_date(named("distDate", "prodDate", "depDate")),
        modified=_date(named("version")),
        temporal=_periods(named("timePrd") or named("collDate")),
        spatial=tuple(_places(named("nation", "geogCover"), language)),
        license=licence,
        rights=lang_text([*named("copyright"), *conditions, *named("confDec")], language, joined=True),
        access_rights=next((Concept(source=one) for one in texts(named("restrctn")) if len(one) <= 100), None),
        version=next(iter(texts(named("version"))), None),
        is_part_of=texts(within(study, "citation", "serStmt", "serName")),
        other_identifier=tuple(one for one in texts(named("IDNo")) if one != identifier),
        distribution=tuple(_distributions(record.metadata, landing_page, language)),
        additional=additional,
    )
    return Mapped(dataset=dataset, unread=tuple(unread))


def _study(metadata: etree._Element) -> etree._Element:
    for node in metadata.iter("*"):
        if local(node) == "stdyDscr":
            return node
    raise RecordError("not-ddi", f"<{local(metadata)[:80]}> holds no description of a study (stdyDscr)")


def _leaves(study: etree._Element) -> dict[str, list[etree._Element]]:
    """What the sections of the study hold, by name, in document order."""
    found: dict[str, list[etree._Element]] = {}
    waiting = [study]
    while waiting:
        for one in children(waiting.pop(0)):
            if local(one) in _SECTIONS:
                waiting.append(one)
            else:
                found.setdefault(local(one), []).append(one)
    return found


def _holdings(elements: list[etree._Element]) -> tuple[str | None, tuple[str, ...]]:
    addresses = list(dict.fromkeys(uri for one in elements if (uri := attribute(one, "URI") or text(one))))
    links = [one for one in addresses if one.startswith(("http://", "https://"))]
    return (links[0] if links else None), tuple(links[1:])


def _licence(stated: tuple[str, ...], conditions: list[etree._Element]) -> Concept | None:
    """Conditions that name an address, or are short enough to be the name of a licence."""
    for one in conditions:
        uri = attribute(one, "elementVersion", "uri", "URI")
        if uri and uri.startswith(("http://", "https://")):
            return Concept(source=text(one) or uri, uri=uri)
    return next((Concept(source=one) for one in stated if len(one) <= 120), None)


def _publisher(elements: list[etree._Element], catalog: Catalog) -> Agent | None:
    stated = next(_agents(elements, catalog.language), None)
    return stated or (Agent(name=catalog.publisher) if catalog.publisher else None)


def _agents(elements: list[etree._Element], language: str) -> Iterator[Agent]:
    for one in elements:
        if name := lang_text([one], language):
            homepage = attribute(one, "URI")
            yield Agent(name=name, homepage=homepage if homepage and "://" in homepage else None)


def _contact_points(elements: list[etree._Element], language: str) -> Iterator[ContactPoint]:
    for one in elements:
        email, url = attribute(one, "email"), attribute(one, "URI")
        if (name := lang_text([one], language)) or email:
            yield ContactPoint(name=name, email=email, url=url)


def _date(elements: list[etree._Element]) -> str | None:
    """First date, which the attribute gives in ISO 8601 and the text as it likes."""
    return next((date for one in elements if (date := attribute(one, "date") or _text_date(one))), None)


def _text_date(element: etree._Element) -> str | None:
    return text(element) if local(element) != "version" else None


def _periods(elements: list[etree._Element]) -> tuple[PeriodOfTime, ...]:
    """Periods: ``start`` and ``end`` stand as two elements, ``single`` as one."""
    found: list[PeriodOfTime] = []
    start: str | None = None
    for one in elements:
        date = attribute(one, "date") or text(one)
        event = attribute(one, "event")
        if event == "start":
            if start:
                found.append(PeriodOfTime(start=start))
            start = date
        elif event == "end" and (start or date):
            found.append(PeriodOfTime(start=start, end=date))
            start = None
        elif date:
            found.append(PeriodOfTime(label=date))
    return (*found, *((PeriodOfTime(start=start),) if start else ()))


def _places(elements: list[etree._Element], language: str) -> Iterator[Location]:
    known: set[str] = set()
    for one in elements:
        if (said := text(one)) and said not in known:
            known.add(said)
            label = lang_text([one], language)
            yield Location(label=label) if label != {language: said} else place_of_text(said, language)


def _distributions(metadata: etree._Element, landing_page: str | None, language: str) -> Iterator[Distribution]:
    """Files of the study, those with statistics (``fileDscr``) and all others (``otherMat``)."""
    described = [one for one in metadata.iter("{*}fileDscr", "{*}otherMat")][:_MOST_FILES]
    for one in described:
        name = [*within(one, "fileTxt", "fileName"), *children(one, "labl")]
        kind = next(iter(texts([*within(one, "fileTxt", "fileType"), *children(one, "notes")])), None)
        address = attribute(one, "URI")
        link = address if address and address.startswith(("http://", "https://")) else None
        if title := lang_text(name, language):
            yield Distribution(
                title=title,
                access_url=link or landing_page,
                download_url=link,
                format=Concept(source=kind) if kind and len(kind) <= 100 else None,
            )
