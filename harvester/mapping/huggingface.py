"""A data set of the Hugging Face Hub, as ``/api/datasets?full=true`` lists it. The shape is general knowledge.

What a data set's card says stands twice: as ``cardData`` (the card's front matter) and as ``tags`` with a prefix
(``license:mit``). The card's own words come first, tags fill in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Agent, Catalog, Concept, Dataset, Distribution, Mapped
from harvester.errors import RecordError
from harvester.mapping.file_endings import FORMATS, format_of
from harvester.mapping.json_values import byte_size, count, lang_text, load_object, text, texts
from harvester.mapping.licences import license_of

VERSION = 2

_READ = frozenset(
    {
        "_id", "author", "cardData", "citation", "createdAt", "description", "disabled", "downloads",
        "downloadsAllTime", "gated", "id", "key", "lastModified", "likes", "paperswithcode_id",
        "private", "sha", "siblings", "tags", "trendingScore",
    }
)  # fmt: skip
_TOLD = frozenset({"arxiv", "doi", "format", "language", "license"})
"""Prefixes of tags that have a property of their own."""
_CARD_READ = frozenset(
    {
        "configs", "dataset_info", "extra_gated_fields", "extra_gated_prompt", "language", "license", "license_link",
        "license_name", "pretty_name", "tags", "viewer",
    }
)  # fmt: skip
_NO_DATA = frozenset({".gitattributes", ".gitignore", "license", "license.md", "license.txt", "readme.md"})
_MOST_FILES = 30
"""Files that become distributions of their own; a data set may have thousands of shards."""


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one entry of the list; RecordError where it is not an object with an ``id``."""
    record = load_object(payload)
    name = text(record.get("id"))
    if name is None:
        raise RecordError("not-a-dataset", "the object has no id of a data set", field="id")
    get, language = record.get, catalog.language
    card = get("cardData")
    card = card if isinstance(card, dict) else {}
    tags = _tags(texts(get("tags")))
    page = f"{catalog.url}/datasets/{name}"
    author = text(get("author")) or name.partition("/")[0]
    creator = Agent(name={language: author}, homepage=f"{catalog.url}/{author}")
    keywords = tuple(dict.fromkeys((*tags.get("", ()), *texts(card.get("tags")), *tags.get("task_categories", ()))))
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_text(card.get("pretty_name"), language) or {language: name.rpartition("/")[2]},
        description=lang_text(get("description"), language),
        keyword={language: keywords} if keywords else {},
        publisher=Agent(name=catalog.publisher) if catalog.publisher else creator,
        creator=(creator,),
        landing_page=page,
        page=tuple(f"https://arxiv.org/abs/{one}" for one in tags.get("arxiv", ())),
        issued=text(get("createdAt")),
        modified=text(get("lastModified")),
        language=texts(card.get("language")) or tags.get("language", ()),
        license=_license(card, tags),
        access_rights=_access_rights(record),
        other_identifier=tuple(f"https://doi.org/{one}" for one in tags.get("doi", ())),
        distribution=tuple(_distributions(record, card, tags, page)),
        additional=dict(_additional(record, card, tags)),
    )
    counters = {key: number for key in ("downloads", "likes") if (number := count(get(key))) is not None}
    return Mapped(dataset=dataset, counters=counters, unread=tuple(sorted(record.keys() - _READ)))


def _tags(stated: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Tags by prefix; those without one (words of the authors) under the empty one."""
    found: dict[str, dict[str, None]] = {}
    for tag in stated:
        prefix, colon, value = tag.partition(":")
        known = bool(colon and value and prefix.replace("_", "").isalnum() and prefix == prefix.lower())
        found.setdefault(prefix if known else "", {})[value.strip() if known else tag] = None
    return {prefix: tuple(values) for prefix, values in found.items()}


def _license(card: Mapping[str, Any], tags: Mapping[str, tuple[str, ...]]) -> Concept | None:
    """Give the licence; several are several words for one unknown licence, and ``other`` has a name of its own."""
    stated = texts(card.get("license")) or tags.get("license", ())
    if stated == ("other",):
        link = text(card.get("license_link"))
        address = link if link and link.startswith(("http://", "https://")) else None
        return Concept(source=text(card.get("license_name")) or "other", uri=address)
    return license_of(", ".join(stated))


def _access_rights(record: Mapping[str, Any]) -> Concept:
    if record.get("private") is True:
        return Concept(source="private")
    return Concept(source="restricted" if record.get("gated") not in (None, False, "false", "") else "public")


def _distributions(
    record: Mapping[str, Any], card: Mapping[str, Any], tags: Mapping[str, tuple[str, ...]], page: str
) -> Iterable[Distribution]:
    files = list(_files(record.get("siblings")))
    if files and len(files) <= _MOST_FILES:
        for file in files:
            address = f"{page}/resolve/main/{file}"
            yield Distribution(title={"und": file}, access_url=page, download_url=address, format=_format(file))
        return
    info = card.get("dataset_info")
    size = byte_size(info.get("download_size")) if isinstance(info, dict) else None
    for format in tags.get("format", ()) or (None,):
        stated = Concept(source=FORMATS.get(format, format)) if format else None
        yield Distribution(access_url=f"{page}/tree/main", format=stated, byte_size=size)


def _files(siblings: Any) -> Iterable[str]:
    for one in siblings if isinstance(siblings, list) else ():
        name = one.get("rfilename") if isinstance(one, dict) else None
        if isinstance(name, str) and name.strip() and name.lower() not in _NO_DATA:
            yield name.strip()


def _format(file: str) -> Concept | None:
    known = format_of(file)
    return Concept(source=known) if known else None


def _additional(
    record: Mapping[str, Any], card: Mapping[str, Any], tags: Mapping[str, tuple[str, ...]]
) -> Iterable[tuple[str, str]]:
    for prefix, values in tags.items():
        if prefix and prefix not in _TOLD:
            yield prefix, ", ".join(values)
    for key, value in card.items():
        if key not in _CARD_READ and key not in tags and (said := texts(value)):
            yield key, ", ".join(said)
    for key in ("paperswithcode_id", "citation", "sha"):
        if said := texts(record.get(key)):
            yield key, ", ".join(said)
    if record.get("disabled") is True:
        yield "disabled", "true"
    if (files := sum(1 for _ in _files(record.get("siblings")))) > _MOST_FILES:
        yield "files", str(files)
    for key in record.keys() - _READ:
        if said := texts(record[key]):
            yield key, ", ".join(said)
