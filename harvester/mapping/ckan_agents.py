"""Who is behind a CKAN package: publisher, creators, contact points, as core CKAN, DKAN and ckanext-dcat say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvester.catalog.model import Agent, Catalog, ContactPoint, LangText
from harvester.mapping.json_values import agent, agents, contacts, lang_text, text

_CONTACT = ("contact", "contact_points", "contact_point")
_CONTACT_NAME = ("contact_name", "contact-name")
_CONTACT_EMAIL = ("contact_email", "contact-email")
_CONTACT_PHONE = ("contact_telephone", "contact_phone", "contact-phone")

AGENT_KEYS = (
    *_CONTACT,
    *_CONTACT_NAME,
    *_CONTACT_EMAIL,
    *_CONTACT_PHONE,
    "contact_uri",
    "contact_url",
    *(
        f"{role}{key}"
        for role in ("publisher", "creator")
        for key in ("", "_name", "_uri", "_identifier", "_url", "_email")
    ),
)
"""Keys of extensions that are read here."""


def first(fields: Mapping[str, Any], *keys: str) -> Any:
    """Give the first value that is not empty."""
    if fields:
        for key in keys:
            if value := fields.get(key):
                return value
    return None


def lang_first(*values: Any, language: str) -> LangText:
    """Read text by language from the first value that has any."""
    for value in values:
        if value and (found := lang_text(value, language)):
            return found
    return {}


def group_name(group: Mapping[str, Any], language: str) -> LangText:
    """Read the name of a group or organisation."""
    return lang_first(group.get("title"), group.get("display_name"), group.get("name"), language=language)


def publisher(package: Mapping[str, Any], fields: Mapping[str, Any], catalog: Catalog) -> Agent | None:
    """Read the publisher: stated by ckanext-dcat, else the organisation (DKAN: the group), else the catalogue's."""
    language = catalog.language
    if fields:
        if found := agent(fields.get("publisher"), language):
            return found
        if found := _flat_agent(fields, "publisher", language):
            return found
    organization = package.get("organization")
    if organization is None and "organization" not in package and isinstance(groups := package.get("groups"), list):
        organization = groups[0] if groups else None  # DKAN's groups are its publishers
    if isinstance(organization, dict) and (name := group_name(organization, language)):
        return Agent(name=name, homepage=text(organization.get("url")))
    if isinstance(organization, str) and (name := lang_text(organization, language)):
        return Agent(name=name)
    return Agent(name=catalog.publisher) if catalog.publisher else None


def _flat_agent(fields: Mapping[str, Any], role: str, language: str) -> Agent | None:
    name = lang_text(fields.get(f"{role}_name"), language)
    identifier = text(fields.get(f"{role}_uri") or fields.get(f"{role}_identifier"))
    if not name and not identifier:
        return None
    return Agent(
        name=name or {language: identifier or ""},
        identifier=identifier,
        homepage=text(fields.get(f"{role}_url")),
        email=text(fields.get(f"{role}_email")),
    )


def creators(package: Mapping[str, Any], fields: Mapping[str, Any], language: str) -> tuple[Agent, ...]:
    """Read the creators: stated by ckanext-dcat, else the author."""
    if fields:
        if found := tuple(agents(fields.get("creator"), language)):
            return found
        if one := _flat_agent(fields, "creator", language):
            return (one,)
    name = lang_text(package.get("author"), language)
    return (Agent(name=name, email=text(package.get("author_email"))),) if name else ()


def contact_points(package: Mapping[str, Any], fields: Mapping[str, Any], language: str) -> tuple[ContactPoint, ...]:
    """Read the contact points: stated by an extension, else the maintainer, else an author with an address."""
    if fields:
        if found := tuple(contacts(first(fields, *_CONTACT), language)):
            return found
        name = lang_text(first(fields, *_CONTACT_NAME), language)
        email = text(first(fields, *_CONTACT_EMAIL))
        phone = text(first(fields, *_CONTACT_PHONE))
        url = text(first(fields, "contact_url", "contact_uri"))
        if name or email or phone:
            return (ContactPoint(name=name, email=email, telephone=phone, url=url),)
    name = lang_text(package.get("maintainer"), language)
    email = text(package.get("maintainer_email"))
    if not name and not email and (email := text(package.get("author_email"))):
        name = lang_text(package.get("author"), language)
    return (ContactPoint(name=name, email=email),) if name or email else ()
