"""Writes a finding as a member file to start from. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import yaml

from harvester.probe.findings import Finding, Target

_LONGEST = 300
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _Dumper(yaml.SafeDumper):
    """PyYAML's, which writes no anchors: a member file is for people."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def member_id(url: str) -> str:
    """The name that a member may have by its portal's host: ``data-seoul-go-kr``."""
    host = (urlsplit(url).hostname or "").lower().removeprefix("www.")
    return re.sub(r"[^a-z0-9]+", "-", host).strip("-") or "portal"


def written(finding: Finding, others: Sequence[Finding], target: Target, on: date, *, allow_private: bool) -> str:
    """Text of a YAML file that loads as a member with one source.

    Nobody read the portal's documentation and nothing of it is recorded: `evidence` is ``assumed``, and the note says
    what was asked and answered.
    """
    title = _plain(finding.title or _title(target) or urlsplit(target.url).hostname or "")
    language = _language(target)
    source: dict[str, Any] = {
        "title": title,
        "protocol": finding.protocol,
        "url": finding.address.rstrip("/"),
        **({"language": language} if language else {}),
        **finding.options,
        **({"allow_private": True} if allow_private else {}),
        "evidence": "assumed",
        "note": _plain(f"probed on {on.isoformat()}: {'; '.join(finding.why)}"),
    }
    member = {
        "name": {"ko": title},
        "sector": "unknown",
        "homepage": re.sub(r"[?#].*", "", target.url),
        "sources": {finding.protocol.replace("_", "-"): source},
    }
    counted = f", {finding.count:,} records" if finding.count is not None else ""
    lines = [
        f"# A start, made by `datamoa probe`: {_plain(finding.name)}, {finding.confidence:.0%} sure{counted}.",
        "# To do: name (ko, en), sector, aliases; schedule and expect of the source; read what the portal documents,",
        "# and say so in evidence and note. `datamoa schema` lists every key and what it means.",
        yaml.dump(member, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110).rstrip("\n"),
        *(f"    # {_plain(line)}" for line in finding.advice),
    ]
    lines += [f"# It also speaks {_plain(one.name)}: {_plain(one.address)}" for one in others if one.harvested]
    return "\n".join(lines) + "\n"


def _plain(words: str) -> str:
    return " ".join(_CONTROLS.sub(" ", words).encode("utf-8", "replace").decode().split())[:_LONGEST]


def _title(target: Target) -> str:
    tree = target.landing.tree
    found = tree.findtext(".//title") if tree is not None else None
    return (found or "")[:120]


def _language(target: Target) -> str | None:
    stated = (target.landing.tree.get("lang") or "") if target.landing.tree is not None else ""
    found = re.match(r"([a-z]{2})(?:[-_]|$)", stated.strip().lower())
    return found[1] if found else None
