"""Pages for people: search and dataset, in Korean, rendered here; they need no script."""

from __future__ import annotations

import logging
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from harvester.catalog import codec
from harvester.errors import IndexEngineError
from harvester.ledger import StoredDataset
from indexer.answer import Found
from indexer.facets import FacetQuery
from indexer.parameters import SearchQuery
from indexer.web.answers import page_answer
from indexer.web.api import doors, readers, stored_dataset
from indexer.web.dataset_page import DatasetPage, dataset_page
from indexer.web.parameters import parameters
from indexer.web.readers import Reader
from indexer.web.search_page import SearchPage, facet_page, search_page

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)


@router.get("/")
async def search(request: Request) -> Response:
    """Show the search page; takes the parameters of /api/search."""
    given = parameters(request)

    def find(reader: Reader) -> SearchPage:
        query = SearchQuery.from_parameters(given)
        # A page folds what says the same, but where a line was opened.
        query = replace(query, fold="series" not in query.filters)
        return search_page(query, reader.searcher.answer(query, reasons=True), reader.searcher.label)

    page = await readers(request).ask(find)
    return page_answer(request, "search.html", page=page, asked_for=page.asked_for, kept=page.kept)


@router.get("/datasets/{id}")
async def dataset(request: Request) -> Response:
    """Show the page of one dataset."""
    id = request.path_params["id"]

    def read(reader: Reader) -> DatasetPage:
        stored = stored_dataset(reader.ledger, id)
        return dataset_page(
            stored, doors(reader, id), reader.vocabularies, reader.searcher.label, similar(reader, stored)
        )

    page = await readers(request).ask(read)
    return page_answer(request, "dataset.html", page=page)


def similar(reader: Reader, stored: StoredDataset) -> list[Found]:
    """Find similar datasets; a dataset is shown without them where the index cannot be read."""
    try:
        return reader.searcher.similar(codec.decode(stored.content))
    except IndexEngineError as error:
        log.warning("no similar datasets: %s", error)
        return []


@router.get("/facets/{field}")
async def facet(request: Request) -> Response:
    """Show every value of one facet; takes the parameters of /api/facets."""
    query = FacetQuery.from_parameters(request.path_params["field"], parameters(request))
    found = await readers(request).ask(lambda reader: reader.searcher.facet(query))
    return page_answer(request, "facet.html", page=facet_page(query, found), asked_for=query.search.q)
