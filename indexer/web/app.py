"""The web application: the API for programs, pages for people, both read-only."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

import harvester
from harvester.config import Settings
from indexer.web import api, faults, pages
from indexer.web.answers import json_answer
from indexer.web.display import STATIC
from indexer.web.protection import Protection
from indexer.web.readers import Readers, Stores
from indexer.web.schemas import components


class _Static(StaticFiles):
    """Style and icon; their addresses change with their content (`display.static`), so they may be kept."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=604800"
        return response


def create_app(settings: Settings, *, threads: int | None = None, seconds: float = 10.0) -> ASGIApp:
    """Make the application for these settings.

    `threads` answer searches side by side (default: one more than processors), and none takes longer than `seconds`.
    """

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        stores = Stores(settings)
        application.state.readers = Readers(stores, threads=threads or (os.cpu_count() or 1) + 1, seconds=seconds)
        # The state of the service must be told even while every reader is busy.
        application.state.watchman = Readers(stores, threads=1, waiting=16, seconds=5.0)
        warming_up = asyncio.create_task(application.state.readers.warm_up())
        try:
            yield
        finally:
            await warming_up
            application.state.readers.close()
            application.state.watchman.close()
            stores.close()

    application = FastAPI(
        title="데이터모아 · DataMoa",
        version=harvester.__version__,
        summary="Search over the dataset metadata of open-data portals; read-only, no key needed.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        # Their pages load scripts from a CDN.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # Nothing is sent anywhere because of a variable in the environment.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    application.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    faults.install(application)
    application.include_router(api.router)
    application.include_router(pages.router)
    _describe(application)
    application.mount("/static", _Static(directory=STATIC))
    return Protection(application)


def _describe(application: FastAPI) -> None:
    """Add the schemas of the answers to the OpenAPI document: they are the catalogue's own classes."""
    made = application.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        document.setdefault("components", {}).setdefault("schemas", {}).update(components())
        return document

    application.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way

    @application.get("/openapi.json", include_in_schema=False)
    async def description(request: Request) -> Response:
        return json_answer(request, application.openapi())
