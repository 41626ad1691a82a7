"""A small graph of N-Triples, asked by the short names of its properties (``dct:title``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from harvester.mapping.ntriples import Text, literal, triples

_NAMESPACES = {
    "http://www.w3.org/ns/dcat#": "dcat",
    "http://purl.org/dc/terms/#": "dct",  # written by some generators of Project Open Data
    "http://purl.org/dc/terms/": "dct",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://www.w3.org/2002/07/owl#": "owl",
    "http://www.w3.org/2004/02/skos/core#": "skos",
    "http://www.w3.org/2006/vcard/ns#": "vcard",
    "http://www.w3.org/2006/time#": "time",
    "http://www.w3.org/ns/adms#": "adms",
    "http://www.w3.org/ns/locn#": "locn",
    "http://www.w3.org/ns/prov#": "prov",
    "http://www.w3.org/2007/05/powder-s#": "wdrs",
    "http://www.opengis.net/ont/geosparql#": "geo",
    "http://xmlns.com/foaf/0.1/": "foaf",
    "http://schema.org/": "schema",
    "https://schema.org/": "schema",
    "http://spdx.org/rdf/terms#": "spdx",
    "http://creativecommons.org/ns#": "cc",
    "http://purl.org/pav/": "pav",
    "http://rdfs.org/ns/void#": "void",
    "http://data.europa.eu/r5r/": "dcatap",
    "http://dcat-ap.de/def/dcatde/": "dcatde",
    "http://dati.gov.it/onto/dcatapit#": "dcatapit",
    "http://vocab.datahub.kr/def/dcat-ap-kr/": "dcatkr",
}
_SPELLINGS = {"vcard:organisation-name": "vcard:organization-name"}
_END_OF_NAMESPACE = re.compile(r"[#/](?=[^#/]*$)")
_DATASET_CLASSES = frozenset(
    ("dcat:Dataset", "dcat:DatasetSeries", "schema:Dataset", "void:Dataset", "dcatapit:Dataset", "dcat:DataService")
)


@lru_cache(maxsize=4096)
def _short(iri: str) -> str:
    """Shorten ``<http://purl.org/dc/terms/title>`` to ``dct:title``; an unknown IRI stays whole, without its marks."""
    iri = iri[1:-1]
    end = _END_OF_NAMESPACE.search(iri)
    prefix = _NAMESPACES.get(iri[: end.end()]) if end else None
    name = f"{prefix}:{iri[end.end() :]}" if prefix and end else iri
    return _SPELLINGS.get(name, name)


def local_name(name: str) -> str:
    """Give the last piece of a short name or an IRI."""
    return re.split(r"[#/:]", name)[-1] or name


def _is_untagged(text: Text) -> bool:
    return not text.language


class Node:
    """A node of the graph: what is said about it, or (a literal) what it says itself."""

    def __init__(self, graph: Graph, term: str) -> None:
        self._graph = graph
        self._term = term
        self._said = graph.said.get(term, {})
        self._literal = literal(term) if term[0] == '"' else None

    @property
    def iri(self) -> str | None:
        """IRI of the node; None for a blank node or a literal."""
        return self._term[1:-1] or None if self._term[0] == "<" else None

    def is_bare(self) -> bool:
        """Tell whether nothing is said about the node."""
        return not self._said

    def has(self, *names: str) -> bool:
        """Tell whether one of these properties is stated."""
        return any(name in self._said for name in names)

    def classes(self) -> tuple[str, ...]:
        """Give the short names of its classes."""
        return tuple(_short(term) for term in self._terms("rdf:type") if term[0] == "<")

    def nodes(self, *names: str) -> Sequence[Node]:
        """Give all values of these properties, in the order of the names, none twice."""
        terms = self._terms(*names)
        return [Node(self._graph, term) for term in terms] if terms else ()

    def _terms(self, *names: str) -> Collection[str]:
        self._graph.asked.update(names)
        said = self._said
        found = [term for name in names if name in said for term in said[name]]
        return dict.fromkeys(found) if len(found) > 1 else found

    def plain(self) -> str | None:
        """Give the text of a literal."""
        return self._literal.value.strip() or None if self._literal else None

    def own_text(self) -> dict[str, str]:
        """Give the text of a literal by its language."""
        return {self._tag(self._literal): said} if self._literal and (said := self._literal.value.strip()) else {}

    def _tag(self, found: Text) -> str:
        return found.language or self._graph.language

    def lang_text(self, *names: str) -> dict[str, str]:
        """Read text by language from the first of these properties that has any."""
        self._graph.asked.update(names)
        for name in names:
            stated = [one for term in self._said.get(name, ()) if (one := literal(term)) and one.value.strip()]
            stated.sort(key=_is_untagged)  # a text that names its language goes before one that does not
            found: dict[str, str] = {}
            for one in stated:
                found.setdefault(self._tag(one), one.value.strip())
            if found:
                return found
        return {}

    def text(self, *names: str) -> str | None:
        """Read the first text or, failing that, address of these properties."""
        found = list(self.nodes(*names))
        return next((said for one in found if (said := one.plain())), None) or next(
            (one.iri for one in found if one.iri), None
        )

    def said(self, name: str) -> str | None:
        """Join all texts and addresses of a property that nobody reads (it stays unread)."""
        nodes = (Node(self._graph, term) for term in self._said.get(name, ()))
        return ", ".join(said for one in nodes if (said := one.plain() or one.iri)) or None

    def address(self, *names: str) -> str | None:
        """Read the first address (or text) of these properties."""
        return next(iter(self.addresses(*names)), None)

    def addresses(self, *names: str) -> tuple[str, ...]:
        """Read all addresses (or texts) of these properties."""
        return tuple(dict.fromkeys(said for one in self.nodes(*names) if (said := one.iri or one.plain())))

    def label(self, *names: str) -> str:
        """Give one text for the node: its own, its label in the catalogue's language or English, or its IRI."""
        if stated := self.plain():
            return stated
        labels = self.lang_text(*names)
        return (
            labels.get(self._graph.language) or labels.get("en") or next(iter(labels.values()), None) or self.iri or ""
        )

    def unread(self, *ignored: str) -> set[str]:
        """Name the properties of this node that nobody has asked for."""
        return self._said.keys() - self._graph.asked - set(ignored)


class Graph:
    """All triples of one closure."""

    def __init__(self, document: str, language: str) -> None:
        self.language = language
        self.said: dict[str, dict[str, list[str]]] = {}
        self.asked: set[str] = set()
        self._objects: set[str] = set()
        for subject, predicate, value in triples(document):
            self.said.setdefault(subject, {}).setdefault(_short(predicate), []).append(value)
            self._objects.add(value)

    def root(self, identifier: str) -> Node | None:
        """Find the dataset: the node with that IRI, else the node of a dataset's class, else one that nobody names."""
        if f"<{identifier}>" in self.said:
            return Node(self, f"<{identifier}>")
        subjects = [Node(self, subject) for subject in self.said]
        datasets = [one for one in subjects if not _DATASET_CLASSES.isdisjoint(one.classes())]
        free = [one for one in datasets or subjects if one._term not in self._objects]
        return next(iter(free or datasets), None)
