"""Every answer that is not what was asked for: one shape for programs, a page for people, no word of a backend."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from harvester.errors import DataMoaError, ForeignIndexError, IndexEngineError, QueryError
from indexer.web.answers import json_answer, page_answer
from indexer.web.protection import is_for_programs
from indexer.web.readers import UnavailableError

log = logging.getLogger(__name__)

_PLAIN = {
    "search engine": (
        "the search engine cannot answer at the moment",
        "지금은 검색 엔진이 답하지 못합니다. 잠시 뒤에 다시 찾아 주세요.",
    ),
    "index": (
        "the search index is not this ledger's and has to be rebuilt",
        "검색 색인을 다시 만들어야 합니다. 그동안은 검색할 수 없습니다.",
    ),
    "ledger": (
        "the ledger cannot be read at the moment",
        "지금은 데이터 목록을 읽을 수 없습니다. 잠시 뒤에 다시 찾아 주세요.",
    ),
    "own": (
        "something went wrong on our side",
        "저희 쪽에서 문제가 생겼습니다. 기록해 두었으니 잠시 뒤에 다시 찾아 주세요.",
    ),
}


class NotHereError(DataMoaError):
    """What was asked for does not exist here (404) or no longer (410). Raised by the routes; `advice` is for people."""

    def __init__(self, message: str, heading: str, advice: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.heading = heading
        self.advice = advice
        self.status = 410 if gone else 404


def answer_fault(
    request: Request,
    status: int,
    message: str,
    heading: str,
    advice: str,
    *,
    parameter: str | None = None,
    allowed: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Answer for a fault: JSON under the API's addresses, a page elsewhere. `message` is English, for programs."""
    headers = {"Cache-Control": "no-store"} | (headers or {})
    if is_for_programs(request.url.path):
        error: dict[str, Any] = {"message": message}
        if parameter is not None:
            error["parameter"] = parameter
        if allowed:
            error["allowed"] = list(allowed)
        return json_answer(request, {"error": error}, status=status, headers=headers)
    detail = message if status == HTTPStatus.BAD_REQUEST else None
    return page_answer(
        request, "fault.html", status=status, headers=headers,
        heading=heading, advice=advice, detail=detail, allowed=allowed,
    )  # fmt: skip


async def _wrong_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, QueryError)
    return answer_fault(
        request,
        400,
        str(error),
        "검색 조건을 이해하지 못했습니다",
        f"주소의 ‘{error.parameter}’ 값을 확인해 주세요." if error.parameter else "주소나 찾을 말을 확인해 주세요.",
        parameter=error.parameter,
        allowed=error.allowed,
    )


async def _not_here(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotHereError)
    return answer_fault(request, error.status, str(error), error.heading, error.advice)


async def _unavailable(request: Request, error: Exception) -> Response:
    assert isinstance(error, UnavailableError)
    log.warning("%s: %s", request.url.path, error)
    return answer_fault(
        request, 503, str(error), "지금은 답할 수 없습니다", "요청이 많거나 오래 걸립니다. 잠시 뒤에 다시 찾아 주세요.",
        headers={"Retry-After": str(error.retry_after)},
    )  # fmt: skip


async def _backend(request: Request, error: Exception) -> Response:
    log.error("%s: %s", request.url.path, error, exc_info=error)
    at_fault = "index" if isinstance(error, ForeignIndexError) else "search engine"
    message, advice = _PLAIN[at_fault if isinstance(error, IndexEngineError) else "ledger"]
    return answer_fault(request, 503, message, "지금은 답할 수 없습니다", advice, headers={"Retry-After": "10"})


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = error.status_code == HTTPStatus.NOT_FOUND
    return answer_fault(
        request,
        error.status_code,
        "there is nothing at this address; /openapi.json says what there is" if known else "this cannot be answered",
        "이 주소에는 아무것도 없습니다" if known else "답할 수 없는 요청입니다",
        "주소를 확인하거나 처음부터 찾아 주세요.",
    )


async def _unforeseen(request: Request, error: Exception) -> Response:
    # Starlette raises the error again after this answer; `protection` logs it.
    message, advice = _PLAIN["own"]
    return answer_fault(request, 500, message, "문제가 생겼습니다", advice)


def install(application: FastAPI) -> None:
    """Let `application` answer its faults so."""
    for kind, handler in (
        (QueryError, _wrong_parameters),
        (NotHereError, _not_here),
        (UnavailableError, _unavailable),
        (IndexEngineError, _backend),
        (DataMoaError, _backend),
        (HTTPException, _http),
        (Exception, _unforeseen),
    ):
        application.add_exception_handler(kind, handler)
