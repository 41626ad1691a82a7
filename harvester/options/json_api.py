"""Options of the protocol ``json_api``: how a JSON list is asked for, where its records are, what their fields mean.

Everything that is looked up in an answer is a JMESPath expression (https://jmespath.org), read when the member file is.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)

from harvester.mapping.declared import PROPERTIES, is_property
from harvester.mapping.expressions import checked
from harvester.options.base import Options

_HOLDER = "{identifier}"


def _property(name: str) -> str:
    if not is_property(name):
        near = difflib.get_close_matches(name, PROPERTIES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(PROPERTIES))}, additional.…"
        raise ValueError(f"no property is called {name!r}; {hint}")
    return name


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _address(value: str) -> str:
    if value and (_HOLDER not in value or not value.startswith(("/", "http://", "https://"))):
        raise ValueError(f"an address with {_HOLDER} in it is needed: /data/{_HOLDER} or https://…/{_HOLDER}")
    return value


Expression: TypeAlias = Annotated[str, AfterValidator(checked)]
Address: TypeAlias = Annotated[str, AfterValidator(_address)]
Fields: TypeAlias = dict[
    Annotated[str, AfterValidator(_property)], Annotated[tuple[Expression, ...], BeforeValidator(_several)]
]
"""Property (`harvester.mapping.declared`) → expressions within a record; the first that finds something counts."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_PAGING_KEYS: Mapping[str, frozenset[str]] = {
    "none": frozenset(),
    "page": frozenset({"parameter", "first", "size", "size_parameter", "pages"}),
    "offset": frozenset({"parameter", "first", "size", "size_parameter"}),
    "cursor": frozenset({"parameter", "first", "size", "size_parameter", "next"}),
    "next_link": frozenset({"size", "size_parameter", "next"}),
}


class Paging(_Frozen):
    """How the next page is asked for.

    ``page`` counts pages, ``offset`` entries; ``cursor`` sends on what the answer says; ``next_link`` follows the
    address in the answer. A listing ends where the declared total or number of pages is reached, no next page is
    named, a page is empty, or, where neither total nor pages are known, a page is shorter than the first.
    """

    kind: Literal["none", "page", "offset", "cursor", "next_link"] = "none"
    parameter: str = ""
    """Name of the parameter that takes page number, offset or cursor."""
    first: int | str | None = None
    """What is sent for the first page: 1 for ``page`` and 0 for ``offset`` unless said, nothing for ``cursor``."""
    size: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Entries a page that are asked for; a portal's lower cap is noticed and kept to."""
    size_parameter: str = ""
    pages: Expression | None = None
    """Number of pages, in the answer."""
    next: Expression | None = None
    """The next cursor or address, in the answer; ``next_link`` without it follows the Link header (RFC 8288)."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        said = {name for name, value in self if value not in (None, "")}
        odd = said - {"kind"} - _PAGING_KEYS[self.kind]
        if odd:
            raise ValueError(f"paging of kind {self.kind} takes no {', '.join(sorted(odd))}")
        if self.kind in {"page", "offset", "cursor"} and not self.parameter:
            raise ValueError(f"paging of kind {self.kind} needs `parameter`, the name of what it sends")
        if self.kind == "cursor" and not self.next:
            raise ValueError("paging of kind cursor needs `next`: where the answer has the next cursor")
        if self.kind in {"page", "offset"} and isinstance(self.first, str):
            raise ValueError(f"paging of kind {self.kind} begins with a number, not with {self.first!r}")
        if (self.size is None) != (not self.size_parameter):
            raise ValueError("`size` and `size_parameter` are said together")
        return self

    @property
    def begin(self) -> int | str | None:
        """What the first request sends in `parameter`; None: nothing."""
        return self.first if self.first is not None else {"page": 1, "offset": 0}.get(self.kind)


class Detail(_Frozen):
    """A second JSON answer for every record; its values complete those of the list."""

    address: Address
    """Appended to the portal's address, unless it is a whole one; ``{identifier}`` stands for the record's."""
    record: Expression = "@"
    """The record, in the answer."""
    fields: Fields


class JsonApiOptions(Options):
    """A portal's own JSON list."""

    preset: str | None = None
    """Name of a set of defaults in ``config/presets.yml``; what the source says itself comes before them."""
    path: str = ""
    """Appended to the portal's address."""
    method: Literal["GET", "POST"] = "GET"
    body: Literal["form", "json"] = "form"
    """How a POST sends its parameters."""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """Sent with every request: in the query, or in the body of a POST."""
    accept_status: tuple[Annotated[int, Field(ge=300, le=599)], ...] = ()
    """Statuses beside 2xx whose answer is taken if it is JSON."""
    success: Expression | None = None
    """What must be true of an answer; else the portal says in it that it failed."""
    records: Expression
    """The list of records, in the answer."""
    total: Expression | None = None
    """How many records the list has, in the answer."""
    identifier: Expression
    """The identifier, in a record."""
    where: Expression | None = None
    """What must be true of a record that is to be harvested; the others are counted and left out."""
    paging: Paging = Paging()
    landing_page: Address = ""
    """Web page of a record: appended to the portal's address, unless it is a whole one."""
    fields: Fields
    detail: Detail | None = None

    @field_validator("parameters")
    @classmethod
    def _can_be_sent(cls, parameters: dict[str, JsonValue], known: ValidationInfo) -> dict[str, JsonValue]:
        if (known.data.get("method"), known.data.get("body")) != ("POST", "json"):
            for name, value in parameters.items():
                if isinstance(value, dict) or (isinstance(value, list) and any(map(_is_nested, value))):
                    raise ValueError(f"{name}: only a JSON body (method: POST, body: json) can hold this")
        return parameters

    @model_validator(mode="after")
    def _can_be_followed(self) -> Self:
        if self.paging.kind == "next_link" and self.method == "POST":
            raise ValueError("paging of kind next_link follows addresses, which a POST has not")
        return self

    @property
    def rules(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """The fields of list and detail, and what else of a record is looked at."""
        listed = dict(self.fields)
        if self.landing_page:
            listed["landing_page"] = (*listed.get("landing_page", ()), _joined(self.landing_page, self.identifier))
        listed["identifier"] = (self.identifier,)
        if self.where:
            listed["where"] = (self.where,)
        return {"json_fields": listed} | ({"json_detail": self.detail.fields} if self.detail else {})


def _is_nested(value: JsonValue) -> bool:
    return isinstance(value, (dict, list))


def _joined(address: str, identifier: str) -> str:
    """The expression that puts a record's identifier into an address."""
    pieces = [f"'{_quoted(piece)}'" for piece in address.split(_HOLDER)]
    return f"join('', [{f', to_string({identifier}), '.join(pieces)}])"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
