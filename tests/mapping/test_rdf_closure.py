from __future__ import annotations

import random
import time

import orjson
import pyoxigraph
import pytest

from harvester.mapping.rdf_closure import split_feed
from harvester.mapping.rdf_documents import RdfSyntax

BASE = "https://portal.example/catalog"
TURTLE = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
<https://portal.example/> a dcat:Catalog ; dct:title "Catalogue" ;
  dcat:dataset <d/1>, <d/2>, _:third ; dcat:service <s/1> .
<d/1> a dcat:Dataset ; dct:title "도로"@ko, "Roads"@en ; dct:publisher <org> ; dct:relation <d/2> ;
  dcat:contactPoint [ a vcard:Kind ; vcard:fn "Desk" ] ;
  dct:temporal [ dcat:startDate "2020-01-01" ; dcat:endDate "2020-12-31" ] ;
  dcat:distribution [ a dcat:Distribution ; dct:format "CSV" ; dcat:accessService <s/2> ], [ dct:format "JSON" ] .
<d/2> a dcat:Dataset ; dct:title "Maps" ; dct:publisher <org> .
_:third a dcat:Dataset ; dct:identifier "third" ; dct:title "Third" .
<org> a foaf:Organization ; foaf:name "Office" .
<s/1> a dcat:DataService ; dct:title "Listed service" ; dcat:servesDataset <d/1> .
<s/2> a dcat:DataService ; dct:title "Serving service" .
<https://portal.example/catalog?page=1> a hydra:PartialCollectionView ;
  hydra:next <https://portal.example/catalog?page=2> .
