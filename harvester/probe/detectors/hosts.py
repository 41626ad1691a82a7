"""Hubs where an institution is a name in the address: GitHub, Hugging Face."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit

from harvester.probe.answers import Answer
from harvester.probe.findings import CERTAIN, Detector, Finding, Reading, Target, number

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NO_OWNERS = frozenset({
    "about", "api", "apps", "blog", "collections", "datasets", "docs", "enterprise", "explore", "features", "join",
    "learn", "login", "models", "orgs", "papers", "posts", "pricing", "settings", "spaces", "tasks", "topics",
    "trending",
})  # fmt: skip


def _owner(target: Target, host: str, *before: str) -> str | None:
    """The first step of the path that names an institution, on that host."""
    parts = urlsplit(target.url)
    if (parts.hostname or "").removeprefix("www.") != host:
        return None
    steps = [step for step in parts.path.split("/") if step]
    if steps[:1] and steps[0] in before:
        steps = steps[1:]
    return steps[0] if steps and _NAME.fullmatch(steps[0]) and steps[0] not in _NO_OWNERS else None


def _github_addresses(target: Target) -> list[str]:
    owner = _owner(target, "github.com", "orgs")
    return [f"https://api.github.com/orgs/{owner}/repos?per_page=100"] if owner else []


def _github(answer: Answer, target: Target) -> Reading:
    parts, rows = urlsplit(answer.url), answer.json
    found = re.search(r"/orgs/([A-Za-z0-9][A-Za-z0-9_-]*)/repos$", parts.path.rstrip("/"))
    if not found or not isinstance(rows, list) or not rows:
        return None
    if not all(isinstance(row, dict) and {"full_name", "html_url", "owner"} <= row.keys() for row in rows):
        return None
    base = f"{parts.scheme}://{parts.netloc}{parts.path[: found.start()]}"
    count: int | None = len(rows)
    if "next" in answer.headers.get("link", ""):
        about = (yield f"{base}/orgs/{found[1]}").json
        count = number(about.get("public_repos")) if isinstance(about, dict) else None
    why = (f"{answer.url} lists repositories as GitHub does",)
    advice = ('names: ["*dataset*"]   # which repositories are data; without it all of them are taken for data',)
    return Finding("github_org", "GitHub", CERTAIN, why, base, count, {"organisation": found[1]}, found[1], advice)


GITHUB = Detector("GitHub", _github_addresses, _github)


def _hugging_face_addresses(target: Target) -> list[str]:
    owner = _owner(target, "huggingface.co", "datasets")
    return [f"https://huggingface.co/api/datasets?author={quote(owner)}&limit=1000"] if owner else []


def _hugging_face(answer: Answer, target: Target) -> Reading:
    yield from ()
    parts, rows = urlsplit(answer.url), answer.json
    base, found, rest = answer.url.partition("/api/datasets")
    if not found or rest[:1] not in ("", "?") or not isinstance(rows, list) or not rows:
        return None
    names = [row.get("id") if isinstance(row, dict) else None for row in rows]
    owner = dict(parse_qsl(parts.query)).get("author") or str(names[0]).partition("/")[0]
    if not _NAME.fullmatch(owner):
        return None
    if not all(isinstance(name, str) and name.casefold().startswith(f"{owner.casefold()}/") for name in names):
        return None
    count = None if "next" in answer.headers.get("link", "") else len(rows)
    why = (f"{answer.url} lists data sets as Hugging Face does",)
    options = {"organisation": owner}
    return Finding("huggingface", "Hugging Face", CERTAIN, why, base, count, options, owner)


HUGGING_FACE = Detector("Hugging Face", _hugging_face_addresses, _hugging_face)
