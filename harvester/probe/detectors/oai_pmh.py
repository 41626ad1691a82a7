"""Repositories that speak OAI-PMH (https://www.openarchives.org/OAI/openarchivesprotocol.html)."""

from __future__ import annotations

import re

import lxml.etree

from harvester.probe.answers import Answer
from harvester.probe.findings import CERTAIN, LIKELY, Detector, Finding, Reading, Target, number, with_parameters

_NAMESPACE = "{http://www.openarchives.org/OAI/2.0/}"
_ARGUMENTS = frozenset({"verb", "metadataprefix", "set", "from", "until", "identifier", "resumptiontoken"})
_PATHS = ("/oai", "/csw?mode=oaipmh", "/oai/request", "/oai2d", "/oai-pmh", "/cgi/oai2")
"""Where OJS and others, pycsw, DSpace, Invenio, others and EPrints have it."""


def _addresses(target: Target) -> list[str]:
    given = [target.url] if re.search(r"oai", target.url, re.IGNORECASE) else []
    where = [*given, *target.below(*_PATHS)]
    return [with_parameters(one, _ARGUMENTS, {"verb": "Identify"}) for one in where]


def _read(answer: Answer, target: Target) -> Reading:
    root = answer.xml
    if root is None or root.tag != f"{_NAMESPACE}OAI-PMH":
        return None
    address = with_parameters(answer.url, _ARGUMENTS)
    about = root.find(f"{_NAMESPACE}Identify")
    if about is None:
        identified = yield with_parameters(address, parameters={"verb": "Identify"})
        root = identified.xml
        about = root.find(f"{_NAMESPACE}Identify") if root is not None else None
    why = [f"{answer.url} answers in the namespace of OAI-PMH 2.0"]
    if about is None:
        return Finding("oai_pmh", "OAI-PMH", LIKELY, (*why, "but Identify is not answered"), address)
    title = (about.findtext(f"{_NAMESPACE}repositoryName") or "").strip()[:200]
    listed = yield with_parameters(address, parameters={"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"})
    count = _count(listed.xml)
    if count is None:
        why.append("ListIdentifiers told no number")
    return Finding("oai_pmh", "OAI-PMH", CERTAIN, tuple(why), address, count, title=title)


def _count(root: lxml.etree._Element | None) -> int | None:
    """How many records a repository has: what its token says, or what it listed where there is no further page."""
    if root is None or root.find(f"{_NAMESPACE}ListIdentifiers") is None:
        return None
    token = root.find(f".//{_NAMESPACE}resumptionToken")
    if token is not None and (stated := number(token.get("completeListSize"))) is not None:
        return stated
    listed = sum(1 for _ in root.iter(f"{_NAMESPACE}header"))
    return listed if token is None or not (token.text or "").strip() else None


OAI_PMH = Detector("OAI-PMH", _addresses, _read, re.compile(r"oai-?pmh|dspace|eprints", re.IGNORECASE))