<https://portal.example/> hydra:totalItems 40 .
"""


def feed_of(text: str, syntax: RdfSyntax = "turtle") -> dict[str, str]:
    return {one.identifier: one.triples.decode() for one in split_feed(text.encode(), syntax, BASE)}


def test_a_catalogue_is_taken_apart() -> None:
    feed = split_feed(TURTLE.encode(), "turtle", BASE)
    found = {one.identifier: one.triples.decode() for one in feed}
    assert list(found) == [
        "https://portal.example/d/1",
        "https://portal.example/d/2",
        "https://portal.example/s/1",
        "third",
    ]
    assert len(feed) == 4
    assert feed.next_page == "https://portal.example/catalog?page=2"
    assert feed.declared_total == 40
    assert feed.problems == ()
    roads = found["https://portal.example/d/1"]
    assert '"도로"@ko' in roads
    assert '"Office"' in roads, "the agent belongs to the dataset"
    assert '"Desk"' in roads
    assert '"Serving service"' in roads
    assert '"Maps"' not in roads, "another dataset does not"
    assert '"Catalogue"' not in roads
    assert roads.splitlines() == sorted(roads.splitlines())
    assert '"Roads"' not in found["https://portal.example/s/1"]


def reserialised(text: str, syntax: RdfSyntax, seed: int) -> bytes:
    """The same triples in another order, with other blank node labels, in another syntax."""
    formats = {"turtle": pyoxigraph.RdfFormat.TURTLE, "rdf_xml": pyoxigraph.RdfFormat.RDF_XML, "json_ld": None}
    quads = list(
        pyoxigraph.parse(input=text, format=pyoxigraph.RdfFormat.TURTLE, base_iri=BASE, rename_blank_nodes=True)
    )
    random.Random(seed).shuffle(quads)
    triples = [pyoxigraph.Triple(quad.subject, quad.predicate, quad.object) for quad in quads]
    if syntax != "json_ld":
        return bytes(pyoxigraph.serialize(triples, format=formats[syntax]))
    nodes = []
    for triple in triples:
        value = triple.object
        if isinstance(value, pyoxigraph.Literal):
            stated = {"@value": value.value}
            if value.language:
                stated["@language"] = value.language
            elif not value.datatype.value.endswith("string"):
                stated["@type"] = value.datatype.value
        else:
            stated = {"@id": value.value if isinstance(value, pyoxigraph.NamedNode) else str(value)}
        subject = triple.subject
        name = subject.value if isinstance(subject, pyoxigraph.NamedNode) else str(subject)
        nodes.append({"@id": name, triple.predicate.value: [stated]})
    return orjson.dumps({"@graph": nodes})


@pytest.mark.parametrize("syntax", ["turtle", "rdf_xml", "json_ld"])
@pytest.mark.parametrize("seed", range(4))
def test_a_feed_that_is_serialised_anew_gives_the_same_bytes(syntax: RdfSyntax, seed: int) -> None:
    again = split_feed(reserialised(TURTLE, syntax, seed), syntax, BASE)
    assert [*again] == [*split_feed(TURTLE.encode(), "turtle", BASE)]


def test_a_dataset_does_not_change_with_its_neighbours() -> None:
    alone = TURTLE.replace(
        'dct:title "Maps"', 'dct:title "Maps" ; dcat:contactPoint [ vcard:fn "A" ; vcard:adr [ vcard:x [] ] ]'
    )
    assert feed_of(alone)["https://portal.example/d/1"] == feed_of(TURTLE)["https://portal.example/d/1"]


def test_blank_nodes_that_differ_only_further_down_stay_apart() -> None:
    found = feed_of(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix spdx: <http://spdx.org/rdf/terms#> . "
        '<a> a dcat:Dataset ; dcat:distribution [ spdx:checksum [ spdx:checksumValue "1" ] ], '
        '[ spdx:checksum [ spdx:checksumValue "2" ] ] .'
    )
    assert found["https://portal.example/a"].count("dcat#distribution") == 2


def test_blank_nodes_in_a_circle() -> None:
    found = feed_of(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . "
        "<a> a dcat:Dataset ; dcat:x _:b . _:b dcat:y _:c . _:c dcat:y _:b ."
    )
    assert len(found) == 1


def test_datasets_without_an_address_are_known_by_what_they_state() -> None:
    found = feed_of(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
        '[] a dcat:Dataset ; dct:identifier "one" . [] a dcat:Dataset ; dct:title "Two" . '
        '[] a dcat:Dataset ; dct:identifier "one" ; dct:title "other" . [] a dcat:Dataset ; dct:issued "2020" .'
    )
    names = sorted(found)
    assert len(names) == 4
    assert {"one", "Two"} < set(names)
    assert sum(name.startswith("one#b") for name in names) == 1
    assert sum(name.startswith("_:b") for name in names) == 1


def test_turtle_goes_on_after_an_error_and_says_so() -> None:
    feed = split_feed(
        (TURTLE + '<d/9> a dcat:Dataset ; dct:issued "2020"^^<<x> . <d/10> a dcat:Dataset .').encode(), "turtle", BASE
    )
    assert "https://portal.example/d/10" in {one.identifier for one in feed}
    assert feed.problems


def test_turtle_with_prefixes_that_are_not_declared() -> None:
    feed = split_feed(b'<d/1> a dcat:Dataset ; dct:title "Roads" ; zzz:x "y" .', "turtle", BASE)
    (one,) = feed
    assert "<http://purl.org/dc/terms/title>" in one.triples.decode()
    assert "<urn:undeclared-prefix:zzz#x>" in one.triples.decode()
    assert feed.problems == ()


def test_addresses_that_are_no_iris_are_kept_readable() -> None:
    found = feed_of(
        '<d 1> a <http://www.w3.org/ns/dcat#Dataset> ; <http://www.w3.org/ns/dcat#landingPage> <http://a/?x[0]="1"> .'
    )
    assert list(found) == ["https://portal.example/d%201"]


RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
    'xmlns:dct="http://purl.org/dc/terms/" xmlns:skos="http://www.w3.org/2004/02/skos/core#">{}</rdf:RDF>'
)


def test_text_where_rdf_xml_allows_none_becomes_a_label() -> None:
    found = feed_of(
        RDF_XML.format(
            '<dcat:Dataset rdf:about="a"><dcat:theme rdf:resource="http://theme.example">Weather</dcat:theme>'
            "<dct:subject><skos:Concept>Air</skos:Concept></dct:subject></dcat:Dataset>"
        ),
        "rdf_xml",
    )
    assert (
        '<http://theme.example> <http://www.w3.org/2000/01/rdf-schema#label> "Weather"'
        in found["https://portal.example/a"]
    )
    assert '<http://www.w3.org/2000/01/rdf-schema#label> "Air"' in found["https://portal.example/a"]


def test_rdf_inside_an_envelope() -> None:
    one = RDF_XML.format('<dcat:Dataset rdf:about="a"/>')
    two = RDF_XML.format('<dcat:Dataset rdf:about="b"/>')
    found = feed_of(f'<?xml version="1.0"?><csw:R xmlns:csw="x"> {one} <!-- --> {two} </csw:R>', "rdf_xml")
    assert list(found) == ["https://portal.example/a", "https://portal.example/b"]


@pytest.mark.parametrize(
    "context",
    [
        "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        ["https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld", {"zip": "http://a.example/zip"}],
    ],
)
def test_a_context_that_is_known_here_is_not_fetched(context: object) -> None:
    document = {
        "@context": context,
        "@type": "dcat:Catalog",
        "dataset": [
            {
                "@type": "dcat:Dataset",
                "identifier": "one",
                "title": "Roads",
                "distribution": [{"accessURL": "https://a.example"}],
            }
        ],
    }
    (one,) = split_feed(orjson.dumps(document), "json_ld", BASE)
    assert one.identifier == "one"
    assert "<http://www.w3.org/ns/dcat#accessURL> <https://a.example>" in one.triples.decode()


def test_schema_org() -> None:
    document = {"@context": "https://schema.org/", "@type": "Dataset", "@id": "https://a.example/1", "name": "Roads",
                "distribution": {"@type": "DataDownload", "contentUrl": "https://a.example/f"}}  # fmt: skip
    (one,) = split_feed(orjson.dumps([document]), "json_ld", BASE)
    assert '<http://schema.org/name> "Roads"' in one.triples.decode()


@pytest.mark.parametrize(
    "document",
    [
        {"@context": "https://unknown.example/context", "@type": "Dataset"},
        {"@context": ["https://schema.org", "https://unknown.example/context"]},
        {"@context": {"@import": "https://schema.org"}},
        {"@context": {"x": {"@id": "http://e/x", "@context": "https://unknown.example/scoped"}}},
        {"@graph": [{"@context": "relative.jsonld"}]},
        {"@context": "https://schema.org.unknown.example/"},
    ],
)
def test_other_contexts_are_refused_and_never_fetched(document: object) -> None:
    with pytest.raises(ValueError, match="never fetched"):
        split_feed(orjson.dumps(document), "json_ld", BASE)


@pytest.mark.parametrize("pair", ["[]", "{}"])
@pytest.mark.parametrize("depth", [101, 900, 5_000, 100_000])
def test_deep_json_ld_is_refused_before_it_can_end_the_process(pair: str, depth: int) -> None:
    opened = '{"http://a/b":' if pair == "{}" else "["
    payload = (opened * depth + "1" + pair[1] * depth).encode()
    with pytest.raises(ValueError, match=r"nested|not JSON"):
        split_feed(payload, "json_ld", BASE)


def test_a_context_named_endlessly_often_is_refused() -> None:
    payload = b"[" + b",".join([b'{"@context":"https://schema.org"}'] * 30_000) + b"]"
    with pytest.raises(ValueError, match="contexts"):
        split_feed(payload, "json_ld", BASE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-7"])
def test_a_dtd_is_refused_in_every_encoding(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE a [<!ENTITY b "c">]>{RDF_XML.format("")}'
    with pytest.raises(ValueError, match=r"XML|rdf_xml"):
        split_feed(text.encode(encoding), "rdf_xml", BASE)


@pytest.mark.parametrize(
    ("payload", "syntax"),
    [
        (b"", "rdf_xml"),
        (b"", "json_ld"),
        (b"<html><body>login<br></body></html>", "rdf_xml"),
        (b"<html><body>login</body></html>", "turtle"),
        (b"<html>", "json_ld"),
        (RDF_XML.format('<dcat:Dataset rdf:about="a"/>')[:-9].encode(), "rdf_xml"),
        (("<a>" * 100_000).encode(), "rdf_xml"),
        (("<a>" * 100_000 + "</a>" * 100_000).encode(), "rdf_xml"),
    ],
)
def test_what_is_no_rdf_is_a_clear_error(payload: bytes, syntax: RdfSyntax) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        split_feed(payload, syntax, BASE)


def test_an_empty_feed_has_no_datasets() -> None:
    assert [*split_feed(RDF_XML.format("").encode(), "rdf_xml", BASE)] == []
    assert [*split_feed(b"[]", "json_ld", BASE)] == []
    assert [*split_feed(b"", "turtle", BASE)] == []


def test_a_feed_in_which_everything_points_at_everything() -> None:
    chain = "".join(f"<n{i}> <p:p> <n{i + 1}> , <n{i + 2}> .\n" for i in range(20_000))
    blank = "".join(f"_:b{i} <p:p> _:b{i + 1} .\n" for i in range(20_000))
    datasets = "".join(f"<d{i}> a <http://www.w3.org/ns/dcat#Dataset> ; <p:p> <n0> , _:b0 .\n" for i in range(5))
    started = time.perf_counter()
    found = [*split_feed((datasets + chain + blank).encode(), "turtle", BASE)]
    assert len(found) == 5
    assert time.perf_counter() - started < 20
