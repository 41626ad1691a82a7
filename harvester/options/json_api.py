"""Options of the protocol ``json_api``: how a JSON list is asked for, where its records are, what their fields mean.

Everything that is looked up in an answer is a JMESPath expression (https://jmespath.org), read when the member file is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)

from harvester.mapping.expressions import checked
from harvester.options.base import Options, references
from harvester.options.declared import OneOrSeveral, Property

_HOLDER = "{identifier}"


def _address(value: str) -> str:
    if value and (_HOLDER not in value or not value.startswith(("/", "http://", "https://"))):
        raise ValueError(f"an address with {_HOLDER} in it is needed: /data/{_HOLDER} or https://…/{_HOLDER}")
    return value


Expression: TypeAlias = Annotated[str, AfterValidator(checked)]
Address: TypeAlias = Annotated[str, AfterValidator(_address)]
HeaderName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
Fields: TypeAlias = dict[Property, Annotated[tuple[Expression, ...], OneOrSeveral, Field(min_length=1)]]
"""Property (`harvester.mapping.declared`) → expressions within a record; the first that finds something counts."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paging(_Frozen):
    """How the next page is asked for: by one of `page`, `offset`, `cursor` (with `next`), `next` or `link_header`.

    A listing ends where exactly the declared total or the number of pages is reached, no next page is named, a page is
    empty, or, where neither total nor pages are known, a page is shorter than the first.
    """

    page: str | None = None
    """Parameter that takes the page's number, counted from `first` (1)."""
    offset: str | None = None
    """Parameter that takes the number of the first record, counted from `first` (0)."""
    cursor: str | None = None
    """Parameter that takes what `next` finds in the answer; the first request sends `first`, or nothing."""
    next: Expression | None = None
    """The next address, or with `cursor` the next cursor, in the answer."""
    link_header: bool = False
    """The next address stands in the Link header (RFC 8288)."""
    first: int | str | None = None
    size: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Records a page that are asked for; a portal's lower cap is noticed and kept to."""
    size_parameter: str = ""
    pages: Expression | None = None
    """Number of pages, in the answer; with `page` only."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("page", "offset", "cursor", "link_header") if getattr(self, name)]
        ways += ["next"] if self.next and not self.cursor else []
        if len(ways) > 1 or (not ways and self.model_dump(exclude_defaults=True)):
            raise ValueError("one way to page is needed: page, offset, cursor (with next), next or link_header")
        if self.cursor and not self.next:
            raise ValueError("`cursor` needs `next`: where the answer has the next cursor")
        if self.pages and not self.page:
            raise ValueError("`pages` is the number of pages, and goes with `page`")
        if self.first is not None and self.follows:
            raise ValueError("`first` goes with page, offset or cursor: the first address is the list's own")
        if isinstance(self.first, str) and not self.cursor:
            raise ValueError(f"pages and records are counted from a number, not from {self.first!r}")
        if (self.size is None) != (not self.size_parameter):
            raise ValueError("`size` and `size_parameter` are said together")
        return self

    @property
    def parameter(self) -> str | None:
        """Name of the parameter that moves on."""
        return self.page or self.offset or self.cursor

    @property
    def follows(self) -> bool:
        """Whether the answer names the address of the next page."""
        return self.link_header or bool(self.next and not self.cursor)

    @property
    def begin(self) -> int | str | None:
        """What the first request sends in `parameter`; None: nothing."""
        if self.first is not None:
            return self.first
        return 1 if self.page else 0 if self.offset else None


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
    """Appended to the portal's address. May name keys, as ``${NAME}``, as `parameters`, `headers`, `detail` may."""
    method: Literal["GET", "POST"] = "GET"
    """How the list is asked for."""
    body: Literal["form", "json"] = "form"
    """How a POST sends its parameters."""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """Sent with every request: in the query, or in the body of a POST."""
    headers: dict[HeaderName, Annotated[str, Field(pattern=r"^[^\r\n]*$")]] = Field(default_factory=dict)
    """Sent with every request."""
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
    """How the next page is asked for; without it the first answer is the whole list."""
    landing_page: Address = ""
    """Web page of a record: appended to the portal's address, unless it is a whole one."""
    fields: Fields
    """Property → where in a record it stands; of several expressions the first that finds something counts."""
    detail: Detail | None = None
    """A second JSON answer for every record."""

    @field_validator("path", "parameters", "headers", "detail")
    @classmethod
    def _names_its_keys(cls, said: Any) -> Any:
        list(references(said.address if isinstance(said, Detail) else said))
        return said

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
        if self.paging.follows and self.method == "POST":
            raise ValueError("`next` and `link_header` name addresses, and a POST has more than an address")
        return self

    @property
    def keys(self) -> frozenset[str]:
        """The keys that requests need, as ``${NAME}``."""
        detail = self.detail.address if self.detail else ""
        return frozenset(references((self.path, self.parameters, self.headers, detail)))

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
