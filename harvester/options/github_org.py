"""Options of the protocol ``github_org``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harvester.options.base import KeyReference, Options


class GitHubOrgOptions(Options):
    """GitHub REST API (https://docs.github.com/rest/repos/repos), the repositories of one organisation that are data.

    A repository is selected when its name or one of its topics matches; without `names` and `topics` all are.
    """

    default_url = "https://api.github.com"

    organisation: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    """Name of the organisation in the addresses of its repositories."""
    names: tuple[str, ...] = ()
    """Names of repositories; ``*`` and ``?`` stand for any letters. Letter case does not count."""
    topics: tuple[str, ...] = ()
    """Topics, written as `names` are."""
    api_key: KeyReference | None = None
    """Reference to a token (``${GITHUB_TOKEN}``): 5,000 requests an hour instead of 60."""
    rows: Annotated[int, Field(ge=1, le=100)] = 100
    """Repositories a request; GitHub itself caps this at 100."""
