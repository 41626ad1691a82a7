from __future__ import annotations

import pytest

from harvester import config
from harvester.mapping.file_endings import FORMATS, format_of


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.csv", "CSV"),
        ("A.CSV", "CSV"),
        ("a.b.jsonl.gz", "JSONL"),
        ("현황.hwp [12KB]", "HWP"),
        ("현황.xlsx다운로드", "XLSX"),
        ("https://portal.example/a.json?key=1", "JSON"),
        ("https://portal.example/down?file=a.zip", "ZIP"),
        ("https://portal.example/down?file=a.zip&no=1", "ZIP"),
        ("https://data.zip/files/1", None),
        ("https://data.json.example/1", None),
        ("CSV", "CSV"),
        ("not csv", None),
        ("a.csv.md5", None),
        ("a.csvx", None),
        ("", None),
        ("." * 100_000, None),
    ],
)
def test_formats_by_ending(name: str, format: str | None) -> None:
    assert format_of(name) == format


def test_every_format_is_one_of_the_vocabulary() -> None:
    vocabularies = config.vocabularies(config.default_config())
    for format in FORMATS.values():
        assert not vocabularies.format(format).unknown
