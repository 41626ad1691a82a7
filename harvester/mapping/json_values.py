"""Reading loosely typed JSON values.

Where portals should write a string they also write numbers, lists, ``{"@value": …}``, language maps, JSON inside a
string, null, or nothing. Every function here takes any JSON value, never raises, and gives an empty answer for what
it cannot read. None recurses into the value deeper than the shapes named here, so deep nesting costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeGuard

import orjson

from harvester.catalog.model import Agent, Concept, ContactPoint, PeriodOfTime
from harvester.errors import RecordError

_LABELS = ("@value", "prefLabel", "label", "title", "name", "display_name", "fn", "text", "notation", "value")
_ADDRESSES = ("@id", "uri", "url", "href", "id")
_AGENT_NAMES = ("name", "title", "fn", "prefLabel", "label", "legalName", "source")
_CONTACT_NAMES = ("fn", "name", "title", "organization-name", "contactType")
_STARTS = ("startDate", "start_date", "start", "from")
_ENDS = ("endDate", "end_date", "end", "to")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_COUNT = re.compile(r"\d{1,3}(?:[, ]\d{3})+|\d{1,18}(?:\.0+)?")
_BYTES = re.compile(r"(\d[\d, ]{0,18}(?:\.\d{1,6})?)\s*(b|bytes?|octets?|[kmgt]i?b?|[kmgt]o)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_MAX_COUNT = 2**63


def load_value(payload: bytes) -> Any:
    """Parse `payload`; RecordError ``not-json`` where it is no JSON."""
    try:
        return orjson.loads(payload)
    except ValueError as error:
        raise RecordError("not-json", f"the record is not JSON: {error}") from error


def load_object(payload: bytes) -> dict[str, Any]:
    """Parse the JSON object in `payload`; RecordError ``not-json`` or ``not-an-object`` where it is none."""
    value = load_value(payload)
    if isinstance(value, dict):
        return value
    raise RecordError("not-an-object", f"the record is a JSON {type(value).__name__}, an object was expected")


def inner_json(value: Any) -> Any:
    """Parse the list or object that a string holds as JSON; anything else comes back as it is."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except ValueError:
            return value
    return value


