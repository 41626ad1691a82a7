"""docs/api.md names every endpoint, parameter and key, and nothing else that looks like a parameter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from indexer.parameters import PARAMETERS, SORTS
from indexer.web import schemas

DOCUMENT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def test_every_address_stands_there(client: httpx.Client) -> None:
    addresses = set(client.get("/openapi.json").json()["paths"])
    assert set(re.findall(r"^## `GET (\S+)`", DOCUMENT, re.MULTILINE)) == addresses


def test_every_parameter_and_order_stands_there() -> None:
    table = DOCUMENT.partition("| parameter |")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", " ".join(first_cells))) == set(PARAMETERS)
    for sort in SORTS:
        assert f"`{sort}`" in table


@pytest.mark.parametrize(
    "schema",
    [schemas.SearchAnswer, schemas.Hit, schemas.FacetValue, schemas.HealthAnswer, schemas.QualityAnswer, schemas.Error],
)
def test_every_key_stands_there(schema: Any) -> None:
    for name in schema.__struct_fields__:
        assert re.search(rf"[`\"]{name}[`\"]", DOCUMENT), name
