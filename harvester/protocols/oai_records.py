"""From a record of OAI-PMH to a harvest record: which metadata format it is in, told from the record itself.

Prefixes are names that every repository gives as it likes; the element inside ``<metadata>`` says what there is.
"""

from __future__ import annotations

from harvester.catalog.model import HarvestRecord, Issue, Part, Rejected
from harvester.mapping.rdf_closure import split_feed
from harvester.protocols.oai_answers import RDF, Entry

PREFIXES = (
    "dcat", "dcat_ap", "dcat-ap", "dcatap", "oai_datacite", "oai_datacite4", "datacite", "datacite4", "oai_datacite3",
    "oai_ddi25", "ddi25", "oai_ddi", "ddi", "nsdl_dc", "qdc", "oai_qdc", "dcterms", "oai_dc",
)  # fmt: skip
"""Names under which repositories offer what a mapping reads, richest first."""

_LARGEST_RDF = 1 << 22


def outcome(entry: Entry) -> HarvestRecord | Rejected:
    """Make a harvest record; one without identifier is rejected."""
    if not entry.identifier:
        return _rejected(entry, "no-identifier", "this record has no identifier in its header, or no header")
    if entry.deleted or entry.root != RDF:
        part = Part(name="listing", format=_format(entry.root), payload=entry.payload)
        return HarvestRecord(identifier=entry.identifier, parts=(part,), deleted=entry.deleted)
    part = Part(name="listing", format="dcat_rdf", payload=_triples(entry))
    return HarvestRecord(identifier=entry.identifier, parts=(part,))


def _format(root: str) -> str:
    """Metadata format of an element by its expanded name; Dublin Core, whose mapping tells, where no other fits."""
    namespace, _, name = root.rpartition("}")
    if "datacite.org" in namespace or name in {"oai_datacite", "resource"}:
        return "oai_datacite"
    return "ddi" if name.lower() in {"codebook", "ddiinstance"} or "ddi:" in namespace else "oai_dc"


def _triples(entry: Entry) -> bytes:
    """N-Triples of the dataset that a record describes.

    Where there is not one dataset, the record as it came: the mapping rejects it, and its last good data stay.
    """
    if len(entry.rdf) > _LARGEST_RDF:
        return entry.payload
    try:
        datasets = list(split_feed(entry.rdf, "rdf_xml", entry.identifier or ""))
    except (ValueError, RecursionError):
        return entry.payload
    if len(datasets) != 1:
        return entry.payload
    # N-Triples has no place for the header but a comment; readers pass it over.
    return b"# " + entry.header + b"\n" + datasets[0].triples


def _rejected(entry: Entry, code: str, message: str) -> Rejected:
    value = entry.payload[:200].decode("utf-8", "replace")
    issue = Issue(severity="error", code=code, message=message, field="header", value=value)
    return Rejected(payload=entry.payload, format=_format(entry.root), issue=issue)
