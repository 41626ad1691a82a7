"""The sources of a member file: what each says, completed by its preset, judged by its protocol's options. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import ConfigDict, ValidationError

from harvester.member_faults import KeyPath, Mistake, known_keys, mistakes
from harvester.members import HarvestSource
from harvester.options import OPTIONS, Options, merged

Presets: TypeAlias = Callable[[], Mapping[str, Mapping[str, Any]]]
Spiders: TypeAlias = Callable[[], Collection[str] | None]
"""Names of the spiders in the configuration of a member file; None for a file that stands in none."""


class _AnyOptions(Options):
    """Stands for options that cannot be judged, so that the other keys of their source are."""

    model_config = ConfigDict(extra="ignore")

    default_url = "https://unknown.example"


def member_sources(
    member: str, data: Any, presets: Presets, spiders: Spiders, found: list[Mistake]
) -> Iterator[HarvestSource]:
    """Give the sources without mistakes of what a member file says under `sources`; `found` gets those of the others.

    `presets` and `spiders` read them, where a source names one.
    """
    if not isinstance(data, dict):
        found.append(Mistake(("sources",), "a mapping is needed here: the key of each source, and below it the source"))
        return
    for key, value in data.items():
        if not isinstance(value, dict):
            said = "a source is a mapping with at least `title`, `protocol`"
            found.append(Mistake(("sources", str(key)), said))
        elif source := _source(member, str(key), value, presets, spiders, found):
            yield source


def _source(
    member: str, key: str, data: Mapping[str, Any], presets: Presets, spiders: Spiders, found: list[Mistake]
) -> HarvestSource | None:
    where = ("sources", key)
    before = len(found)
    for name, value in data.items():
        if value is None:
            hint = 'leave the key out, or put a value that begins with # (a comment in YAML) in quotes: "#list tr"'
            found.append(Mistake((*where, name), f"nothing stands here; {hint}"))
    options_class = OPTIONS.get(str(data.get("protocol")), _AnyOptions)
    if "protocol" not in data:
        found.append(Mistake((*where, "protocol"), f"this key is required; known: {', '.join(sorted(OPTIONS))}"))
    elif options_class is _AnyOptions and data["protocol"] is not None:
        said = f"unknown protocol {data['protocol']!r}; {_nearest(str(data['protocol']), OPTIONS)}"
        found.append(Mistake((*where, "protocol"), said))
    common = {name for name in HarvestSource.model_fields if name not in {"member", "key", "options"}}
    own = {name: value for name, value in data.items() if name not in common and value is not None}
    rest = {name: value for name, value in data.items() if name in common and value is not None}
    if "preset" in own and "preset" in options_class.model_fields:
        known_presets = presets()
        if (name := str(own["preset"])) in known_presets:
            own = merged(known_presets[name], own)
        else:
            found.append(Mistake((*where, "preset"), f"unknown preset {name!r}; {_nearest(name, known_presets)}"))
            options_class = _AnyOptions
    rest = {"language": options_class.default_language, "protocol": "unknown", **rest}
    if options_class.default_url:
        rest.setdefault("url", options_class.default_url)

    def known(path: KeyPath) -> list[str]:
        if path:
            return known_keys(options_class, path) or known_keys(HarvestSource, path)
        return [*options_class.model_fields, *sorted(common)]

    errors: list[ValidationError] = []
    options, source = Options(), None
    try:
        options = options_class.model_validate(own, context=spiders)
    except ValidationError as error:
        errors.append(error)
    try:
        source = HarvestSource.model_validate({**rest, "member": member, "key": key, "options": options})
    except ValidationError as error:
        errors.append(error)
    empty = {one.path for one in found[before:]}
    found += [one for one in mistakes(errors, {**own, **rest}, known, where) if one.path not in empty]
    return source if len(found) == before else None


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known := list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
