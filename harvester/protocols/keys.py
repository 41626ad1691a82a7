"""Keys in what a source sends: named by its options, filled in for the request, named again in what comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from harvester.crawl.redaction import SHORTEST, spelling
from harvester.options.base import REFERENCE


class Keys:
    """The keys that a source's options name as ``${NAME}``.

    Only these are filled in: a portal whose answer names another variable of the environment is not told it.
    """

    def __init__(self, names: Iterable[str], key: Callable[[str], str]) -> None:
        self._values = {name: key(name) for name in sorted(names)}
        self._spelt = [
            (re.compile(spelling(value).encode()), name.encode())
            for name, value in self._values.items()
            if len(value) >= SHORTEST
        ]

    def filled(self, value: Any) -> Any:
        """Give a value, and the values within it, with the keys in the place of their names."""
        if isinstance(value, str):
            return REFERENCE.sub(lambda found: self._values.get(found[0], found[0]), value)
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        return value

    def filled_address(self, address: str) -> str:
        """Give an address with the keys in it."""
        return REFERENCE.sub(lambda found: quote(self._values.get(found[0], found[0]), safe=""), address)

    def named(self, content: bytes) -> bytes:
        """Give what a portal sent with the keys' names in their place: it is kept, and a cursor sends it again."""
        for spelt, name in self._spelt:
            content = spelt.sub(name, content)
        return content
