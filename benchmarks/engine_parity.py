"""How alike the two engines answer: 200 searches of the real catalogue, printed and written to a file.

    python -m benchmarks.engine_parity SAMPLES [-o REPORT.md] [--major 9]

SAMPLES is the folder of recorded portal samples. Needs a JDK and Maven for the Elasticsearch node.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.elasticsearch_node.node import Node
from tests.engines import catalogue
from tests.engines.parity import both, compare, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("engine_parity.md"))
    parser.add_argument("--major", type=int, choices=(8, 9), default=8)
    arguments = parser.parse_args()
    documents = catalogue.documents(arguments.samples)
    with (
        tempfile.TemporaryDirectory() as folder,
        Node(Path(folder) / "node", major=arguments.major, heap="1g", measured=True).running() as node,
        both(Path(folder) / "index", f"{node.url}/parity", documents) as (embedded, elasticsearch),
    ):
        text = report(compare(embedded, elasticsearch, catalogue.searches(arguments.samples)))
    text = f"# Embedded and Elasticsearch {arguments.major} on {len(documents):,} real records\n\n{text}\n"
    arguments.output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
