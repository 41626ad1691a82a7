"""Repositories of a GitHub organisation (``/orgs/{org}/repos``), paged by the Link header.

Recorded: the rows, and that the links of a page leave the path that was asked for (``/organizations/107424/repos``).
General knowledge: 403 or 429 with ``x-ratelimit-*`` when too much was asked, ``{"message": …}`` for faults, topics.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from scrapy.http import Response

from harvester.catalog.model import HarvestRecord, Part, Rejected
from harvester.errors import PortalError
from harvester.options.github_org import GitHubOrgOptions
from harvester.protocols.json_answers import decoded, next_link, row, words
from harvester.protocols.linked_pages import Answered, LinkedPagesSpider, Passed


class _Head(msgspec.Struct):
    id: Any = None
    name: Any = None
    topics: Any = None


class _Refusal(msgspec.Struct):
    message: str = ""


class GitHubOrgSpider(LinkedPagesSpider):
    """Lists the repositories of one organisation that its options select."""

    format: ClassVar[str] = "github_repository"
    options: GitHubOrgOptions
    statuses = (403, 404, 429)

    def first(self) -> str:
        """Path and query of the first page."""
        return self._path(1)

    def _path(self, page: int) -> str:
        return f"/orgs/{self.options.organisation}/repos?{urlencode({'per_page': self.options.rows, 'page': page})}"

    def headers(self) -> Mapping[str, str]:
        """Say which answers are wanted and, where a key is configured, who asks."""
        wanted = {"Accept": "application/vnd.github+json"}
        return (
            wanted | {"Authorization": f"Bearer {self.key(self.options.api_key)}"} if self.options.api_key else wanted
        )

    def read(self, response: Response) -> Answered:
        """Read a page: a list of repositories."""
        if response.status != 200:
            raise _refused(response)
        raws = decoded(response, list[msgspec.Raw], "a list of repositories")
        following = next_link(response)
        if following is None and b"Link" not in response.headers and len(raws) >= self.options.rows:
            # A proxy may have dropped the header: a full page is the last one only if the next is empty.
            asked = dict(parse_qsl(urlsplit(response.url).query)).get("page", "")
            following = f"{self.source.url}{self._path(int(asked) + 1)}" if asked.isdecimal() else None
        return Answered([self._row(raw) for raw in raws], following)

    def _row(self, raw: msgspec.Raw) -> HarvestRecord | Rejected | Passed:
        head = row(raw, _Head, lambda head: words(head.id), self.format)
        if isinstance(head, Rejected):
            return head
        if not self._selects(head):
            return Passed(f"repository {words(head.name)}")
        part = Part(name="listing", format=self.format, payload=bytes(raw))
        # The number outlives a new name of the repository, or of the organisation.
        return HarvestRecord(identifier=words(head.id) or "", parts=(part,))

    def _selects(self, head: _Head) -> bool:
        options = self.options
        topics = [topic for topic in head.topics if isinstance(topic, str)] if isinstance(head.topics, list) else []
        return not (options.names or options.topics) or (
            _matches([words(head.name) or ""], options.names) or _matches(topics, options.topics)
        )


def _matches(values: list[str], patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(value.casefold(), pattern.casefold()) for value in values for pattern in patterns)


def _refused(response: Response) -> PortalError:
    try:
        said = msgspec.json.decode(response.body, type=_Refusal).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = ""
    left = response.headers.get("X-RateLimit-Remaining")
    hint = ""
    if response.status in (403, 429) and left == b"0":
        hint = f"; no request is left{_until(response)}; `api_key: ${{GITHUB_TOKEN}}` allows more"
    reason = "not found" if response.status == 404 else "blocked"
    return PortalError(reason, f"{response.url}: answered {response.status}: {said[:200]}{hint}")


def _until(response: Response) -> str:
    reset = (response.headers.get("X-RateLimit-Reset") or b"").decode("latin-1")
    if not reset.isdecimal() or len(reset) > 11:
        return ""
    return f" until {datetime.fromtimestamp(int(reset), UTC):%Y-%m-%d %H:%M} UTC"
