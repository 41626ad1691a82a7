"""A dataset as bytes: the same dataset always gives the same bytes, so that bytes can be compared by hash."""

from __future__ import annotations

import hashlib

import msgspec

from harvester.catalog.model import Dataset

_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(Dataset)


def encode(dataset: Dataset) -> bytes:
    """JSON in UTF-8 with sorted keys and without empty fields. Raises UnicodeEncodeError for lone surrogates."""
    return _ENCODER.encode(dataset)


def decode(content: bytes) -> Dataset:
    """Give the dataset that `encode` wrote, also by an older program: unknown fields are passed over.

    Raises `msgspec.DecodeError` (of which `msgspec.ValidationError` is one) for anything else.
    """
    return _DECODER.decode(content)


def content_hash(content: bytes) -> bytes:
    """16 bytes that differ whenever the encoded dataset does (BLAKE2b). Counters are no part of a dataset."""
    return hashlib.blake2b(content, digest_size=16).digest()
