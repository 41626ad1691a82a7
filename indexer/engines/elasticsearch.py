"""The index on Elasticsearch 8 or 9: for more machines, replicas and Kibana.

Searches go to the alias ``NAME``; behind it stands one generation, an index ``NAME-…`` of its own. Writers go through a
second alias, ``NAME-…-writers``, that lives and dies with its generation: a loader that outlives a rebuild is refused,
instead of writing half of its changes into each generation, or making the old one anew by writing to its name.

The ledger's ``seq`` is every document's external version, so loaders may run side by side and repeat each other, and a
tombstone is a document that stays. The checkpoint is a document too (version = seq: it never goes back).
"""

from __future__ import annotations

import contextlib
import functools
import logging
import secrets
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any as Json

from harvester.errors import IndexEngineError
from indexer.engines import cursor as cursors
from indexer.engines.base import (
    SEPARATOR,
    Checkpoint,
    Document,
    Failure,
    Hit,
    IndexChange,
    Indexed,
    Node,
    Ready,
    Request,
    Result,
    Term,
    value_key,
)
from indexer.engines.elasticsearch_address import parse
from indexer.engines.elasticsearch_bulk import send
from indexer.engines.elasticsearch_cluster import (
    WRITING_TIMEOUT,
    ApiError,
    Cluster,
    Elasticsearch,
    NotFoundError,
    bulk,
    clear_foreign,
    kind,
    reason,
)
from indexer.engines.elasticsearch_lines import Line, lines
from indexer.engines.elasticsearch_mapping import CHECKPOINT_ID, HIDDEN, mappings, ready, serving_settings, settings
from indexer.engines.elasticsearch_query import (
    LISTED_AT_ONCE,
    counts_body,
    facet_counts,
    facet_values_body,
    search_body,
    statistics,
    statistics_body,
    words_body,
)

_VALUES_AT_ONCE = 10_000
_ORPHAN_AGE = 24 * 3600.0

# With `gc_deletes: 0s` a deletion is forgotten at the next tick of the server's clock, which ticks every 200 ms.
_DELETIONS_FORGOTTEN = 0.5

_log = logging.getLogger(__name__)


