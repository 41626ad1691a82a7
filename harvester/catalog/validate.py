"""Whether a dataset is of any use to a searcher."""

from __future__ import annotations

from harvester.catalog.model import Dataset, Issue

_NO_TITLE = Issue(severity="error", code="no-title", message="the record has no title in any language", field="title")
_NO_IDENTIFIER = Issue(
    severity="error", code="no-identifier", message="the record has no identifier", field="identifier"
)
_NO_LINK = Issue(
    severity="warning",
    code="no-link",
    message="the record leads nowhere: no landing page and no address of a file or service",
    field="landing_page",
)


def validate(dataset: Dataset) -> tuple[Issue, ...]:
    """Tell what is wrong with a normalised dataset; with an error nobody could find it, or tell it from others."""
    if dataset.landing_page and dataset.title and dataset.identifier:
        return ()
    issues: list[Issue] = []
    if not any(text.strip() for text in dataset.title.values()):
        issues.append(_NO_TITLE)
    if not dataset.identifier.strip():
        issues.append(_NO_IDENTIFIER)
    if not dataset.landing_page and not any(
        one.access_url or one.download_url or (one.access_service and one.access_service.endpoint_url)
        for one in dataset.distribution
    ):
        issues.append(_NO_LINK)
    return tuple(issues)
