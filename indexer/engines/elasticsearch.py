"""The index on Elasticsearch 8 or 9: for more machines, replicas and Kibana. The only file that talks to a cluster.

Searches go to the alias ``NAME``; behind it stands one generation, an index ``NAME-…`` of its own. Writers go through a
second alias, ``NAME-…-writers``, that lives and dies with its generation: a loader that outlives a rebuild is refused,
instead of writing half of its changes into each generation, or making the old one anew by writing to its name.

The ledger's ``seq`` is every document's external version, so loaders may run side by side and repeat each other, and a
tombstone is a document that stays. The checkpoint is a document too (version = seq: it never goes back).
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any as Json

from elastic_transport import OrjsonSerializer
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    Elasticsearch,
    NotFoundError,
    SerializationError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch.helpers import parallel_bulk

from harvester.errors import IndexEngineError
from indexer.engines import cursor as cursors
from indexer.engines.base import Checkpoint, Failure, Hit, Indexed, IndexChange, Request, Result
from indexer.engines.elasticsearch_address import Address, parse
from indexer.engines.elasticsearch_bulk import HINTS, READ_ONLY, Outcome, Post, send
from indexer.engines.elasticsearch_mapping import CHECKPOINT_ID, HIDDEN, action, mappings, serving_settings, settings
from indexer.engines.elasticsearch_query import facet_counts, search_body

_MAJORS = ("8", "9")
_WRITING_TIMEOUT = 120.0
_REQUEST_BYTES = 10 << 20
_ORPHAN_AGE = 24 * 3600.0
_DONE = Outcome(200)

_log = logging.getLogger(__name__)


class ElasticsearchIndex:
    """An index behind an alias of an Elasticsearch cluster; `url` as `indexer.engines.elasticsearch_address` says.

    Nothing is asked of the cluster before the first call. Safe to use from several threads for searching; one thread
    at a time writes. Raises `ConfigurationError` for a URL that is wrong; every other fault is an `IndexEngineError`.
    """

    keeps_content = True

    def __init__(self, url: str) -> None:
        self._address = parse(url)
        self.name = str(self._address)
        self._client = _client(self._address)
        self._known = False
        self._searched = self._address.name
        self._generation: str | None = None

    # --- reading

    def checkpoint(self) -> Checkpoint:
        """How far the generation behind the alias is; writing goes to that generation from now on."""
        with self._asking() as client:
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
        with self._asking() as client:
            try:
                answer = client.search(index=self._searched, **body)
            except NotFoundError:
                return Result(total=0, hits=(), facets={name: () for name in request.facets})
        rows = answer["hits"]["hits"]
        page = rows[: request.size]
        hits = tuple(Hit(row["_id"], float(row["_score"] or 0)) for row in page)
        total = answer["hits"]["total"]["value"]
        after = None
        if len(rows) > len(page):
            before = cursors.decode(request.after, request.sort).position if request.after else request.offset
            key, id = page[-1]["sort"]
            after = cursors.Cursor(request.sort, key, id, before + len(page)).encode()
        return Result(total=total, hits=hits, facets=facet_counts(request, answer.get("aggregations")), cursor=after)

    def document_count(self) -> int:
        """Documents that can be found."""
        with self._asking() as client:
            try:
                return int(client.count(index=self._searched, query=_LIVE)["count"])
            except NotFoundError:
                return 0

    def documents(self) -> Iterator[Indexed]:
        """Every document's identity as of one moment, 5,000 at a time."""
        with self._asking() as client:
            try:
                moment = client.open_point_in_time(index=self._searched, keep_alive="5m")["id"]
            except NotFoundError:
                return
            try:
                after = None
                while True:
                    page = client.options(request_timeout=_WRITING_TIMEOUT).search(
                        pit={"id": moment, "keep_alive": "5m"},
                        query=_LIVE,
                        sort=["_shard_doc"],
                        size=5_000,
                        source=False,
                        docvalue_fields=["source", "content_hash"],
                        track_total_hits=False,
                        **({"search_after": after} if after else {}),
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
                with contextlib.suppress(ApiError, TransportError):
                    client.close_point_in_time(id=moment)

    # --- writing

    def apply(self, changes: Sequence[IndexChange], checkpoint: Checkpoint) -> list[Failure]:
        """Send changes, then move the checkpoint, which never goes back; what the cluster refuses for good is returned."""
        with self._asking() as client:
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
        post = _post(client, _writers(generation), self._address.connections)
        try:
            failures, conflicts = send(post, changes)
            if conflicts and (cleared := _clear_foreign(client, generation, conflicts)):
                failures += send(post, cleared).failures
        except IndexEngineError as error:
            raise IndexEngineError(f"{self.name}: {error}") from None
        return failures

    def refresh(self) -> None:
        """Make everything that was applied visible to searches."""
        with self._asking() as client:
            client.indices.refresh(index=self._generation or self._searched, ignore_unavailable=True)

    @contextlib.contextmanager
    def rebuild(self, analysis: str) -> Iterator[ElasticsearchIndex]:
        """A fresh generation beside this one, without replicas and refreshes while it is filled."""
        generation = f"{self._address.name}-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
        with self._asking() as client:
            self._create(client, generation, analysis, searched=False)
        fresh = object.__new__(ElasticsearchIndex)
        fresh.__dict__.update(self.__dict__, _generation=generation, _searched=generation)
        try:
            yield fresh
            with self._asking() as client:
                client.indices.put_settings(index=generation, settings=serving_settings(self._address))
                client.indices.refresh(index=generation)
                old = self._swap(client, generation)
        except BaseException:
            with contextlib.suppress(IndexEngineError), self._asking() as client:
                client.indices.delete(index=generation, ignore_unavailable=True)
            raise
        self._generation = None
        # From here on the new generation serves: failing to tidy up must not look like a failed rebuild.
        try:
            with self._asking() as client:
                self._sweep(client, old)
        except IndexEngineError as error:
            _log.warning("an old generation could not be removed: %s", error)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # --- generations

    def _resolve(self, client: Elasticsearch) -> str | None:
        """The generation behind the alias; None where there is none."""
        try:
            behind = list(client.indices.get_alias(name=self._address.name).body)
        except NotFoundError:
            return None
        if len(behind) > 1:
            raise IndexEngineError(
                f"{self.name}: the alias stands for several indices ({', '.join(sorted(behind))}); "
                "leave it to one of them, or run `datamoa rebuild`"
            )
        return behind[0]

    def _first(self, client: Elasticsearch) -> str:
        """Make the first generation. Its name is always the same, so that of two loaders only one makes it."""
        generation = f"{self._address.name}-000001"
        try:
            self._create(client, generation, analysis=None, searched=True)
        except ApiError as error:
            if _kind(error) != "resource_already_exists_exception":
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

    def _swap(self, client: Elasticsearch, generation: str) -> str | None:
        """Point the alias to `generation`, in one step; return the one that it pointed to."""
        old = self._resolve(client)
        name = self._address.name
        client.indices.update_aliases(
            actions=[
                {"remove": {"index": "*", "alias": name, "must_exist": False}},
                {"add": {"index": generation, "alias": name}},
            ]
        )
        return old

    def _sweep(self, client: Elasticsearch, old: str | None) -> None:
        """Remove the old generation, and those that a killed rebuild left behind a day ago or longer."""
        found = client.indices.get(index=f"{self._address.name}-*", flat_settings=True).body
        now = time.time()
        for generation, about in found.items():
            ours = about["mappings"].get("_meta", {}).get("datamoa", {}).get("name") == self._address.name
            age = now - int(about["settings"]["index.creation_date"]) / 1000
            if ours and self._address.name not in about["aliases"] and (generation == old or age > _ORPHAN_AGE):
                client.indices.delete(index=generation, ignore_unavailable=True)

    # --- faults

    @contextlib.contextmanager
    def _asking(self) -> Iterator[Elasticsearch]:
        """The client, with every fault of it turned into an `IndexEngineError` that says what to do."""
        try:
            if not self._known:
                self._introduce()
            yield self._client
        except UnsupportedProductError:
            raise IndexEngineError(
                f"{self.name}: the server is not Elasticsearch (OpenSearch and other forks are refused by its client); "
                "point DATAMOA_INDEX_URL at Elasticsearch 8 or 9, or leave it unset for the embedded engine"
            ) from None
        except (AuthenticationException, AuthorizationException) as error:
            if _kind(error) == "cluster_block_exception":
                raise IndexEngineError(f"{self.name}: {READ_ONLY} ({_reason(error)})") from error
            raise IndexEngineError(
                f"{self.name}: not allowed ({_reason(error)}); check user, password or api_key in DATAMOA_INDEX_URL"
            ) from error
        except ApiError as error:
            hint = HINTS.get(_kind(error))
            raise IndexEngineError(f"{self.name}: {_reason(error)}{f'; {hint}' if hint else ''}") from error
        except ConnectionTimeout as error:
            raise IndexEngineError(f"{self.name}: no answer in time; is the cluster overloaded?") from error
        except SerializationError as error:
            raise IndexEngineError(f"{self.name}: the answer is not Elasticsearch's JSON") from error
        except TransportError as error:
            raise IndexEngineError(
                f"{self.name}: cannot be reached ({error.message}); is Elasticsearch running there?"
            ) from error

    def _introduce(self) -> None:
        """Ask once who is there: a wrong server is told apart before anything is written to it."""
        try:
            number = str(self._client.info()["version"]["number"])
        except (AuthenticationException, AuthorizationException):
            raise
        except ApiError as error:
            if isinstance(error, UnsupportedProductError) or error.status_code not in {400, 406}:
                raise
            number = "7 or older"
        except (KeyError, TypeError):
            raise IndexEngineError(f"{self.name}: the server does not say that it is Elasticsearch") from None
        if number.partition(".")[0] not in _MAJORS:
            raise IndexEngineError(f"{self.name}: Elasticsearch {number} is not supported; 8.x and 9.x are")
        self._known = True


_LIVE = {"bool": {"must_not": [HIDDEN]}}


def _writers(generation: str) -> str:
    return f"{generation}-writers"


def _client(address: Address) -> Elasticsearch:
    secure: dict[str, Json] = {}
    if address.hosts[0].startswith("https"):
        secure = {"verify_certs": address.verify, "ssl_show_warn": False}
        if address.ca:
            secure["ca_certs"] = address.ca
        if address.fingerprint:
            secure["ssl_assert_fingerprint"] = address.fingerprint
    fast = OrjsonSerializer()
    return Elasticsearch(
        list(address.hosts),
        basic_auth=(address.user, address.password or "") if address.user else None,
        api_key=address.api_key,
        serializers={"application/json": fast, "application/vnd.elasticsearch+json": fast},
        http_compress=address.compress,
        request_timeout=address.timeout,
        connections_per_node=max(address.connections, 10),
        retry_on_timeout=False,
        **secure,
    )


def _post(client: Elasticsearch, writers: str, connections: int) -> Post:
    patient = client.options(request_timeout=_WRITING_TIMEOUT)

    def post(changes: Sequence[IndexChange], chunk: int) -> Iterator[Outcome]:
        answers = parallel_bulk(
            patient,
            changes,
            thread_count=connections,
            chunk_size=chunk,
            max_chunk_bytes=_REQUEST_BYTES,
            expand_action_callback=action,
            raise_on_error=False,
            raise_on_exception=False,
            index=writers,
            require_alias=True,
            filter_path="items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason",
        )
        return (_outcome(answer["index"]) for _, answer in answers)

    return post


def _outcome(answer: dict[str, Json]) -> Outcome:
    if (exception := answer.get("exception")) is not None:
        return Outcome(exception.status_code, _kind(exception), _reason(exception))
    fault = answer.get("error")
    if not fault:
        return _DONE if answer["status"] < 300 else Outcome(answer["status"])
    cause = (fault.get("caused_by") or {}).get("reason")
    reason = f"{fault['type']}: {fault.get('reason')}" + (f" ({cause})" if cause else "")
    return Outcome(answer["status"], fault["type"], reason[:500])


def _clear_foreign(client: Elasticsearch, generation: str, conflicts: Sequence[IndexChange]) -> list[IndexChange]:
    """Remove documents that stood in the way of `conflicts` but were not written by a loader; return their changes.

    Whoever changes a document by hand gives it the version after its seq, and no change of ours would get past that.
    """
    changes = {change.id: change for change in conflicts}
    found = client.options(request_timeout=_WRITING_TIMEOUT).mget(
        index=generation, ids=list(changes), source_includes=["seq"]
    )
    cleared = []
    for document in found["docs"]:
        if document.get("found") and document["_version"] != document.get("_source", {}).get("seq"):
            client.delete(
                index=generation,
                id=document["_id"],
                if_seq_no=document["_seq_no"],
                if_primary_term=document["_primary_term"],
            )
            cleared.append(changes[document["_id"]])
    return cleared


def _kind(error: ApiError) -> str:
    body = error.body
    cause = body.get("error") if isinstance(body, dict) else None
    return str(cause.get("type", "")) if isinstance(cause, dict) else ""


def _reason(error: ApiError) -> str:
    body = error.body
    cause = body.get("error") if isinstance(body, dict) else None
    if isinstance(cause, dict):
        root = (cause.get("root_cause") or [cause])[0]
        return f"{error.status_code} {root.get('type')}: {str(root.get('reason'))[:300]}"
    return f"HTTP {error.status_code} {str(error.message)[:300]}"
