"""The words for corrections follow the index beside the searches, and survive an index that cannot be read."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from harvester.ledger import Ledger
from indexer.engines import open_index
from indexer.web.words import Words
from tests.web import catalogue
from tests.web.conftest import bring_up_to_date, settings_in


def _known(words: Words, word: str) -> int:
    until = time.monotonic() + 10
    while not (count := words.lexicon().count(word)) and time.monotonic() < until:
        time.sleep(0.01)
    return count


def test_words_of_a_new_dataset_are_known_a_moment_later(tmp_path: Path) -> None:
    here = settings_in(tmp_path)
    with closing(open_index(here)) as index, closing(Words(index, look=0.01, again=0.01)) as words:
        assert len(words.lexicon()) == 0
        for title in ("미세먼지 농도", "새벽시장"):
            with Ledger.open(here.database_url) as ledger:
                catalogue.harvest(ledger, [catalogue.dataset(title, {"ko": title})])
            bring_up_to_date(here)
            assert _known(words, title.split()[0]) == 1


def test_an_index_that_cannot_be_read_is_read_later(tmp_path: Path) -> None:
    here = settings_in(tmp_path)
    with Ledger.open(here.database_url) as ledger:
        catalogue.harvest(ledger, [catalogue.dataset("1", {"ko": "미세먼지 농도"})])
    bring_up_to_date(here)
    pointer = here.home / "index" / "current"
    generation = here.home / "index" / pointer.read_text().strip()
    away = generation.rename(generation.with_name("away"))
    with closing(open_index(here)) as index, closing(Words(index, look=0.01, again=0.01)) as words:
        time.sleep(0.1)
        assert len(words.lexicon()) == 0
        away.rename(generation)
        assert _known(words, "미세먼지") == 1
