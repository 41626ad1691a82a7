"""JSON Schema (2020-12) of a member file, so that editors complete and check it.

Made from the models that read the file; descriptions are the words that stand below each field in the code.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from harvester.members import HarvestSource, Member
from harvester.options import OPTIONS, Options

_MADE_BY_THE_READER = {"member", "key", "options", "id", "sources"}
"""Fields of the models that no file has: its name, and what the reader puts together."""


def member_schema() -> dict[str, Any]:
    """The schema; a source is checked by the options of the protocol that it names."""
    definitions: dict[str, Any] = {}
    common = _properties(HarvestSource, definitions)
    for protocol, options in OPTIONS.items():
        definitions[f"source-{protocol}"] = _source(protocol, options, common, definitions)
    member = _properties(Member, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A member of DataMoa",
        "description": _sentence(Member.__doc__),
        "type": "object",
        "additionalProperties": False,
        "required": [*_required(Member), "sources"],
        "properties": {
            **member,
            "sources": {
                "description": "Portals of this member; a key is the second half of a source's name.",
                "type": "object",
                "propertyNames": {"pattern": "^[a-z0-9]+([-_][a-z0-9]+)*$"},
                "additionalProperties": {"$ref": "#/$defs/source"},
            },
        },
        "$defs": {
            "source": {
                "type": "object",
                "required": ["protocol"],
                "properties": {"protocol": {"enum": sorted(OPTIONS), "description": common["protocol"]["description"]}},
                "allOf": [
                    {
                        "if": {"properties": {"protocol": {"const": protocol}}},
                        "then": {"$ref": f"#/$defs/source-{protocol}"},
                    }
                    for protocol in OPTIONS
                ],
            },
            **definitions,
        },
    }


def _source(
    protocol: str, options: type[Options], common: Mapping[str, Any], definitions: dict[str, Any]
) -> dict[str, Any]:
    required = [name for name in _required(HarvestSource) if name != "url" or not options.default_url]
    return {
        "description": _sentence(options.__doc__),
        "type": "object",
        "additionalProperties": False,
        # What a preset says the source need not say, and which one it is the schema cannot know.
        "required": [*required, *(_required(options) if "preset" not in options.model_fields else ())],
        "properties": {**common, "protocol": {**common["protocol"], "const": protocol}}
        | _properties(options, definitions),
    }


def _properties(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    whole = model.model_json_schema(mode="validation", ref_template="#/$defs/{model}")
    definitions |= {
        name: definition
        for name, definition in whole.get("$defs", {}).items()
        if name not in {"HarvestSource", "Options"}
    }
    described = descriptions(model)
    properties = {}
    for name, found in whole["properties"].items():
        if name not in _MADE_BY_THE_READER:
            properties[name] = {key: value for key, value in found.items() if key != "title"}
            if name in described:
                properties[name]["description"] = described[name]
            if isinstance(default := model.model_fields[name].default, timedelta):
                properties[name]["default"] = _as_written(default)
    return properties


def _as_written(duration: timedelta) -> str:
    hours = int(duration.total_seconds()) // 3600
    return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"


def _required(model: type[BaseModel]) -> list[str]:
    return [
        name
        for name, field in model.model_fields.items()
        if field.default is PydanticUndefined and field.default_factory is None and name not in _MADE_BY_THE_READER
    ]


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """The words that stand as a text below each field of a model, its bases' too."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not issubclass(base, BaseModel) or base is BaseModel:
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:], strict=False):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                    found[name] = _sentence(said)
    return found


def _sentence(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").replace("``", "`").strip()
