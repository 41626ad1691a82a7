"""The parameters of a request, as somebody typed them: percent-encoded, or in plain UTF-8 as `curl` sends them."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request

from harvester.errors import QueryError
from indexer.parameters import MOST_VALUES

_MOST = 4 * MOST_VALUES


def parameters(request: Request) -> list[tuple[str, str]]:
    """Read names and values in their order; raises `QueryError` for what is no UTF-8, or too many."""
    try:
        text = request.scope["query_string"].decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except UnicodeDecodeError:
        raise QueryError("the parameters are not UTF-8; encode them so, and percent-encode the bytes") from None
    except ValueError:
        raise QueryError(f"too many parameters; at most {_MOST} are allowed") from None


def no_parameters(request: Request) -> None:
    """Refuse parameters where there are none."""
    for name, _ in parameters(request):
        raise QueryError(f"{name[:60]}: no such parameter; there are none here", parameter=name[:60])
