"""Shape of the tables of ``config/`` (``vocabularies/*.yml``, ``joins.yml``); `harvester.config` reads them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from harvester.catalog.joins import Decision, Decisions


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Frozen):
    """What a searcher reads."""

    ko: str
    en: str


class Term(_Frozen):
    """A value of a vocabulary and the other ways to write it (`names`: the whole value is one of these)."""

    label: Label
    names: tuple[str, ...] = ()


class Licence(Term):
    """A licence: `phrases` may stand inside a longer text, `urls` mean it, `open` is as in open data."""

    uri: str | None = None
    open: bool = False
    phrases: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


class Frequency(Term):
    """An update cycle: ISO 8601 `durations` of repetitions that mean it, and its name in Dublin Core's `cld` terms."""

    durations: tuple[str, ...] = ()
    cld: tuple[str, ...] = ()


class Format(_Frozen):
    """A file format or kind of service; see the head of ``formats.yml``."""

    label: str | None = None
    media_type: str | None = None
    registered: bool = True
    shares_media_type: bool = False
    media_types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    packaging: bool = False
    service: bool = False


class Themes(_Frozen):
    """The EU's themes with their labels; the two Korean classifications with the EU themes each value falls in.

    `brm_areas`: second level of the function tree to its first.
    """

    eu: dict[str, Label]
    datagokr: dict[str, tuple[str, ...]]
    brm: dict[str, tuple[str, ...]]
    brm_areas: dict[str, str] = {}


class Agencies(_Frozen):
    """Names of agencies that changed, old to new: whole names, and names under which others stand."""

    names: dict[str, str] = {}
    prefixes: dict[str, str] = {}


class Values(_Frozen):
    """Small tables: marks of an empty value, language tags and their names, access rights, kinds of dataset."""

    empty: tuple[str, ...]
    languages: dict[str, str]
    language_names: dict[str, Label]
    access_rights: dict[str, Term]
    types: dict[str, Term]


class Tables(_Frozen):
    """All tables; the fields are the names of their files."""

    licences: dict[str, Licence] = Field(min_length=1)
    frequencies: dict[str, Frequency] = Field(min_length=1)
    formats: dict[str, Format] = Field(min_length=1)
    themes: Themes
    agencies: Agencies
    values: Values


class JoinRow(_Frozen):
    """One decision about datasets, by their ids, and its reason."""

    datasets: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{20}$")], ...] = Field(min_length=2)
    reason: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class JoinTable(_Frozen):
    """What a person decided: datasets that are the same one, and datasets that are not."""

    same: tuple[JoinRow, ...] = ()
    different: tuple[JoinRow, ...] = ()

    @property
    def decisions(self) -> Decisions:
        """The decisions as the ledger takes them."""
        same, different = (
            tuple(Decision(datasets=frozenset(row.datasets), reason=row.reason) for row in rows)
            for rows in (self.same, self.different)
        )
        return Decisions(same=same, different=different)
