from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_a_run_that_is_killed_at_any_write_ends_like_an_unbroken_one(tmp_path: Path) -> None:
    """Before and after every statement and at every commit of three jobs, a held one, accept, undo and prune."""
    memory = Path("/dev/shm")
    folder = memory / f"{tmp_path.parent.name}-{tmp_path.name}" if os.access(memory, os.W_OK) else tmp_path / "runs"
    folder.mkdir()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.ledger.killed", str(folder)],
            cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["wrong"] == []
    assert outcome["events"] > 300, "the hook must see the writes"
    assert outcome["states"] > 20, "and the commits between them"
