"""A portal that publishes DCAT feeds: given files at given paths, and Hydra pages made of separate records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harvester.sample_portals.server import Answer, Asked, Portal, not_found, validated

TURTLE = "text/turtle; charset=utf-8"
RDF_XML = "application/rdf+xml; charset=utf-8"
JSON_LD = "application/ld+json"
JSON = "application/json; charset=utf-8"


class DcatPortal(Portal):
    """Serves files by path; ``{portal}`` in a text file becomes the portal's own address (Hydra's next page needs it).

    Answers carry ETag and Last-Modified; a request that shows the same ETag gets 304.
    """

    def __init__(self, files: Mapping[str, tuple[str, bytes]] | None = None) -> None:
        super().__init__()
        self.files: dict[str, tuple[str, bytes]] = dict(files or {})

    def answer(self, asked: Asked) -> Answer:
        """File at this path (with its query, where one is kept so), or 404."""
        query = "&".join(f"{name}={value}" for name, value in asked.query.items())
        found = self.files.get(f"{asked.path}?{query}") or self.files.get(asked.path)
        if not found:
            return not_found()
        content_type, body = found
        return validated(asked, body.replace(b"{portal}", self.url.encode()), content_type)


def hydra_pages(
    datasets: Sequence[str], per_page: int, path: str = "/catalog.ttl", prefixes: str = ""
) -> dict[str, tuple[str, bytes]]:
    """Turtle pages of a feed with a hydra:PartialCollectionView; each dataset is Turtle text."""
    pages: dict[str, tuple[str, bytes]] = {}
    starts = range(0, max(len(datasets), 1), per_page)
    for number, start in enumerate(starts, 1):
        address = "{portal}" + path
        following = f"; hydra:next <{address}?page={number + 1}>" if number < len(starts) else ""
        view = f"<{address}?page={number}>"
        text = (
            f"{prefixes}\n@prefix hydra: <http://www.w3.org/ns/hydra/core#> .\n"
            f"{view} a hydra:PartialCollectionView ; hydra:first <{address}?page=1>{following} .\n"
            f"<{address}> a hydra:Collection ; hydra:totalItems {len(datasets)} ; hydra:view {view} .\n"
        )
        body = (text + "\n".join(datasets[start : start + per_page])).encode()
        pages[f"{path}?page={number}"] = (TURTLE, body)
    pages[path] = pages[f"{path}?page=1"]
    return pages
