"""The endpoint for programs: search, datasets, members, health. JSON, open to every site, see /openapi.json."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from harvester import config
from harvester.catalog import codec
from harvester.catalog.model import Dataset
from harvester.catalog.quality import quality
from harvester.errors import DataMoaError
from harvester.ledger import Door, Ledger, StoredDataset
from indexer.documents import Documents
from indexer.facets import FacetQuery
from indexer.languages import said
from indexer.ownership import estrangement
from indexer.parameters import SearchQuery
from indexer.web.answers import json_answer
from indexer.web.faults import NotHereError
from indexer.web.openapi import DATASET_ID, facet_parameters, search_parameters, suggest_parameters
from indexer.web.parameters import no_parameters, parameters
from indexer.web.readers import Reader, Readers
from indexer.web.schemas import (
    DatasetAnswer,
    FacetAnswer,
    Fault,
    HealthAnswer,
    MembersAnswer,
    SearchAnswer,
    SimilarAnswer,
    SuggestAnswer,
    answered,
)

log = logging.getLogger(__name__)
router = APIRouter()

_WRONG: dict[int | str, dict[str, Any]] = {
    400: answered(Fault, "A parameter is wrong or unknown: what is wrong, and what is allowed"),
    503: answered(Fault, "Cannot answer at the moment; Retry-After says when to try again"),
}


def readers(request: Request) -> Readers:
    """Give the readers of the application that this request came to."""
    found: Readers = request.app.state.readers
    return found


@router.get(
    "/api/search",
    operation_id="search",
    summary="Search datasets",
    responses={200: answered(SearchAnswer, "Found datasets, best first"), **_WRONG},
    openapi_extra={"parameters": search_parameters()},
)
async def search(request: Request) -> Response:
    """Find ranked datasets with highlights, and facets with counts.

    A facet's own counts leave its own filter out, so several values of one field can be chosen: they are alternatives;
    different fields all have to match. `cursor` of an answer continues it: `from` reaches only so deep.
    """
    given = parameters(request)
    answer = await readers(request).ask(lambda reader: reader.searcher.search(given))
    return json_answer(request, answer, volatile=("took_ms",))


@router.get(
    "/api/suggest",
    operation_id="suggest",
    summary="Complete what is being typed",
    responses={200: answered(SuggestAnswer, "Words, agencies and titles, the likeliest first"), **_WRONG},
    openapi_extra={"parameters": suggest_parameters()},
)
async def suggest(request: Request) -> Response:
    """Give words, agencies and titles that go on as the text does, with numbers of datasets under the filters.

    The text may end in the middle of a syllable (장ㅂ, 장박), be typed with the keyboard in the other language, or be
    initial consonants (ㅁㅅㅁㅈ). What stands before its last word stays, and is completed.
    """
    query = SearchQuery.being_typed(parameters(request))
    found = await readers(request).ask(lambda reader: reader.searcher.suggest(query))
    return json_answer(request, {"suggestions": [each.to_json() for each in found]})


@router.get(
    "/api/facets/{field}",
    operation_id="facet",
    summary="All values of one facet",
    responses={200: answered(FacetAnswer, "Values, the most frequent first"), **_WRONG},
    openapi_extra={"parameters": facet_parameters()},
)
async def facet(request: Request) -> Response:
    """Give every value that a field has among the datasets that a search finds.

    As in a search, the field's own filter is left out. `cursor` of an answer continues it.
    """
    query = FacetQuery.from_parameters(request.path_params["field"], parameters(request))
    found = await readers(request).ask(lambda reader: reader.searcher.facet(query))
    return json_answer(request, found.to_json())


@router.get(
    "/api/datasets/{id}/similar",
    operation_id="similar",
    summary="Datasets like one",
    responses={
        200: answered(SimilarAnswer, "At most ten datasets, the likest first"),
        404: answered(Fault, "No dataset has this id"),
        410: answered(Fault, "The dataset was there, and its portal lists it no more"),
        **_WRONG,
    },
    openapi_extra={"parameters": [DATASET_ID]},
)
async def similar(request: Request) -> Response:
    """Give datasets that share rare words of title and keywords with this one.

    Of titles of one agency that only differ in a number or a word, there is one.
    """
    no_parameters(request)
    id = request.path_params["id"]

    def find(reader: Reader) -> list[dict[str, Any]]:
        dataset = codec.decode(stored_dataset(reader.ledger, id).content)
        return [each.to_json() for each in reader.searcher.similar(dataset)]

    return json_answer(request, {"similar": await readers(request).ask(find)})


@router.get(
    "/api/datasets/{id}",
    operation_id="dataset",
    summary="One dataset, whole",
    responses={
        200: answered(DatasetAnswer, "The dataset in DCAT 3, properties in snake case"),
        404: answered(Fault, "No dataset has this id"),
        410: answered(Fault, "The dataset was there, and its portal lists it no more"),
        **_WRONG,
    },
    openapi_extra={"parameters": [DATASET_ID]},
)
async def dataset(request: Request) -> Response:
    """Give everything that is known of one dataset.

    DCAT properties as harvested and normalised, `counters` (views, downloads), when it was harvested and last changed,
    and the quality of its metadata with the reasons.
    """
    no_parameters(request)
    id = request.path_params["id"]
    stored, also_at = await readers(request).ask(lambda reader: (stored_dataset(reader.ledger, id), doors(reader, id)))
    found: dict[str, Any] = orjson.loads(stored.content)
    found["counters"] = dict(stored.counters)
    found["first_harvested"] = stored.first_seen
    found["last_harvested"] = stored.last_seen
    found["last_changed"] = stored.changed
    found["quality"] = _judged(codec.decode(stored.content))
    found["also_at"] = [
        {
            "id": other.id,
            "source": other.source,
            "title": title.text if (title := said(dataset.title)) else dataset.identifier,
            "landing_page": dataset.landing_page,
            "reason": door.reason,
        }
        for door, other, dataset in also_at
    ]
    return json_answer(request, found, volatile=("last_harvested",))


def doors(reader: Reader, id: str) -> list[tuple[Door, StoredDataset, Dataset]]:
    """Read the same dataset's entries in other sources, with the reasons."""
    found = reader.ledger.also_at(id, config.joins(reader.settings.config))
    stored = reader.ledger.datasets([door.id for door in found])
    return [(door, other, codec.decode(other.content)) for door in found if (other := stored.get(door.id))]


