"""Options of the protocol ``html_list``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from harvester.mapping.html_rules import compiled
from harvester.options.base import Options
from harvester.options.declared import OneOrSeveral, Property


def _rule(expression: str) -> str:
    compiled(expression)
    return expression


def _marker(expression: str) -> str:
    if not expression.startswith("text:"):
        compiled(expression)
    elif not expression.removeprefix("text:").strip():
        raise ValueError("which text? for example `text:조회된 데이터가 없습니다`")
    return expression


def _path(value: str) -> str:
    if value and not value.startswith("/"):
        raise ValueError("a path begins with / and stands under `url`")
    return value


def _paged_path(value: str) -> str:
    if "{page}" not in _path(value):
        raise ValueError("where does the number stand? for example /list/page{page}")
    return value


def _detail(value: str) -> str:
    if value.startswith(("/", "http://", "https://")):
        if "{identifier}" not in value:
            raise ValueError("where does the identifier stand? for example /view.do?id={identifier}; or a link: a@href")
        return value
    return _rule(value)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Expression = Annotated[str, AfterValidator(_rule)]
Fields = Mapping[Property, Annotated[tuple[Expression, ...], OneOrSeveral, Field(min_length=1)]]
Parameter = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int)]


class Paging(BaseModel):
    """How the next page is asked for: one of `page`, `offset`, `path`, `next`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str | None = None
    """Parameter that takes the page's number, counted from `first`."""
    offset: str | None = None
    """Parameter that takes the number of the first record, counted from `first`; goes on by `size`."""
    path: Annotated[str, AfterValidator(_paged_path)] | None = None
    """Path of every page after the first, with ``{page}`` for its number; the first page is `first`."""
    next: Expression | None = None
    """The link to the next page; a page without it is the last one."""
    first: Annotated[int, Field(ge=0)] = 1
    size: Annotated[int, Field(ge=1)] | None = None
    """Records on a page."""
    most_pages: Annotated[int, Field(ge=1)] = 5000
    """A list that has more pages is taken for an endless one."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("page", "offset", "path", "next") if getattr(self, name)]
        if len(ways) != 1:
            raise ValueError("one way to page is needed: page, offset, path or next")
        if (self.size is not None) != (self.offset is not None):
            raise ValueError("`offset` needs `size`, by which it goes on; the other ways take none")
        return self


class HtmlListOptions(Options):
    """Web pages that list records, and a page for each of them; the notation is `harvester.mapping.html_rules`'s."""

    default_language = "ko"

    path: Annotated[str, AfterValidator(_path)] = ""
    """Path of the list under the source's address."""
    method: Literal["GET", "POST"] = "GET"
    """``POST`` sends the parameters as a form."""
    parameters: Mapping[str, Parameter] = {}
    """Name → value of every request of the list."""
    paging: Paging | None = None
    """How the next page is asked for; without it the list is one page."""
    rows: Expression
    """The elements that are a record each."""
    identifier: Expression
    """Where in a row the record's identifier stands."""
    fields: Fields = Field(default_factory=dict)
    """Property → where in a row it stands."""
    total: Expression | None = None
    """Where a page says how many records the list has; the first number counts."""
    last_page: Expression | None = None
    """Where a page says which one is the last; the first number counts."""
    empty: Annotated[str, AfterValidator(_marker)] | None = None
    """How an empty list says so: an element, or ``text:`` and words on the page."""
    detail: Annotated[str, AfterValidator(_detail)] | None = None
    """Page of a record: an address with ``{identifier}``, or where in a row the link stands."""
    content: Expression | None = None
    """The elements of a record's page that are kept; None: all of it."""
    detail_fields: Fields = Field(default_factory=dict)
    """Property → where on a record's page it stands."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if bool(self.detail) != bool(self.detail_fields):
            raise ValueError("`detail` and `detail_fields` go together: which page, and what is read there")
        if self.content and not self.detail:
            raise ValueError("`content` speaks of a record's page, and `detail` says which page that is")
        if "title" not in self.fields and "title" not in self.detail_fields:
            raise ValueError("where does the title stand? `fields` or `detail_fields` must say so")
        if self.last_page and not (self.paging and (self.paging.page or self.paging.path)):
            raise ValueError("`last_page` needs pages that are numbered: paging by `page` or `path`")
        return self

    @property
    def rules(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Rules of rows and of details; a record's page is its landing page where no rule says otherwise."""
        fields = dict(self.fields)
        if self.detail and "landing_page" not in (*self.fields, *self.detail_fields):
            template = "{identifier}" in self.detail
            fields["landing_page"] = (f"address:{self.detail}" if template else self.detail,)
        return {"html_row": fields, "html_detail": dict(self.detail_fields)}
