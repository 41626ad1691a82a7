"""What is wrong in a member file, said so that its author knows what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError

from harvester.errors import ConfigurationError
from harvester.options import OPTIONS


def known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Keys that may stand at a path within a model's data; none where there is no model."""
    for step in path:
        field = model.model_fields.get(str(step))
        nested = [kind for kind in (field.annotation, *get_args(field.annotation))] if field else []
        model = next((kind for kind in nested if isinstance(kind, type) and issubclass(kind, BaseModel)), BaseModel)
    return [*model.model_fields]


def member_fault(
    file: Path | str,
    lines: Mapping[tuple[str | int, ...], int],
    where: tuple[str | int, ...],
    error: ValidationError,
    known: Callable[[tuple[str | int, ...]], list[str]],
) -> ConfigurationError:
    """Give the first of the faults to be mended, with file, line, key and what would be right.

    `lines` are those of all key paths in the file, `where` is the path of what was validated, `known` tells the keys
    that may stand at a path within it.
    """
    # A misspelt key makes two faults, the unknown one and the required one: only the first tells what to mend.
    first = min(error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden")
    within = tuple(step for step in first["loc"] if step != "[key]")  # pydantic's way to say that a key is wrong
    path = (*where, *within)
    line = next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), 1)
    message = str(first["msg"]).removeprefix("Value error, ")
    match first["type"]:
        case "extra_forbidden":
            message = _unknown_key(str(path[-1]), known(within[:-1]))
        case "missing":
            message = "this key is required"
        case "literal_error":
            near = difflib.get_close_matches(str(first["input"]), re.findall(r"'([^']*)'", message), n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"{first['input']!r}: {message[:1].lower()}{message[1:]}{hint}"
        case "model_type":
            message = "a mapping is needed here, for example {ko: 한국전력공사}"
        case "string_type" | "int_type" | "int_parsing" | "float_parsing" | "bool_parsing" | "tuple_type":
            message = f"{message}, and not {first['input']!r}"[:300]
    return ConfigurationError(f"{file}:{line}: {'.'.join(str(step) for step in path)}: {message}")


def _unknown_key(key: str, known: list[str]) -> str:
    if near := difflib.get_close_matches(key, known, n=1):
        return f"unknown key; did you mean `{near[0]}`?"
    elsewhere = [name for name, options in OPTIONS.items() if key in options.model_fields]
    hint = f"; it is an option of {' and '.join(sorted(elsewhere))}" if elsewhere else ""
    return f"unknown key{hint}; known: {', '.join(sorted(known))}"