def text(value: Any) -> str | None:
    """Read one text without surrounding blanks: of a list the first one that is not empty, of an object its label."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return next((found for one in value if (found := _label(one))), None)
    return _label(value)


def _label(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        return _first_scalar(value, _LABELS) or _first_scalar(value, _ADDRESSES)
    return _scalar(value)


def _scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return None


def _first_scalar(value: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        if (found := value.get(key)) is not None and (label := _scalar(found)):
            return label
    return None


def texts(value: Any) -> tuple[str, ...]:
    """Read all texts of a value, without repetition; a string may hold a JSON list. 0 and false are said, too."""
    if value is None:
        return ()
    value = inner_json(value)
    if isinstance(value, list):
        return tuple(dict.fromkeys(found for one in value if (found := _label(one))))
    found = _label(value)
    return (found,) if found else ()


def address(value: Any) -> str | None:
    """Read a link: a string, or the ``@id``, ``uri`` or ``url`` of an object; of a list the first."""
    if isinstance(value, list):
        return next((found for one in value if (found := address_of_one(one))), None)
    return address_of_one(value)


def address_of_one(value: Any) -> str | None:
    """Read a link that is a string or an object with an address."""
    if isinstance(value, dict):
        return _first_scalar(value, _ADDRESSES) or _first_scalar(value, _LABELS)
    return value.strip() or None if isinstance(value, str) else None


def addresses(value: Any) -> tuple[str, ...]:
    """Read all links of a value, without repetition."""
    if not value:
        return ()
    value = inner_json(value)
    if isinstance(value, list):
        return tuple(dict.fromkeys(found for one in value if (found := address_of_one(one))))
    found = address_of_one(value)
    return (found,) if found else ()


@lru_cache(maxsize=4096)
def _is_language_tag(key: str) -> bool:
    return _LANGUAGE_TAG.fullmatch(key) is not None


def is_language_map(value: Any) -> TypeGuard[dict[str, Any]]:
    """Tell whether every key of an object is a language tag (``{"de": …, "fr": …}``)."""
    return isinstance(value, dict) and bool(value) and all(map(_is_language_tag, value))


def lang_text(value: Any, language: str) -> dict[str, str]:
    """Read text by language: a string, a language map (also as JSON in a string), ``@value`` objects, or a list."""
    if value is None:
        return {}
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return {}
        if value[0] == "{" and is_language_map(inner := inner_json(value)):
            value = inner
        else:
            return {language: value}
    if is_language_map(value):
        return {_tag(tag): found for tag, content in value.items() if (found := text(content))}
    result: dict[str, str] = {}
    for one in value if isinstance(value, list) else (value,):
        if is_language_map(one):
            result |= {_tag(key): found for key, content in one.items() if (found := text(content))}
        elif found := _label(one):
            tag = text(one.get("@language")) if isinstance(one, dict) else None
            result.setdefault(_tag(tag) if tag else language, found)
    return result


def _tag(key: str) -> str:
    return key.replace("_", "-")


def lang_keywords(value: Any, language: str) -> dict[str, tuple[str, ...]]:
    """Read keywords by language: a string (not split), a list of texts, objects or language maps, or lists in a map."""
    if not value:
        return {}
    value = inner_json(value)
    if is_language_map(value):
        return {_tag(tag): words for tag, content in value.items() if (words := texts(content))}
    if not isinstance(value, list):
        value = [value]
    result: dict[str, dict[str, None]] = {}
    for one in value:
        if word := _label(one):
            tag = text(one.get("@language")) if isinstance(one, dict) else None
            result.setdefault(_tag(tag) if tag else language, {})[word] = None
        elif is_language_map(one):
            for key, content in one.items():
                if word := text(content):
                    result.setdefault(_tag(key), {})[word] = None
    return {tag: tuple(words) for tag, words in result.items()}


def concept(value: Any, *, scheme: str | None = None) -> Concept | None:
    """Read a vocabulary value: a string, or an object with label and address; of a list the first."""
    if isinstance(value, list):
        return next((found for one in value if (found := concept_of_one(one, scheme=scheme))), None)
    return concept_of_one(value, scheme=scheme)


def concept_of_one(value: Any, *, scheme: str | None = None) -> Concept | None:
    """Read a vocabulary value that is a string or an object."""
    if isinstance(value, dict):
        label = _first_scalar(value, _LABELS)
        uri = _first_scalar(value, _ADDRESSES)
        source = label or uri
        return Concept(source=source, uri=uri if uri and "://" in uri else None, scheme=scheme) if source else None
    found = _scalar(value)
    return Concept(source=found, scheme=scheme) if found else None


def concepts(value: Any, *, scheme: str | None = None) -> tuple[Concept, ...]:
    """Read all vocabulary values of a list (also as JSON in a string), or the one."""
    if not value:
        return ()
    value = inner_json(value)
    found = (concept_of_one(one, scheme=scheme) for one in (value if isinstance(value, list) else (value,)))
    return tuple(dict.fromkeys(one for one in found if one))


def agent(value: Any, language: str) -> Agent | None:
    """Read an organisation or person: a name, or an object with name, address, e-mail; of a list the first."""
    return next(agents(value, language), None)


def agents(value: Any, language: str) -> Iterator[Agent]:
    """Read all organisations and persons of a value."""
    value = inner_json(value)
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict):
            name = next((found for key in _AGENT_NAMES if (found := lang_text(one.get(key), language))), {})
            identifier = address_of_one(one.get("@id") or one.get("uri") or one.get("identifier"))
            if name or identifier:
                yield Agent(
                    name=name or {language: identifier or ""},
                    identifier=identifier,
                    homepage=address(one.get("homepage") or one.get("url")),
                    email=without_scheme(address(one.get("email") or one.get("hasEmail") or one.get("mbox"))),
                )
        elif name := lang_text(one, language):
            yield Agent(name=name)


def contacts(value: Any, language: str) -> Iterator[ContactPoint]:
    """Read all contact points of a value: vCard in JSON, or just names."""
    value = inner_json(value)
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict):
            name = next((found for key in _CONTACT_NAMES if (found := lang_text(one.get(key), language))), {})
            email = without_scheme(address(one.get("hasEmail") or one.get("email")))
            telephone = without_scheme(address(one.get("hasTelephone") or one.get("telephone") or one.get("phone")))
            url = address(one.get("hasURL") or one.get("url"))
            if name or email or telephone or url:
                yield ContactPoint(name=name, email=email, telephone=telephone, url=url)
        elif name := lang_text(one, language):
            yield ContactPoint(name=name)


def without_scheme(value: str | None) -> str | None:
    """Take ``mailto:`` or ``tel:`` off an e-mail address or telephone number."""
    if value and value[:7].lower() == "mailto:":
        return value[7:].strip() or None
    if value and value[:4].lower() == "tel:":
        return value[4:].strip() or None
    return value


def periods(value: Any) -> tuple[PeriodOfTime, ...]:
    """Read periods: objects with start and end, or texts, which become labels and are read by normalising."""
    if not value:
        return ()
    value = inner_json(value)
    result: dict[PeriodOfTime, None] = {}
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict):
            start, end = _first_text(one, _STARTS), _first_text(one, _ENDS)
            label = None if start or end else _label(one)
        else:
            start, end, label = None, None, _scalar(one)
        if start or end or label:
            result[PeriodOfTime(start=start, end=end, label=label)] = None
    return tuple(result)


def _first_text(value: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((found for key in keys if (found := text(value.get(key)))), None)


def count(value: Any) -> int | None:
    """Read a number of views, downloads, rows: an integer, also written with thousands separators; never negative."""
    if isinstance(value, str):
        found = _COUNT.fullmatch(value.strip())
        return int(found[0].replace(",", "").replace(" ", "").partition(".")[0]) if found else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_COUNT else None


def byte_size(value: Any) -> int | None:
    """Read a size in bytes: a number, or text such as ``42 octets`` or ``1.5 MB``; zero means unknown."""
    if value is None:
        return None
    if isinstance(value, str):
        found = _BYTES.fullmatch(value.strip())
        if not found:
            return None
        unit = (found[2] or "")[:1].lower()
        value = float(found[1].replace(",", "").replace(" ", "")) * _UNITS.get(unit, 1)
        return int(value) or None
    return count(value) or None
