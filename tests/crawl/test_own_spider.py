"""A portal's own spider is read from the configuration, and what is wrong with it is told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvester.crawl.own_spider import own_spider
from harvester.errors import ConfigurationError
from harvester.options.spider import SpiderOptions
from harvester.spiders import PagedSpider

GOOD = """\
from harvester.spiders import PagedSpider

class Board(PagedSpider):
    parameters = {"rows_at": "li", "deep": True}
"""


def _write(folder: Path, text: str) -> Path:
    (folder / "spiders").mkdir(exist_ok=True)
    file = folder / "spiders" / "board.py"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_one_spider_of_the_file_with_the_parameters_of_the_source(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    spider = own_spider(tmp_path, SpiderOptions(spider="board", parameters={"rows_at": "tr"}))
    assert issubclass(spider, PagedSpider)
    assert spider.parameters == {"rows_at": "tr", "deep": True}
    assert own_spider(tmp_path, SpiderOptions(spider="board")).parameters == {"rows_at": "li", "deep": True}


def test_another_text_or_parameter_is_another_code(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    options = SpiderOptions(spider="board"), SpiderOptions(spider="board", parameters={"deep": False})
    first, second = (own_spider(tmp_path, one).code for one in options)
    assert first == own_spider(tmp_path, options[0]).code
    _write(tmp_path, GOOD + "# more\n")
    assert len({first, second, own_spider(tmp_path, options[0]).code}) == 3


def test_what_was_just_written_is_what_runs(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    own_spider(tmp_path, SpiderOptions(spider="board"))
    _write(tmp_path, GOOD.replace('"li"', '"tr"'))  # the same size, within the same second
    assert own_spider(tmp_path, SpiderOptions(spider="board")).parameters["rows_at"] == "tr"
    assert [file.name for file in (tmp_path / "spiders").iterdir()] == ["board.py"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("class Board(:\n", 1, "invalid syntax"),
        ("\nimport no_such_module_here\n", 2, "no_such_module_here"),
        ("x = 1\n\ny = x.z\n", 3, "AttributeError"),
        ("", 1, "0 classes"),
        (GOOD + GOOD.replace("Board", "Other"), 1, "2 classes"),
    ],
)
def test_a_file_that_is_no_spider_is_told(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = _write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        own_spider(tmp_path, SpiderOptions(spider="board"))
    assert str(caught.value).startswith(f"{file}:{line}: ")
    assert words in str(caught.value)


def test_wrong_names_are_told_the_nearest(tmp_path: Path) -> None:
    _write(tmp_path, GOOD)
    with pytest.raises(ConfigurationError, match="did you mean board"):
        own_spider(tmp_path, SpiderOptions(spider="bord"))
    with pytest.raises(ConfigurationError, match="datamoa new"):
        own_spider(tmp_path / "nowhere", SpiderOptions(spider="board"))
    with pytest.raises(ConfigurationError, match=r"parameters\.row_at.*did you mean `rows_at`"):
        own_spider(tmp_path, SpiderOptions(spider="board", parameters={"row_at": "x"}))
