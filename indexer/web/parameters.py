"""The parameters of a request, as somebody typed them: percent-encoded, or in plain UTF-8 as `curl` sends them."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request

from harvester.errors import QueryError
from indexer.parameters import MOST_VALUES

_MOST = 4 * MOST_VALUES


def parameters(request: Request) -> list[tuple[str, str]]:
    """Read names and values in their order; raises `QueryError` for what is no UTF-8 (but in `q`), or too many."""
    text = request.scope["query_string"].decode("utf-8", "surrogateescape")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=_MOST)
    except ValueError:
        raise QueryError(f"too many parameters; at most {_MOST} are allowed") from None
    return [(name, _typed(value) if name == "q" else _utf_8(name, value)) for name, value in pairs]


def _typed(text: str) -> str:
    """Read what somebody typed, also in the encoding of older Korean sites (EUC-KR, CP949)."""
    for encoding in ("utf-8", "cp949"):
        try:
            return text.encode("utf-8", "surrogateescape").decode(encoding)
        except UnicodeError:
            continue
    return text.encode("utf-8", "replace").decode("utf-8")


def _utf_8(name: str, value: str) -> str:
    try:
        (name + value).encode()
    except UnicodeEncodeError:
        raise QueryError("the parameters are not UTF-8; encode them so, and percent-encode the bytes") from None
    return value


def no_parameters(request: Request) -> None:
    """Refuse parameters where there are none."""
    for name, _ in parameters(request):
        raise QueryError(f"{name[:60]}: no such parameter; there are none here", parameter=name[:60])
