"""Small values as JSON text, the way the ledger stores them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
import xxhash

from harvester.catalog.model import Issue
from harvester.ledger.types import Deviation

_ENCODER = msgspec.json.Encoder(order="sorted")
_ISSUES = msgspec.json.Decoder(tuple[Issue, ...])
_FAILED = msgspec.json.Decoder(dict[str, Issue])
_COUNTERS = msgspec.json.Decoder(dict[str, int])
_ADDRESSES = msgspec.json.Decoder(dict[str, str])
_DEVIATIONS = msgspec.json.Decoder(tuple[Deviation, ...])
_NAMES = msgspec.json.Decoder(tuple[str, ...])

NO_ISSUES = "[]"
NONE_FAILED = "{}"

_T = TypeVar("_T")


def payload_hash(payload: bytes) -> bytes:
    """16 bytes that tell payloads apart (XXH3).

    Not a cryptographic hash: a portal that forges a collision hides a change of its own record, no more. BLAKE2b takes
    17 µs for 16 kB where this takes 0.6, and that was the largest part of harvesting what has not changed.
    """
    return xxhash.xxh3_128_digest(payload)


def storable(text: str) -> bool:
    """Whether both databases can keep the text: no NUL, no half of a surrogate pair."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def clean(text: str | None) -> str | None:
    """Text without what no database keeps."""
    if text is None or storable(text):
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def to_json(value: Any) -> str:
    """JSON with sorted keys; half surrogates, which hostile input may hold and UTF-8 cannot, become ``?``."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:
        return _ENCODER.encode(_cleaned(msgspec.to_builtins(value))).decode()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(content) for content in value]
    return value


def issues_json(issues: Iterable[Issue]) -> str:
    """Issues of a record as stored."""
    return to_json(tuple(issues)) if issues else NO_ISSUES


def issues_of(stored: str) -> tuple[Issue, ...]:
    """Stored issues of a record."""
    return () if stored == NO_ISSUES else _ISSUES.decode(stored)


def failed_of(stored: str) -> dict[str, Issue]:
    """Stored issues of parts that could not be had, by part name."""
    return {} if stored == NONE_FAILED else _FAILED.decode(stored)


def issue_of(stored: str) -> Issue:
    """One stored issue."""
    return msgspec.json.decode(stored, type=Issue)


def counters_of(stored: str | None) -> dict[str, int]:
    """Stored counters of a dataset."""
    return {} if stored is None else _COUNTERS.decode(stored)


def addresses_of(stored: str) -> dict[str, str]:
    """Stored addresses of wanted parts, by part name."""
    return _ADDRESSES.decode(stored)


def deviations_of(stored: str | None) -> tuple[Deviation, ...]:
    """Stored deviations of a job."""
    return () if stored is None else _DEVIATIONS.decode(stored)


def names_of(stored: str) -> tuple[str, ...]:
    """Stored names of unread fields."""
    return _NAMES.decode(stored)
