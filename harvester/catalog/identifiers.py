"""Identity of datasets."""

from __future__ import annotations

import base64
import hashlib
import re

_LENGTH = 20
_FILE_DATE = re.compile(r"_(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$")


def dataset_id(source: str, identifier: str) -> str:
    """Id of the dataset that `source` lists as `identifier`: 20 characters of ``a-z2-7``, the same for ever.

    100 bits of a hash: among a billion datasets a collision has odds of one to a trillion. The source's name is part
    of it, since portals number their records independently of each other.
    """
    key = f"{source}\0{identifier}".encode("utf-8", "surrogatepass")
    return base64.b32encode(hashlib.blake2b(key, digest_size=15).digest()).decode("ascii")[:_LENGTH].lower()


def undated(title: str) -> str:
    """Give the title without the ``_YYYYMMDD`` that file names of data.go.kr carry and titles do not."""
    return _FILE_DATE.sub("", title)
