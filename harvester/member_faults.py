"""What is wrong in a member file, said so that its author knows what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harvester.errors import ConfigurationError
from harvester.options import OPTIONS

KeyPath: TypeAlias = tuple[str | int, ...]


class Mistake(NamedTuple):
    """One thing to be mended: where it stands, and what would be right."""

    path: KeyPath
    message: str

    @property
    def key(self) -> str:
        """The path as people write it: ``sources.portal.paging.size``."""
        return ".".join(map(str, self.path))


def known_keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Keys that may stand at a path within a model's data; none where there is no model."""
    for step in path:
        if isinstance(step, int):
            continue
        field = model.model_fields.get(str(step))
        nested = (field.annotation, *get_args(field.annotation)) if field else ()
        model = next((kind for kind in nested if isinstance(kind, type) and issubclass(kind, BaseModel)), BaseModel)
    return [*model.model_fields]


def mistakes(
    errors: Iterable[ValidationError],
    data: Any,
    known: Callable[[KeyPath], list[str]],
    where: KeyPath = (),
) -> list[Mistake]:
    """Everything that validating `data` found, each mistake once.

    `known` tells the keys that may stand at a path within the data; `where` is the path of the data itself.
    """
    faults = [fault for error in errors for fault in error.errors(include_url=False)]
    nearest = {
        (*fault["loc"][:-1], *_near(str(fault["loc"][-1]), known(fault["loc"][:-1])))
        for fault in faults
        if fault["type"] == "extra_forbidden"
    }
    found: dict[KeyPath, Mistake] = {}
    for fault in faults:
        missing = fault["type"] == "missing"
        if missing and fault["loc"] in nearest:
            continue  # it stands there, misspelt
        path = fault["loc"] if missing else _leading_into(data, fault["loc"])
        # A value that may be of several kinds has a fault for each kind that it is not.
        found.setdefault(path, Mistake((*where, *path), _sentence(fault, known)))
    return list(found.values())


def refused(file: Path | str, lines: Mapping[KeyPath, int], found: Iterable[Mistake]) -> ConfigurationError:
    """The error that tells every mistake of a file on a line of its own; `lines` are those of all its key paths."""

    def line(mistake: Mistake) -> int:
        path = mistake.path
        return next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), 1)

    told = sorted(found, key=line)
    return ConfigurationError("\n".join(f"{file}:{line(one)}: {one.key}: {one.message}" for one in told))


def _leading_into(data: Any, path: KeyPath) -> KeyPath:
    """So much of pydantic's path as there is in the data: it also names kinds, and that a key is wrong."""
    for position, step in enumerate(path):
        try:
            data = data[step]
        except (LookupError, TypeError):
            return path[:position]
    return path


def _sentence(fault: ErrorDetails, known: Callable[[KeyPath], list[str]]) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ")
    match fault["type"]:
        case "extra_forbidden":
            return _unknown_key(str(fault["loc"][-1]), known(fault["loc"][:-1]))
        case "missing":
            return "this key is required"
        case "literal_error":
            near = difflib.get_close_matches(str(fault["input"]), re.findall(r"'([^']*)'", message), n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            return f"{fault['input']!r}: {message[:1].lower()}{message[1:]}{hint}"
        case "model_type":
            return "a mapping is needed here, for example {ko: 한국전력공사}"
        case "tuple_type":
            return f"a list is needed here, for example [{fault['input']}]"[:300]
        case "string_type" if isinstance(fault["input"], (bool, int, float, date)):
            return f"a text is needed here, and YAML reads {_as_yaml(fault['input'])} as none: put it in quotes"
        case "string_type" | "int_type" | "int_parsing" | "float_parsing" | "bool_parsing":
            return f"{message}, and not {fault['input']!r}"[:300]
    return message


def _as_yaml(value: Any) -> str:
    return "yes, no, on, off, true and false" if isinstance(value, bool) else str(value)


def _near(key: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(key, known, n=1)


def _unknown_key(key: str, known: list[str]) -> str:
    if near := _near(key, known):
        return f"unknown key; did you mean `{near[0]}`?"
    elsewhere = [name for name, options in OPTIONS.items() if key in options.model_fields]
    hint = f"; it is an option of {' and '.join(sorted(elsewhere))}" if elsewhere else ""
    return f"unknown key{hint}; known: {', '.join(sorted(known))}"