class ElasticsearchIndex:
    """An index behind an alias of an Elasticsearch cluster; `url` as `indexer.engines.elasticsearch_address` says.

    Nothing is asked of the cluster before the first call. Safe to use from several threads for searching; one thread
    at a time writes. Raises `ConfigurationError` for a URL that is wrong; every other fault is an `IndexEngineError`.
    """

    def __init__(self, url: str) -> None:
        self._address = parse(url)
        self.name = str(self._address)
        self._cluster = Cluster(self._address)
        self._searched = self._address.name
        self._generation: str | None = None
        self._shards = 0  # as the last answer said

    # --- reading

    @staticmethod
    def ready(document: Document) -> Ready:
        """Give a document the form of this engine."""
        return ready(document)

    def checkpoint(self) -> Checkpoint:
        """How far the generation behind the alias is; writing goes to that generation from now on."""
        with self._cluster.asking() as client:
            self._generation = self._resolve(client)
            if self._generation is None:
                return Checkpoint()
            try:
                found = client.get(index=self._generation, id=CHECKPOINT_ID, source_includes=["checkpoint"])
            except NotFoundError:
                return Checkpoint()
            return Checkpoint(**found["_source"]["checkpoint"])

    def search(self, request: Request) -> Result:
        """Search; an alias that does not exist finds nothing."""
        body = search_body(request)
        with self._cluster.asking() as client:

            def ask(body: dict[str, Json]) -> dict[str, Json]:
                found: dict[str, Json] = client.search(index=self._searched, **body).body
                return found

            try:
                answer = ask(body)
                rows = answer["hits"]["hits"]
                found = lines(ask, request, rows) if request.fold and rows else [Line(row, None, 1) for row in rows]
            except NotFoundError:
                return Result(total=0, hits=(), facets={name: () for name in request.facets})
            except ApiError as error:
                # An index of another release knows no series.
                if not (request.fold and error.status_code == 400 and "in order to collapse on" in str(error.body)):
                    raise
                return self.search(replace(request, fold=False))
        self._shards = answer["_shards"]["total"]
        page = found[: request.size]
        hits = tuple(Hit(row["_id"], float(row["_score"] or 0), series, folded) for row, series, folded in page)
        total = answer["hits"]["total"]["value"]
        after = None
        if len(found) > len(page):
            before = cursors.decode(request.after, request.sort).position if request.after else request.offset
            key, id = page[-1].row["sort"]
            after = cursors.Cursor(request.sort, key, id, before + len(page)).encode()
        return Result(total=total, hits=hits, facets=facet_counts(request, answer.get("aggregations")), cursor=after)

    def document_count(self) -> int:
        """Documents that can be found."""
        with self._cluster.asking() as client:
            try:
                return int(client.count(index=self._searched, query=_LIVE)["count"])
            except NotFoundError:
                return 0

    def counts(self, nodes: Sequence[Node]) -> list[int]:
        """How many documents each node matches, in one request."""
        return self._count(counts_body(nodes), len(nodes))

    def frequencies(self, terms: Sequence[tuple[str, str]]) -> list[int]:
        """How many documents have each (field, term), in one request.

        Term statistics are those of one shard, and of a mapping that has all fields; elsewhere documents are counted.
        """
        if self._shards != 1 or not terms:
            return self.counts([Term(field, term) for field, term in terms])
        with self._cluster.asking() as client:
            try:
                return statistics(terms, client.termvectors(index=self._searched, **statistics_body(terms)).body)
            except NotFoundError:
                return [0] * len(terms)
            except ApiError as error:
                if "strict" not in reason(error):
                    raise
        return self.counts([Term(field, term) for field, term in terms])

    def _count(self, body: dict[str, Json], size: int) -> list[int]:
        if not size:
            return []
        found = self._aggregated(body)
        return [bucket["doc_count"] for bucket in found["counts"]["buckets"]] if found else [0] * size

    def words(
        self, field: str, prefix: str = "", filters: Sequence[Node] = (), limit: int | None = None
    ) -> list[tuple[str, int]]:
        """Terms with their numbers of documents; all of them take a request for every 50,000."""
        if limit is not None:
            # One more than wanted: the separator may be among them.
            found = self._aggregated(words_body(field, prefix, filters, limit + 1))
            counts = [(bucket["key"], bucket["doc_count"]) for bucket in found["words"]["buckets"]] if found else []
            return [(term, count) for term, count in counts if term != SEPARATOR][:limit]
        every: list[tuple[str, int]] = []
        after: str | None = None
        while found := self._aggregated(words_body(field, prefix, filters, None, after)):
            page = found["words"]["buckets"]
            every += ((bucket["key"]["term"], bucket["doc_count"]) for bucket in page)
            if len(page) < LISTED_AT_ONCE:
                break
            after = every[-1][0]
        wanted = [(term, count) for term, count in every if term.startswith(prefix) and term != SEPARATOR]
        return sorted(wanted, key=lambda pair: (-pair[1], pair[0]))

    def facet_values(
        self,
        field: str,
        query: Node,
        filters: Mapping[str, Node],
        *,
        after: str | None = None,
        size: int = 100,
        among: Collection[str] | None = None,
    ) -> list[tuple[str, int]]:
        """Values of a field with their numbers of documents, in the order of the values."""
        order = functools.partial(value_key, field)
        after = None if after is None else after.encode("utf-8", "replace").decode()
        if among is None:
            return self._facet_values(facet_values_body(field, query, filters, after, size, None))[:size]
        wanted = sorted({value for value in among if after is None or order(value) > order(after)}, key=order)
        found: list[tuple[str, int]] = []
        for start in range(0, len(wanted), _VALUES_AT_ONCE):
            batch = wanted[start : start + _VALUES_AT_ONCE]
            found += self._facet_values(facet_values_body(field, query, filters, None, size, batch))
            if len(found) >= size:
                break
        return found[:size]

    def _facet_values(self, body: dict[str, Json]) -> list[tuple[str, int]]:
        found = self._aggregated(body)
        buckets = found["values"]["buckets"] if found else []
        keys = [bucket["key"]["value"] if isinstance(bucket["key"], dict) else bucket["key"] for bucket in buckets]
        return [(str(key), bucket["doc_count"]) for key, bucket in zip(keys, buckets, strict=True)]

    def _aggregated(self, body: dict[str, Json]) -> dict[str, Json]:
        """Answers of a search's aggregations; none where the alias does not exist."""
        with self._cluster.asking() as client:
            try:
                answer = client.search(index=self._searched, allow_partial_search_results=False, **body)
            except NotFoundError:
                return {}
        self._shards = answer["_shards"]["total"]
        aggregations: dict[str, Json] = answer["aggregations"]
        return aggregations

    def documents(self) -> Iterator[Indexed]:
        """Every document's identity as of one moment, 5,000 at a time."""
        with self._cluster.asking() as client:
            try:
                moment = client.open_point_in_time(index=self._searched, keep_alive="5m")["id"]
            except NotFoundError:
                return
            try:
                after: list[Json] | None = None
                while True:
                    page = client.options(request_timeout=WRITING_TIMEOUT).search(
                        pit={"id": moment, "keep_alive": "5m"},
                        query=_LIVE,
                        sort="_shard_doc",
                        search_after=after,
                        size=5_000,
                        source=False,
                        docvalue_fields=_IDENTITY,
                        track_total_hits=False,
                    )
                    rows = page["hits"]["hits"]
                    for row in rows:
                        fields = row.get("fields", {})
                        # A document that somebody else put here may lack either: it is reported, not stumbled over.
                        yield Indexed(row["_id"], fields.get("source", [""])[0], fields.get("content_hash", [""])[0])
                    if not rows:
                        return
                    moment, after = page["pit_id"], rows[-1]["sort"]
            finally:
                with contextlib.suppress(ApiError):
                    client.close_point_in_time(id=moment)

    # --- writing

    def apply(self, changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
        """Send changes, then move the checkpoint, which never goes back; return what the cluster refuses for good."""
        with self._cluster.asking() as client:
            generation = self._generation = self._generation or self._resolve(client) or self._first(client)
            failures = self._send(client, generation, changes) if changes else []
            kept = {"ledger": checkpoint.ledger, "seq": checkpoint.seq, "analysis": checkpoint.analysis}
            try:
                client.index(
                    index=_writers(generation),
                    id=CHECKPOINT_ID,
                    document={"hidden": True, "checkpoint": kept},
                    version=checkpoint.seq,
                    version_type="external_gte",
                    require_alias=True,
                )
            except ApiError as error:
                if error.status_code != 409:
                    raise
        return failures

    def _send(self, client: Elasticsearch, generation: str, changes: Sequence[IndexChange]) -> list[Failure]:
        post, connections = bulk(client, _writers(generation)), self._address.connections
        try:
            failures, conflicts = send(post, changes, connections)
            if conflicts and (cleared := clear_foreign(client, generation, conflicts)):
                time.sleep(_DELETIONS_FORGOTTEN)
                failures += send(post, cleared, connections).failures
        except IndexEngineError as error:
            raise IndexEngineError(f"{self.name}: {error}") from None
        return failures

    def refresh(self) -> None:
        """Make everything that was applied visible to searches."""
        with self._cluster.asking() as client:
            client.indices.refresh(index=self._generation or self._searched, ignore_unavailable=True)

    @contextlib.contextmanager
    def rebuild(self, analysis: str) -> Iterator[ElasticsearchIndex]:
        """A fresh generation beside this one, without replicas and refreshes while it is filled."""
        generation = f"{self._address.name}-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
        with self._cluster.asking() as client:
            self._create(client, generation, analysis, searched=False)
        fresh = object.__new__(ElasticsearchIndex)
        fresh.__dict__.update(self.__dict__, _generation=generation, _searched=generation)
        try:
            yield fresh
            with self._cluster.asking() as client:
                client.indices.put_settings(index=generation, settings=serving_settings(self._address))
                client.indices.refresh(index=generation)
                old = self._swap(client, generation)
        except BaseException:
            with contextlib.suppress(IndexEngineError), self._cluster.asking() as client:
                client.indices.delete(index=generation, ignore_unavailable=True)
            raise
        self._generation = None
        # From here on the new generation serves: failing to tidy up must not look like a failed rebuild.
        try:
            with self._cluster.asking() as client:
                self._sweep(client, old)
        except IndexEngineError as error:
            _log.warning("an old generation could not be removed: %s", error)

    def close(self) -> None:
        """Close the connections."""
        self._cluster.close()

    # --- generations

    def _resolve(self, client: Elasticsearch) -> str | None:
        """The generation that this object reads: the one being filled, or the one behind the alias if there is any."""
        if self._searched != self._address.name:
            return self._searched
        behind = self._behind(client)
        if len(behind) > 1:
            raise IndexEngineError(
                f"{self.name}: the alias stands for several indices ({', '.join(behind)}); "
                "leave it to one of them, or run `datamoa rebuild`"
            )
        return behind[0] if behind else None

    def _behind(self, client: Elasticsearch) -> list[str]:
        try:
            return sorted(client.indices.get_alias(name=self._address.name).body)
        except NotFoundError:
            return []

    def _first(self, client: Elasticsearch) -> str:
        """Make the first generation. Its name is always the same, so that of two loaders only one makes it."""
        generation = f"{self._address.name}-000001"
        try:
            self._create(client, generation, analysis=None, searched=True)
        except ApiError as error:
            if kind(error) != "resource_already_exists_exception":
                raise
            if self._resolve(client) is None:
                raise IndexEngineError(
                    f"{self.name}: an index {generation} is there, but no alias {self._address.name} for it; "
                    "run `datamoa rebuild`"
                ) from None
        return self._resolve(client) or generation

    def _create(self, client: Elasticsearch, generation: str, analysis: str | None, searched: bool) -> None:
        meta = {"datamoa": {"name": self._address.name, "analysis": analysis}}
        aliases: dict[str, Json] = {_writers(generation): {}}
        if searched:
            aliases[self._address.name] = {}
        client.indices.create(
            index=generation,
            settings={**settings(self._address), **(serving_settings(self._address) if searched else {})},
            mappings=mappings(meta),
            aliases=aliases,
        )

    def _swap(self, client: Elasticsearch, generation: str) -> list[str]:
        """Point the alias to `generation`, in one step; return what it pointed to."""
        old, name = self._behind(client), self._address.name
        # By pattern too: another rebuild may have put its own generation there a moment ago.
        client.indices.update_aliases(
            actions=[
                *({"remove": {"index": index, "alias": name, "must_exist": False}} for index in (*old, f"{name}-*")),
                {"add": {"index": generation, "alias": name}},
            ]
        )
        return old

    def _sweep(self, client: Elasticsearch, old: list[str]) -> None:
        """Remove old generations, and those that a killed rebuild left behind a day ago or longer."""
        found = client.indices.get(index=f"{self._address.name}-*", flat_settings=True).body
        now = time.time()
        for generation, about in found.items():
            ours = about["mappings"].get("_meta", {}).get("datamoa", {}).get("name") == self._address.name
            age = now - int(about["settings"]["index.creation_date"]) / 1000
            if ours and self._address.name not in about["aliases"] and (generation in old or age > _ORPHAN_AGE):
                client.indices.delete(index=generation, ignore_unavailable=True)


_IDENTITY: list[Mapping[str, Json]] = [{"field": "source"}, {"field": "content_hash"}]
_LIVE = {"bool": {"must_not": [HIDDEN]}}


def _writers(generation: str) -> str:
    return f"{generation}-writers"