def _judged(dataset: Dataset) -> dict[str, Any]:
    judged = quality(dataset)
    return {
        "score": judged.score,
        "dimensions": judged.dimensions,
        "reasons": [reason._asdict() for reason in judged.reasons],
    }


def stored_dataset(ledger: Ledger, id: str) -> StoredDataset:
    """Read a live dataset; raise `NotHereError` (404 unknown, 410 removed)."""
    stored = ledger.datasets([id]).get(id)
    if stored is None:
        raise NotHereError(
            "no dataset has this id",
            "그런 데이터셋이 없습니다",
            "주소가 바뀌었을 수 있습니다. 제목으로 다시 찾아 주세요.",
        )
    if stored.removed:
        raise NotHereError(
            "this dataset is gone: its portal lists it no more",
            "사라진 데이터셋입니다",
            "원래 포털의 목록에서 없어졌습니다. 비슷한 데이터셋을 찾아 주세요.",
            gone=True,
        )
    return stored


@router.get(
    "/api/members",
    operation_id="members",
    summary="Members and their harvest sources",
    responses={200: answered(MembersAnswer, "Every configured member"), **_WRONG},
)
async def members(request: Request) -> Response:
    """Tell who is harvested, from where, how we know that the portal answers so, and how the last harvest went."""
    no_parameters(request)
    return json_answer(request, await readers(request).ask(_members))


