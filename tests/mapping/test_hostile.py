"""No bytes make a mapping raise anything but RecordError."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvester.catalog.model import Catalog, Mapped
from harvester.errors import RecordError
from harvester.mapping import (
    MAPPINGS,
    ckan,
    data_json,
    datacite,
    datagokr_json,
    datagokr_rdf,
    datagokr_row,
    github_repository,
    huggingface,
    schema_org,
)
from harvester.mapping.declared import PROPERTIES as DECLARED
from harvester.mapping.rdf_closure import Closure, split_feed
from harvester.mapping.rdf_documents import RdfSyntax

CATALOG = Catalog(source="example.portal", url="https://portal.example", language="ko")
JSON_FORMATS = (
    "ckan", "data_json", "datacite", "datagokr_csv", "datagokr_json", "fields", "github_repository", "huggingface",
    "schema_org",
)  # fmt: skip
HUB_KEYS = (
    "attributes", "cardData", "rfilename", "login", "affiliation", "titleType", "relatedIdentifier", "relationType",
    "geoLocationBox", "geoLocationPoint", "pointLatitude", "westBoundLongitude", "rightsUri", "date", "dateType",
    "@type", "@list", "geo", "box", "contentUrl", "hasBeginning", "userInteractionCount", "interactionType", "node",
)  # fmt: skip
RESOURCE_KEYS = (
    "id", "url", "format", "size", "hash", "license", "conforms_to", "access_services", "resource_type", "url_type",
    "accessURL", "downloadURL", "mediaType", "byteSize", "checksum", "accessService", "endpointURL",
)  # fmt: skip
INNER_KEYS = (
    "@value", "@language", "@id", "name", "title", "url", "uri", "email", "hasEmail", "startDate", "bbox", "geometry",
    "coordinates", "key", "value", "de", "en", "total", "display_name", "contactPoint", "contactType",
)  # fmt: skip
KEYS = sorted(
    {
        *ckan._READ,
        *data_json._READ,
        *datacite._READ,
        *datagokr_json._READ,
        *github_repository._READ,
        *huggingface._READ,
        *schema_org._READ,
        *HUB_KEYS,
        *(name for names in datagokr_row._HEADERS.values() for name in names),
        *RESOURCE_KEYS,
        *INNER_KEYS,
        *DECLARED,
    }
)
SHAPES = [
    '["a"]',
    '{"de": "x"}',
    "1,2,3,4",
    "POLYGON ((1 2, 3 4))",
    '{"coordinates": [[1, 2]]}',
    "[[1,2],[3,4]]",
    "[" * 50,
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(SHAPES),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)
records = st.dictionaries(st.sampled_from(KEYS), values, max_size=12)
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def survives(format: str, payload: bytes) -> None:
    """The payload becomes a dataset with the types of the model, or a RecordError with a code."""
    outcome: Mapped | str
    try:
        outcome = MAPPINGS[format](payload, "id", CATALOG)
    except RecordError as error:
        outcome = error.code
    assert outcome
    if isinstance(outcome, Mapped):
        assert msgspec.json.decode(msgspec.json.encode(outcome), type=Mapped) == outcome


def feed_survives(payload: bytes, syntax: RdfSyntax) -> None:
    """The payload is a feed of datasets that survive, or a ValueError with a message."""
    reason = None
    closures: list[Closure] = []
    try:
        closures = [*split_feed(payload, syntax, "https://portal.example/")]
    except ValueError as error:
        reason = str(error)
    assert reason is None or reason
    for one in closures:
        assert one.identifier
        survives("dcat_rdf", one.triples)


@pytest.mark.parametrize("format", MAPPINGS)
@given(payload=st.binary(max_size=200))
@relaxed
def test_any_bytes(format: str, payload: bytes) -> None:
    survives(format, payload)


@pytest.mark.parametrize("format", JSON_FORMATS)
@given(record=records)
@relaxed
def test_known_fields_with_values_of_any_shape(format: str, record: dict[str, Any]) -> None:
    survives(format, orjson.dumps(record))


@given(record=records)
@relaxed
def test_fields_of_hubs_inside_what_surrounds_them(record: dict[str, Any]) -> None:
    survives("datacite", orjson.dumps({"id": "10.1/1", "attributes": record}))
    survives("huggingface", orjson.dumps({"id": "a/b", "cardData": record, **record}))
    survives("github_repository", orjson.dumps({**record, "name": "a", "owner": record, "license": record}))
    node = {**record, "@type": "Dataset", "distribution": [record], "spatialCoverage": record, "creator": record}
    survives("schema_org", orjson.dumps({"page": "https://a.example/", "node": node, "context": record}))


@pytest.mark.parametrize("format", JSON_FORMATS)
@pytest.mark.parametrize(
    "value",
    [10**30, -(10**400), 1e308, "\ud800", "a\ud800b", "\x00", "x" * 100_000, [[[[]]]], {"a": {"b": {"c": {}}}}],
    ids=str,
)
def test_extreme_values(format: str, value: Any) -> None:
    for key in (
        "title",
        "name",
        "목록명",
        "resources",
        "extras",
        "distribution",
        "spatial",
        "조회수",
        "keywords",
        "creator",
    ):
        survives(format, json.dumps({"name": "x", key: value, "목록키": 1}).encode())


@pytest.mark.parametrize("format", JSON_FORMATS)
@pytest.mark.parametrize("depth", [100, 1_000, 100_000])
def test_deep_nesting(format: str, depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"title":', "}")):
        deep = opening * depth + "1" + closing * depth
        survives(format, deep.encode())
        for key in ("title", "extras", "resources", "distribution", "spatial", "groups", "organization", "creator"):
            survives(format, f'{{"name": "x", "{key}": {deep}}}'.encode())
            survives(format, orjson.dumps({"name": "x", key: deep}))


PIECES = [
    "<https://a.example/1>", "_:b1", '"text"', '"text"@ko', '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
    '"\\uD800"', '"\\U00110000"', '"\\x"', '""', "<>", " ", ".", " .\n", "\n", "<https://a.example/1> a",
    "_:b1 _:b1 _:b1 .\n", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", "<http://www.w3.org/ns/dcat#Dataset>",
    "<http://www.w3.org/ns/dcat#distribution>", "<http://purl.org/dc/terms/title>",
]  # fmt: skip


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=30))
@relaxed
def test_pieces_of_n_triples(pieces: list[str]) -> None:
    survives("dcat_rdf", " ".join(pieces).encode())


PROPERTIES = [
    f"<http://{name}>"
    for name in (
        "purl.org/dc/terms/title", "purl.org/dc/terms/publisher", "purl.org/dc/terms/temporal",
        "purl.org/dc/terms/spatial", "purl.org/dc/terms/license", "purl.org/dc/terms/rights",
        "purl.org/dc/terms/language", "purl.org/dc/terms/type", "purl.org/dc/terms/identifier",
        "purl.org/dc/terms/conformsTo", "www.w3.org/ns/dcat#distribution", "www.w3.org/ns/dcat#contactPoint",
        "www.w3.org/ns/dcat#keyword", "www.w3.org/ns/dcat#theme", "www.w3.org/ns/dcat#accessURL",
        "www.w3.org/ns/dcat#accessService", "www.w3.org/ns/dcat#bbox", "www.w3.org/ns/dcat#byteSize",
        "www.w3.org/ns/dcat#startDate", "www.w3.org/1999/02/22-rdf-syntax-ns#type",
    )
]  # fmt: skip
TERMS = [
    '"text"',
    '"text"@ko',
    '""',
    '"9999999999999999999"',
    '"POLYGON ((1 2, 3 4))"',
    "<http://www.w3.org/ns/dcat#Dataset>",
]
nodes = st.sampled_from(["<https://a.example/1>", "_:b1", "_:b2", "<https://a.example/2>"])
objects = st.one_of(nodes, st.sampled_from(TERMS))


@given(triples=st.lists(st.tuples(nodes, st.sampled_from(PROPERTIES), objects), max_size=25))
@relaxed
def test_graphs_of_any_shape(triples: list[tuple[str, str, str]]) -> None:
    payload = "".join(f"{subject} {name} {value} .\n" for subject, name, value in triples).encode()
    survives("dcat_rdf", payload)
    feed_survives(payload, "turtle")


ELEMENTS = [
    "<dct:title>", "</dct:title>", "<dcat:Dataset>", "</dcat:Dataset>", "<dcat:distribution>", "<x/>", "<br>", "&",
    "&amp;", "&x;", "<", ">", "<![CDATA[", "]]>", "<!--", "-->", "<?x?>", "<!DOCTYPE a>", "텍스트", "\x00", "\ufffe",
    ' xml:lang="kr"', '<dcat:theme rdf:resource="a">', '<vcard:hasTelephone rdf:resource="1"/>',
    "<dcat:contactPoint>", "\ud7ff",
]  # fmt: skip


@given(pieces=st.lists(st.sampled_from(ELEMENTS), max_size=30))
@relaxed
def test_pieces_of_rdf_xml(pieces: list[str]) -> None:
    head = '<rdf:RDF xmlns:rdf="r" xmlns:dcat="d" xmlns:dct="t"><dcat:Dataset>'
    for payload in ("".join(pieces), head + "".join(pieces)):
        survives("datagokr_rdf", payload.encode())
        feed_survives(payload.encode(), "rdf_xml")


@given(payload=st.binary(max_size=200), syntax=st.sampled_from(["turtle", "rdf_xml", "json_ld"]))
@relaxed
def test_any_bytes_as_a_feed(payload: bytes, syntax: RdfSyntax) -> None:
    feed_survives(payload, syntax)


def test_the_json_test_suite(samples: Path) -> None:
    files = sorted((samples / "hostile" / "json").iterdir())
    assert len(files) > 100
    for file in files:
        payload = file.read_bytes()
        for format in JSON_FORMATS:
            survives(format, payload)
            survives(format, b'{"name": "x", "title": ' + payload + b"}")
        feed_survives(payload, "json_ld")


def test_xml_bombs_and_external_entities(samples: Path) -> None:
    files = sorted((samples / "hostile" / "xml").iterdir())
    assert len(files) == 6
    for file in files:
        payload = file.read_bytes()
        with pytest.raises(RecordError):
            datagokr_rdf.to_dataset(payload, "x", CATALOG)
        with pytest.raises(ValueError, match="document type declaration"):
            split_feed(payload, "rdf_xml", "https://portal.example/")


@pytest.mark.parametrize(
    "folder", ["hostile/dcat", "hostile/feeds", "hostile/iso", "hostile/encoding", "hostile/data-json"]
)
def test_other_hostile_files(folder: str, samples: Path) -> None:
    files = [file for file in sorted((samples / folder).rglob("*")) if file.is_file()]
    assert files
    for file in files:
        payload = file.read_bytes()
        for format in MAPPINGS:
            survives(format, payload)
        feed_survives(payload, "rdf_xml")


def test_mappings_know_no_member(members: tuple[str, ...]) -> None:
    folder = Path(ckan.__file__).parent
    sources = "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py")))
    named = [name for name in members if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sources)]
    assert len(members) > 3
    assert named == []


@pytest.fixture
def members() -> tuple[str, ...]:
    """Ids, names and aliases of all configured members."""
    yaml = pytest.importorskip("yaml")
    found: list[str] = []
    for file in sorted((Path(__file__).parents[2] / "config" / "members").glob("*.yml")):
        member = yaml.safe_load(file.read_text(encoding="utf-8"))
        found += [file.stem, *member["name"].values(), *member.get("aliases", ())]
    return tuple(found)
