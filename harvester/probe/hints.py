"""What may be the matter with a portal that speaks nothing we know. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harvester.probe.answers import Answer
from harvester.probe.detectors.scripts import inline_calls
from harvester.probe.findings import Target
from harvester.protocols.answers import instead_of_page

_FEW_WORDS = 200


def hints(target: Target, answers: Sequence[Answer]) -> tuple[str, ...]:
    """Lines for a person, the likeliest reason first."""
    landing = target.landing
    said: list[str] = []
    if forbidden := [answer for answer in answers if answer.reason == "robots"]:
        which = landing.address if landing.reason == "robots" else forbidden[0].address
        said.append(f"robots.txt forbids {len(forbidden)} of the addresses, {which} among them: ask the portal's owner")
    if landing.status in {401, 403, 407, 429, 451}:
        said.append(f"the portal refuses us with {landing.status}: it may need a key, a login, or another network")
    elif landing.status >= 400:
        said.append(f"{landing.address} answers {landing.status}: is it the portal's address?")
    if landing.is_page:
        said += _about_page(landing, target)
    elif landing.came and landing.json is not None:
        said.append("it answers JSON: `json_api` reads lists of records in it, once told where everything stands")
    soft = [answer for answer in answers if answer.came and answer.is_page and answer.address != landing.address]
    if len(soft) > 3:
        said.append("it answers 200 and a web page to addresses that it does not have, which proves nothing")
    if any(answer.fault.startswith("not asked: ") and answer.reason == "limit" for answer in answers):
        said.append("not everything was asked for: give another address, that of the first page or of an API")
    return tuple(said)


def _about_page(landing: Answer, target: Target) -> list[str]:
    words = _visible(landing.tree)
    if fault := instead_of_page(landing.text, words, "a portal's page", landing.url):
        return [str(fault)]
    posted = [call.address for call in inline_calls(target) if call.posted]
    said = [
        f"a script posts to {address}, which was not tried: `json_api` with `method: POST`" for address in posted[:3]
    ]
    if len(words) < _FEW_WORDS and b"<script" in landing.body.lower():
        said.append(
            "the page is made by JavaScript and says nothing without it: look for its JSON in a browser (network tab)"
        )
    elif landing.status < 400:
        said.append("a portal that has web pages only is read by `html_list`; `datamoa schema` lists its keys")
    return said


def _visible(tree: Any) -> str:
    if tree is None:
        return ""
    words = tree.xpath("//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript)]")
    return " ".join(" ".join(words).split())
