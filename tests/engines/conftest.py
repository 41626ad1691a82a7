"""One real Elasticsearch node for the whole run, shared by all workers of pytest-xdist."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.elasticsearch_node.node import Node, missing


@pytest.fixture(scope="session")
def elasticsearch(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """Address of a node of Elasticsearch 8."""
    yield from _shared(8, tmp_path_factory, worker_id)


@pytest.fixture(scope="session")
def elasticsearch_9(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """Address of a node of Elasticsearch 9."""
    yield from _shared(9, tmp_path_factory, worker_id)


def _shared(major: int, folders: pytest.TempPathFactory, worker: str) -> Iterator[str]:
    if lacking := missing(major):
        pytest.skip(f"no Elasticsearch {major} node: {lacking}")
    if worker == "master":
        with Node(folders.mktemp(f"elasticsearch-{major}"), major=major).running() as node:
            yield node.url
        return
    # Workers have folders of their own below one that is the run's; whoever comes first starts the node, for all of
    # them: it belongs to the process that started the workers, and ends with it.
    home: Path = folders.getbasetemp().parent / f"elasticsearch-{major}"
    address = home.with_suffix(".url")
    with FileLock(home.with_suffix(".lock")):
        if not address.exists():
            node = Node(home, major=major)
            node.start(owner=os.getppid())
            address.write_text(node.leave())
    yield address.read_text()
