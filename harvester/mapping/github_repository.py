"""A repository as GitHub's REST API lists it (recorded 2012 and 2019; topics are documented).

``updated_at`` moves with every star, so that ``pushed_at`` is when the data changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvester.catalog.identifiers import dataset_id
from harvester.catalog.model import Agent, Catalog, Concept, Dataset, Distribution, Mapped
from harvester.errors import RecordError
from harvester.mapping.json_values import address, count, lang_keywords, lang_text, load_object, text, texts

VERSION = 1

_READ = frozenset(
    {
        "archive_url", "archived", "clone_url", "created_at", "default_branch", "description", "disabled", "fork",
        "full_name", "homepage", "html_url", "id", "language", "license", "name", "node_id", "owner", "private",
        "pushed_at", "topics", "updated_at", "url", "visibility",
        # counters
        "forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers",
        "watchers_count",
        # about the repository as a place to work in, not about its content
        "allow_forking", "custom_properties", "git_url", "has_discussions", "has_downloads", "has_issues", "has_pages",
        "has_projects", "has_pull_requests", "has_wiki", "is_template", "mirror_url", "permissions",
        "pull_request_creation_policy", "ssh_url", "svn_url", "web_commit_signoff_required",
    }
)  # fmt: skip
_COUNTERS = {"stars": ("stargazers_count", "watchers"), "forks": ("forks_count", "forks")}


def to_dataset(payload: bytes, identifier: str, catalog: Catalog) -> Mapped:
    """Map one repository; RecordError where the payload is not an object with a name."""
    record = load_object(payload)
    name = text(record.get("name"))
    if name is None:
        raise RecordError("not-a-repository", "the object has no name of a repository", field="name")
    get, language = record.get, catalog.language
    landing_page, homepage = address(get("html_url")), address(get("homepage"))
    owner = _owner(get("owner"), language)
    # Addresses of further calls stand in every row, a few dozen of them.
    unread = {key for key in record.keys() - _READ if not key.endswith("_url")}
    counters = {
        counter: number
        for counter, keys in _COUNTERS.items()
        if (number := next((found for key in keys if (found := count(get(key))) is not None), None)) is not None
    }
    full_name = text(get("full_name"))
    dataset = Dataset(
        id=dataset_id(catalog.source, identifier),
        source=catalog.source,
        identifier=identifier,
        title=lang_text(name, language),
        description=lang_text(get("description"), language),
        keyword=lang_keywords(get("topics"), language),
        publisher=Agent(name=catalog.publisher) if catalog.publisher else owner,
        creator=(owner,) if owner else (),
        landing_page=landing_page,
        page=(homepage,) if homepage and homepage != landing_page else (),
        issued=text(get("created_at")),
        modified=text(get("pushed_at")) or text(get("updated_at")),
        license=_license(get("license")),
        access_rights=Concept(source="private" if get("private") is True else "public"),
        other_identifier=(full_name,) if full_name and full_name != identifier else (),
        distribution=_distributions(record, landing_page),
        additional={
            **{key: "true" for key in ("archived", "disabled", "fork") if get(key) is True},
            **{key: ", ".join(said) for key in ("language", *unread) if (said := texts(get(key)))},
        },
    )
    return Mapped(dataset=dataset, counters=counters, unread=tuple(sorted(unread)))


def _owner(value: Any, language: str) -> Agent | None:
    if not isinstance(value, dict) or not (login := text(value.get("login"))):
        return None
    return Agent(name={language: login}, homepage=address(value.get("html_url")))


def _license(value: Any) -> Concept | None:
    """Give SPDX's name of the licence; ``NOASSERTION`` stands where GitHub found a text that it does not know."""
    if not isinstance(value, dict):
        return None
    spdx, name = text(value.get("spdx_id")), text(value.get("name"))
    source = spdx if spdx and spdx != "NOASSERTION" else name
    return Concept(source=source) if source else None


def _distributions(record: Mapping[str, Any], page: str | None) -> tuple[Distribution, ...]:
    template, branch = text(record.get("archive_url")), text(record.get("default_branch"))
    if template and branch and "{archive_format}{/ref}" in template:
        archive = template.replace("{archive_format}{/ref}", f"zipball/{branch}")
        return (Distribution(access_url=page, download_url=archive, format=Concept(source="ZIP")),)
    clone = address(record.get("clone_url")) or page
    return (Distribution(access_url=clone),) if clone else ()
