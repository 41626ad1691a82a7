"""A cluster as the index talks to it: one client, its faults in our words. The only file that knows the client."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any as Json
from typing import cast

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
from indexer.engines.base import IndexChange
from indexer.engines.elasticsearch_address import Address
from indexer.engines.elasticsearch_bulk import HINTS, READ_ONLY, Outcome, Post
from indexer.engines.elasticsearch_mapping import action

__all__ = [
    "WRITING_TIMEOUT",
    "ApiError",
    "Cluster",
    "Elasticsearch",
    "NotFoundError",
    "bulk",
    "clear_foreign",
    "kind",
    "reason",
]

WRITING_TIMEOUT = 120.0
"""Seconds that one request that writes, or reads much, may take."""

_MAJORS = ("8", "9")
_REQUEST_BYTES = 10 << 20
_DONE = Outcome(200)


class Cluster:
    """The cluster of an address; nothing is asked of it before the first `asking`. Safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        self.name = str(address)
        self._client = _client(address)
        self._known = False

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextlib.contextmanager
    def asking(self) -> Iterator[Elasticsearch]:
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
            if kind(error) == "cluster_block_exception":
                raise IndexEngineError(f"{self.name}: {READ_ONLY} ({reason(error)})") from error
            raise IndexEngineError(
                f"{self.name}: not allowed ({reason(error)}); check user, password or api_key in DATAMOA_INDEX_URL"
            ) from error
        except ApiError as error:
            hint = HINTS.get(kind(error))
            raise IndexEngineError(f"{self.name}: {reason(error)}{f'; {hint}' if hint else ''}") from error
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


def bulk(client: Elasticsearch, writers: str) -> Post:
    """Give what sends changes to a generation through its writers' alias."""
    # The client would repeat a rejected request at once, three times: the opposite of what an overloaded node needs.
    patient = client.options(request_timeout=WRITING_TIMEOUT, retry_on_status=())

    def post(changes: Sequence[IndexChange], chunk: int, connections: int) -> Iterator[Outcome]:
        answers = parallel_bulk(
            patient,
            # The helper hands whatever it is given to `action`; its types know only its own ways of writing actions.
            cast("Iterable[dict[str, Json]]", changes),
            thread_count=connections,
            chunk_size=chunk,
            max_chunk_bytes=_REQUEST_BYTES,
            expand_action_callback=cast(Json, action),
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
        return Outcome(exception.status_code, kind(exception), reason(exception))
    fault = answer.get("error")
    if not fault:
        return _DONE if answer["status"] < 300 else Outcome(answer["status"])
    cause = (fault.get("caused_by") or {}).get("reason")
    words = f"{fault['type']}: {fault.get('reason')}" + (f" ({cause})" if cause else "")
    return Outcome(answer["status"], fault["type"], words[:500])


def clear_foreign(client: Elasticsearch, generation: str, conflicts: Sequence[IndexChange]) -> list[IndexChange]:
    """Remove what stood in the way of `conflicts` but was not written by a loader; return what to send again.

    Whoever changes or deletes a document by hand gives it the version after its seq, and no change would get past that.
    """
    changes = {change.id: change for change in conflicts}
    found = client.options(request_timeout=WRITING_TIMEOUT).mget(
        index=generation, ids=list(changes), source_includes=["seq"]
    )
    cleared = []
    for document in found["docs"]:
        if document.get("found"):
            if document["_version"] == document.get("_source", {}).get("seq"):
                continue
            client.delete(
                index=generation,
                id=document["_id"],
                if_seq_no=document["_seq_no"],
                if_primary_term=document["_primary_term"],
            )
        cleared.append(changes[document["_id"]])
    return cleared


def kind(error: ApiError) -> str:
    """Elasticsearch's own name for a fault; empty where something between here and there answered."""
    body = error.body
    cause = body.get("error") if isinstance(body, dict) else None
    return str(cause.get("type", "")) if isinstance(cause, dict) else ""


def reason(error: ApiError) -> str:
    """The fault in one line."""
    body = error.body
    cause = body.get("error") if isinstance(body, dict) else None
    if isinstance(cause, dict):
        root = (cause.get("root_cause") or [cause])[0]
        return f"{error.status_code} {root.get('type')}: {str(root.get('reason'))[:300]}"
    return f"HTTP {error.status_code} {str(error.message)[:300]}"
