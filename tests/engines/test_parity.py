"""Two engines, one answer: 200 searches of the real catalogue."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.engines import catalogue
from tests.engines.parity import both, compare, report


# Half a minute on two idle cores, most of it the node's compiler warming up; a busy machine may take several.
@pytest.mark.timeout(600)
@pytest.mark.elasticsearch
def test_both_engines_find_and_count_the_same(
    samples: Path, elasticsearch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = catalogue.documents(samples)
    assert len(documents) == 34_267
    searches = catalogue.searches(samples)
    assert len(searches) == 200
    with both(tmp_path, f"{elasticsearch}/parity-{os.getpid()}", documents) as (embedded, cluster):
        assert embedded.document_count() == cluster.document_count() == 34_267
        answers = compare(embedded, cluster, searches)
    with capsys.disabled():
        sys.stdout.write(f"\n{report(answers)}\n")
    assert [str(answer) for answer in answers if not answer.alike] == []
    # Totals that are all zero would agree as well.
    assert sum(answer.embedded.result.total > 0 for answer in answers) > 150
    overlaps = [answer.overlap for answer in answers if answer.overlap is not None]
    assert sum(overlaps) / len(overlaps) > 0.99
