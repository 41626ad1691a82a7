"""Pages for people: search and dataset, in Korean, rendered here; they need no script."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from indexer.parameters import SearchQuery
from indexer.web.answers import page_answer
from indexer.web.api import doors, readers, stored_dataset
from indexer.web.dataset_page import DatasetPage, dataset_page
from indexer.web.parameters import parameters
from indexer.web.readers import Reader
from indexer.web.search_page import SearchPage, search_page

router = APIRouter(include_in_schema=False)


@router.get("/")
async def search(request: Request) -> Response:
    """Show the search page; takes the parameters of /api/search."""
    given = parameters(request)

    def find(reader: Reader) -> SearchPage:
        query = SearchQuery.from_parameters(given)
        return search_page(query, reader.searcher.answer(query, reasons=True), reader.searcher.label)

    page = await readers(request).ask(find)
    return page_answer(request, "search.html", page=page, asked_for=page.asked_for, kept=page.kept)


@router.get("/datasets/{id}")
async def dataset(request: Request) -> Response:
    """Show the page of one dataset."""
    id = request.path_params["id"]

    def read(reader: Reader) -> DatasetPage:
        stored = stored_dataset(reader.ledger, id)
        return dataset_page(stored, doors(reader, id), reader.vocabularies, reader.searcher.label)

    page = await readers(request).ask(read)
    return page_answer(request, "dataset.html", page=page)