def _members(reader: Reader) -> dict[str, Any]:
    states = reader.ledger.source_states()
    rows = []
    for member in config.members(reader.settings.config):
        sources: list[dict[str, Any]] = []
        for source in member.sources:
            state = states.get(source.name)
            last = state.last_job if state else None
            sources.append(
                {
                    "source": source.name,
                    "title": source.title,
                    "protocol": source.protocol,
                    "url": source.url,
                    "evidence": source.evidence,
                    "note": source.note,
                    "enabled": source.enabled,
                    "schedule": source.schedule,
                    "last_verdict": last.verdict if last else None,
                    "last_reason": (last.reason or None) if last else None,
                    "last_finished": last.finished if last else None,
                    "last_complete": state.last_complete if state else None,
                    "datasets": state.datasets if state else 0,
                }
            )
        rows.append(
            {
                "member": member.id,
                "name": {"ko": member.name.ko} | ({"en": member.name.en} if member.name.en else {}),
                "sector": member.sector,
                "homepage": member.homepage,
                "datasets": sum(source["datasets"] for source in sources),
                "sources": sources,
            }
        )
    return {"members": rows}


@router.get(
    "/health",
    operation_id="health",
    summary="Can it serve, and is the index up to date?",
    responses={
        200: answered(HealthAnswer, "It serves: `ok`, or `degraded` with the reasons"),
        400: _WRONG[400],
        503: answered(HealthAnswer, "It cannot serve: `down` with the reasons"),
    },
)
async def health(request: Request) -> Response:
    """Tell how the service is.

    `index_lag`: changes of the ledger that the index does not have yet; some, while a harvest runs, are normal.
    """
    no_parameters(request)
    watchman: Readers = request.app.state.watchman
    try:
        found = await watchman.ask(_health)
    except DataMoaError as error:
        log.error("health: %s", error)
        found = _down("the ledger cannot be read")
    status = 503 if found["status"] == "down" else 200
    return json_answer(request, found, status=status, headers={"Cache-Control": "no-store"})


def _down(reason: str, **known: Any) -> dict[str, Any]:
    found = {"status": "down", "engine": None, "ledger": "unreachable"}
    numbers = dict.fromkeys(("index_lag", "last_seq", "checkpoint", "documents"))
    return found | numbers | known | {"reasons": [reason]}


def _health(reader: Reader) -> dict[str, Any]:
    # The kind, not the name: a cluster's name is its address, which is nobody's business.
    kind = "embedded" if reader.settings.index_url == "embedded" else "elasticsearch"
    known: dict[str, Any] = {"engine": kind, "ledger": "reachable", "last_seq": reader.ledger.last_seq()}
    try:
        checkpoint = reader.engine.checkpoint()
        documents = reader.engine.document_count()
    except DataMoaError as error:
        log.error("health: %s", error)
        return _down("the search engine cannot be reached", **known)
    if strange := estrangement(reader.ledger, checkpoint):
        known |= {"checkpoint": checkpoint.seq, "documents": documents}
        return _down(f"the index {strange}: `datamoa rebuild` makes it anew", **known)
    last_seq = known["last_seq"] = reader.ledger.last_seq()
    lag = max(0, last_seq - checkpoint.seq)
    aside = len(reader.ledger.set_asides(reader.engine.name))
    reasons = []
    if checkpoint.analysis not in (None, Documents.of(reader.settings.config).analysis):
        reasons.append("the index was built by another analysis: `datamoa rebuild` makes a new one")
    elif lag:
        reasons.append(f"the index is {lag:,} changes behind the ledger: `datamoa index` brings it up to date")
    if aside:
        reasons.append(f"the index could not take {aside:,} changes: `datamoa index` tells why")
    return {
        "status": "degraded" if reasons else "ok",
        **{key: known[key] for key in ("engine", "ledger")},
        "index_lag": lag,
        "last_seq": last_seq,
        "checkpoint": checkpoint.seq,
        "documents": documents,
        "reasons": reasons,
    }
