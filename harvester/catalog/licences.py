"""Which licence a portal means: an address, a code, an HTML link, a phrase inside a text, or none that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from harvester.catalog.names import address_key, name_key
from harvester.catalog.tables import Label, Licence

_LINK = re.compile(r"""href\s*=\s*["']?\s*([^"'\s>]+)|(https?://[^\s"'<>)\]]+)""", re.IGNORECASE)
_CC_ADDRESS = re.compile(
    r"creativecommons\.org/licen[sc]es/(by(?:-nc)?(?:-sa|-nd)?)/(\d\.\d)(?:/([a-z]{2,3}))?(?:/.*)?", re.IGNORECASE
)
_CC_EU = re.compile(r"publications\.europa\.eu/resource/authority/licence/cc_by(nc)?(sa|nd)?_(\d)_(\d)", re.IGNORECASE)
_CC_NAME = re.compile(
    r"\b(?:cc|creative\s*commons)[\s_-]*(?:attribution|by)"
    r"(?P<nc>[\s_/-]*(?:non[\s-]?commercial|nc\b))?"
    r"(?:(?P<sa>[\s_/-]*(?:share[\s-]?alike|sa\b))|(?P<nd>[\s_/-]*(?:no[\s-]?deriv\w*|nd\b)))?"
    r"[\s,_(v-]*(?P<version>[1-4]\.\d)",
    re.IGNORECASE,
)


class KnownLicence(NamedTuple):
    """A licence of the register, or a version of Creative Commons that was read from an address or a name."""

    code: str
    uri: str | None


class LicenceRegister:
    """The licences of ``licences.yml``, found by whatever portals write. Raises ValueError when two claim one name."""

    def __init__(self, licences: Mapping[str, Licence]) -> None:
        self._known = {code: KnownLicence(code, licence.uri) for code, licence in licences.items()}
        self._labels = {code: licence.label for code, licence in licences.items()}
        self._names: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        phrases: dict[str, str] = {}
        for code, licence in licences.items():
            for name in (code, *licence.names):
                _claim(self._names, name_key(name), code)
            for url in (*licence.urls, *((licence.uri,) if licence.uri else ())):
                _claim(self._addresses, address_key(url), code)
            for phrase in licence.phrases:
                _claim(phrases, name_key(phrase), code)
        self._phrases = sorted(phrases.items(), key=lambda entry: -len(entry[0]))

    def find(self, text: str, markup: str = "") -> KnownLicence | None:
        """Give the one licence that `text` means; None when it means none or several.

        `markup` is the text before its HTML was taken off: a link in it counts where the words themselves say nothing
        ("see our <a href=…>terms of use</a>").
        """
        if found := self.by_code(text) or self.by_address(text):
            return found
        meant = {*self._linked(text), *self._named(text)} or set(self._linked(markup))
        return meant.pop() if len(meant) == 1 else None

    def by_code(self, text: str) -> KnownLicence | None:
        """Give the licence whose code or name is the whole text."""
        if code := self._names.get(name_key(text)):
            return self._known[code]
        return _creative_commons_named(match) if (match := _CC_NAME.fullmatch(text.strip())) else None

    def by_address(self, url: str) -> KnownLicence | None:
        """Give the licence that an address stands for."""
        key = address_key(url)
        if code := self._addresses.get(key) or self._addresses.get(key.partition("?")[0].partition("#")[0].rstrip("/")):
            return self._known[code]
        if match := _CC_ADDRESS.fullmatch(key):
            return _creative_commons(match[1].upper(), match[2], match[3])
        if match := _CC_EU.fullmatch(key):
            parts = "-".join(filter(None, ("BY", match[1], match[2]))).upper()
            return _creative_commons(parts, f"{match[3]}.{match[4]}", None)
        return None

    def label(self, code: str) -> Label | None:
        """Give what a searcher reads for a code; versions of Creative Commons have no rows and read as their name."""
        if label := self._labels.get(code):
            return label
        if code.startswith("CC-BY"):
            words = "CC " + re.sub(r"-(?=\d)", " ", code[3:])
            return Label(ko=words, en=words)
        return None

    def _linked(self, text: str) -> Iterator[KnownLicence]:
        if "//" in text or "href" in text:
            for match in _LINK.finditer(text):
                if found := self.by_address((match[1] or match[2]).rstrip(".,;")):
                    yield found

    def _named(self, text: str) -> Iterator[KnownLicence]:
        for match in _CC_NAME.finditer(text):
            yield _creative_commons_named(match)
        rest = name_key(text)
        for phrase, code in self._phrases:
            if phrase in rest:
                rest = rest.replace(phrase, "\0")
                yield self._known[code]


def _claim(register: dict[str, str], key: str, code: str) -> None:
    owner = register.setdefault(key, code)
    if owner != code:
        raise ValueError(f"{key!r} stands under {owner} and under {code}")


def _creative_commons_named(match: re.Match[str]) -> KnownLicence:
    parts = "-".join(name for name in ("nc", "sa", "nd") if match[name])
    return _creative_commons(f"BY-{parts}".rstrip("-").upper(), match["version"], None)


def _creative_commons(parts: str, version: str, port: str | None) -> KnownLicence:
    suffix = f"-{port.upper()}" if port else ""
    path = f"{port.lower()}/" if port else ""
    return KnownLicence(
        f"CC-{parts}-{version}{suffix}", f"https://creativecommons.org/licenses/{parts.lower()}/{version}/{path}"
    )
