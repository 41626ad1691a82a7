"""A DCAT catalogue in RDF, taken apart into its datasets.

The closure of a dataset is what is said about it and about the nodes it points at (distributions, agents, contact
points, periods, places, services, checksums), but not about other datasets, catalogues or catalogue records. It is
written as N-Triples, one sorted line per triple, blank nodes named by their content: a feed that is serialised anew
(other order, other blank node labels, other format) gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

import pyoxigraph

from harvester.mapping.json_ld_contexts import PREFIXES
from harvester.mapping.ntriples import literal
from harvester.mapping.rdf_documents import RdfSyntax, rdf_documents

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DCAT = "http://www.w3.org/ns/dcat#"
_TYPE = f"<{_RDF}type>"
_SYNTAXES = {"turtle": pyoxigraph.RdfFormat.TURTLE, "rdf_xml": pyoxigraph.RdfFormat.RDF_XML,
             "json_ld": pyoxigraph.RdfFormat.JSON_LD}  # fmt: skip
_DATASET_TYPES = frozenset(
    f"<{name}>"
    for name in (
        f"{_DCAT}Dataset",
        f"{_DCAT}DatasetSeries",
        "http://schema.org/Dataset",
        "https://schema.org/Dataset",
        "http://rdfs.org/ns/void#Dataset",
        "http://dati.gov.it/onto/dcatapit#Dataset",
    )
)
_SERVICE_TYPE = f"<{_DCAT}DataService>"
_OTHERS = _DATASET_TYPES | {f"<{_DCAT}Catalog>", f"<{_DCAT}CatalogRecord>"}
_CATALOGUE_TO_DATASET = frozenset(f"<{_DCAT}{name}>" for name in ("dataset", "service"))
_SERVES_DISTRIBUTION = f"<{_DCAT}accessService>"
_CITED = frozenset(
    f"<{name}>"
    for name in (
        *(f"http://purl.org/dc/terms/{name}" for name in (
            "isPartOf", "hasPart", "isVersionOf", "hasVersion", "relation", "source", "replaces", "isReplacedBy")),
        *(f"{_DCAT}{name}" for name in (
            "inSeries", "seriesMember", "inCatalog", "servesDataset", "qualifiedRelation", "prev", "next", "first",
            "last", "previousVersion", "hasCurrentVersion", "hasVersion")),
        "http://xmlns.com/foaf/0.1/isPrimaryTopicOf",
        "http://www.w3.org/2004/02/skos/core#broader", "http://www.w3.org/2004/02/skos/core#narrower",
        "http://www.w3.org/2004/02/skos/core#topConceptOf", "http://www.w3.org/2004/02/skos/core#hasTopConcept",
    )
)  # fmt: skip
"""Predicates that name another thing rather than describe this one: the name is kept, the thing is not walked into."""

_HYDRA = "http://www.w3.org/ns/hydra/core#"
_NEXT = (f"<{_HYDRA}next>", f"<{_HYDRA}nextPage>")
_TOTAL = f"<{_HYDRA}totalItems>"
_IDENTIFIERS = (
    "<http://purl.org/dc/terms/identifier>",
    f"<{_DCAT}identifier>",
    "<http://schema.org/identifier>",
    f"<{_DCAT}landingPage>",
    "<http://purl.org/dc/terms/title>",
)
_PREFIX_USE = re.compile(rb"(?:^|[\s(\[,;^])([A-Za-z][\w-]{0,30}):[A-Za-z_]", re.MULTILINE)
_PREFIX_DECLARATION = re.compile(rb"^\s*(?:@prefix|prefix)\s+([A-Za-z][\w.-]*):", re.MULTILINE | re.IGNORECASE)
_UNSAFE = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_INTEGER = re.compile(r'"(\d{1,12})(?:\.0*)?"')
_MAX_NODES = 5_000
_MAX_ROUNDS = 50
_REPEATED = 20
_MAX_PROBLEMS = 100
_LANGUAGE_TAG = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"

Index: TypeAlias = dict[str, list[tuple[str, str]]]
"""Subject → (predicate, object), all three written as N-Triples terms."""


class Closure(NamedTuple):
    """One dataset of a feed: its IRI (or, of a blank node, the identifier it states), and its triples as N-Triples."""

    identifier: str
    triples: bytes


class Feed:
    """What one RDF answer holds: iterating gives the datasets, one closure at a time.

    `next_page` is the address that Hydra paging names, `declared_total` the number of datasets of the whole feed.
    `problems` are statements that could not be read (a Turtle parser goes on after an error): what they said is
    missing from the datasets.
    A service that the catalogue lists, or that no distribution uses, is a dataset too.
    """

    def __init__(self, index: Index, problems: Iterable[str] = ()) -> None:
        self._index = index
        for subject, described in index.items():
            if len(described) > _REPEATED:  # feeds that nest describe an organisation anew in each of its datasets
                index[subject] = list(dict.fromkeys(described))
        self._subjects = _dataset_subjects(index)
        self.problems = tuple(problems)
        self.next_page = next((page for value in _objects(index, *_NEXT) if (page := _plain(value))), None)
        totals = (_INTEGER.match(value) for value in _objects(index, _TOTAL))
        self.declared_total = next((int(found[1]) for found in totals if found), None)

    def __len__(self) -> int:
        return len(self._subjects)

    def __iter__(self) -> Iterator[Closure]:
        """Datasets with an IRI by IRI, then those without by what they say: no order of the feed shows."""
        named = sorted(subject for subject in self._subjects if subject[0] == "<")
        for subject in named:
            yield Closure(subject[1:-1], _lines(_reachable(self._index, subject))[0])
        seen = {subject[1:-1] for subject in named}
        unnamed = (subject for subject in self._subjects if subject[0] == "_")
        for triples, label, subject in sorted((*_lines(_reachable(self._index, one), one), one) for one in unnamed):
            identifier = _stated_identifier(self._index[subject]) or label
            if identifier in seen:  # two datasets that state the same identifier: the content tells them apart
                identifier = f"{identifier}#{label[2:]}"
            if identifier not in seen:
                seen.add(identifier)
                yield Closure(identifier, triples)


def split_feed(payload: bytes, syntax: RdfSyntax, base: str) -> Feed:
    """Take a feed apart; `base` is its address, for relative IRIs.

    Raises ValueError where the payload is not RDF in that syntax, carries a DTD, is nested too deeply, or names a
    JSON-LD context that is not known here: nothing is ever fetched.
    """
    index: Index = {}
    problems: list[str] = []
    for quad in _triples(payload, syntax, base, problems):
        index.setdefault(_term(quad.subject), []).append((f"<{_safe(quad.predicate.value)}>", _term(quad.object)))
    if problems and not index:
        raise ValueError(f"the answer is not {syntax}: {problems[0]}")
    return Feed(index, problems)


def _triples(payload: bytes, syntax: RdfSyntax, base: str, problems: list[str]) -> Iterator[Any]:
    documents = rdf_documents(payload, syntax)
    if syntax == "turtle":
        documents = [_declare_prefixes(documents[0])]
    for document in documents:
        parser = _parser(document, syntax, base)
        while True:
            try:
                quad = next(parser)
            except StopIteration:
                break
            except SyntaxError as error:
                if syntax != "turtle" or len(problems) >= _MAX_PROBLEMS:
                    raise ValueError(f"the answer is not {syntax}: {error.msg}") from error
                problems.append(error.msg)
                continue
            if not isinstance(quad.object, pyoxigraph.Triple):
                yield quad


def _parser(document: bytes, syntax: RdfSyntax, base: str) -> Iterator[Any]:
    return pyoxigraph.parse(
        input=document,
        format=_SYNTAXES[syntax],
        base_iri=_safe(base) if "://" in base else None,
        rename_blank_nodes=True,
        lenient=True,
    )


def _declare_prefixes(document: bytes) -> bytes:
    """Declare the prefixes that a Turtle document uses without saying what they mean: known ones as everyone does."""
    used = {name.decode() for name in _PREFIX_USE.findall(document)} - {
        name.decode() for name in _PREFIX_DECLARATION.findall(document)
    }
    missing = "".join(
        f"@prefix {name}: <{PREFIXES.get(name, f'urn:undeclared-prefix:{name}#')}> .\n" for name in sorted(used)[:50]
    )
    return missing.encode() + document


def _term(term: Any) -> str:
    if isinstance(term, pyoxigraph.NamedNode):
        return f"<{_safe(term.value)}>"
    if isinstance(term, pyoxigraph.Literal):
        if term.language is not None:
            return str(term) if _LANGUAGE_TAG.fullmatch(term.language) else str(pyoxigraph.Literal(term.value))
        if term.datatype.value != _XSD_STRING:
            return f"{pyoxigraph.Literal(term.value)}^^<{_safe(term.datatype.value)}>"
    return str(term)


@lru_cache(maxsize=4096)
def _safe(iri: str) -> str:
    """Make an IRI that N-Triples can hold: portals write blanks, brackets and quotes into theirs."""
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", iri.strip())


def _dataset_subjects(index: Index) -> list[str]:
    listed: set[str] = set()
    serving: set[str] = set()
    for described in index.values():
        for predicate, value in described:
            if predicate in _CATALOGUE_TO_DATASET:
                listed.add(value)
            elif predicate == _SERVES_DISTRIBUTION:
                serving.add(value)
    found = []
    for subject, described in index.items():
        types = {value for predicate, value in described if predicate == _TYPE}
        service = _SERVICE_TYPE in types and (subject in listed or subject not in serving)
        if types & _DATASET_TYPES or service or (subject in listed and not types):
            found.append(subject)
    return found


def _stated_identifier(described: list[tuple[str, str]]) -> str | None:
    """Find what a dataset without an IRI calls itself; where it has no identifier, its page or title must do."""
    for wanted in _IDENTIFIERS:
        found = sorted(value for predicate, value in described if predicate == wanted and value[:2] not in ('""', "_:"))
        if found:
            return _plain(found[0])
    return None


def _reachable(index: Index, subject: str) -> Index:
    """Collect the described nodes that belong to `subject`, breadth first.

    A feed in which everything points at everything is cut off at a fixed number of nodes: what is further away is not
    metadata of this dataset.
    """
    found = {subject: index[subject]}
    queue = [subject]
    for node in queue:
        for predicate, value in index[node]:
            if value in found or value not in index or len(found) >= _MAX_NODES:
                continue
            if (value[0] == "<" and predicate in _CITED) or any(
                name == _TYPE and kind in _OTHERS for name, kind in index[value]
            ):
                continue
            found[value] = index[value]
            queue.append(value)
    return found


def _lines(graph: Index, root: str = "") -> tuple[bytes, str]:
    """Sorted N-Triples with blank nodes named by the hash of what they say, and the name of the root if it is blank.

    The names are refined until they tell apart all that can be told apart; blank nodes that say the same become one,
    which changes no meaning. Unlike RDFC-1.0 this takes no exponential time on hostile graphs.
    """
    names = {node: "_:b" for node in graph if node[0] == "_"}
    told_apart = 0
    for _ in range(_MAX_ROUNDS):
        if len(set(names.values())) <= told_apart:
            break
        told_apart = len(set(names.values()))
        names = {node: _content_name(graph[node], names) for node in names}
    lines = {
        f"{names.get(node, node)} {predicate} {names.get(value, value)} .\n"
        for node, described in graph.items()
        for predicate, value in described
    }
    return "".join(sorted(lines)).encode("utf-8", "replace"), names.get(root, root)


def _content_name(described: list[tuple[str, str]], names: dict[str, str]) -> str:
    content = sorted({f"{predicate} {names.get(value, value)}" for predicate, value in described})
    return f"_:b{blake2b(chr(10).join(content).encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def _objects(index: Index, *predicates: str) -> Iterator[str]:
    return (
        value for wanted in predicates for described in index.values() for name, value in described if name == wanted
    )


def _plain(term: str) -> str | None:
    """Give the address or the text of a term without its marks; None of a blank node."""
    if term[0] == "<":
        return term[1:-1]
    found = literal(term)
    return found.value.strip() if found else None
