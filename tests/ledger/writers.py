"""Several processes that harvest into the same ledger at once, each a source of its own; run by `test_concurrency`.

Usage: writers.py ADDRESS PROCESSES PAGES. The ledger need not exist: they open it at the same moment.
"""

from __future__ import annotations

import os
import sys
import traceback

from harvester.ledger import Ending, Expected, Ledger
from tests.ledger.scripts import Listed, commit, pages, start


def write(address: str, source: str, number: int) -> None:
    with Ledger.open(address) as ledger:
        for run in range(2):
            listed = [Listed(f"r{place}", f"{source} {run}") for place in range(number * 10)]
            job = start(ledger, source=source, holder=source, fingerprint=str(run))
            commit(ledger, job, pages(listed, 10))
            report = ledger.finish_job(job, Ending(), Expected())
            assert report.verdict == "complete", report


def main(address: str, processes: int, number: int) -> None:
    held, gate = os.pipe()
    children = []
    for place in range(processes):
        child = os.fork()
        if child:
            children.append(child)
            continue
        try:
            os.close(gate)
            os.read(held, 1)  # ends when the parent closes the other end
            write(address, f"member{place}.portal", number)
        except BaseException:  # noqa: BLE001 - a child must not go on as its parent
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(gate)
    print("begun", flush=True)  # noqa: T201
    if any([os.waitpid(child, 0)[1] for child in children]):
        sys.exit("a writer failed")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
