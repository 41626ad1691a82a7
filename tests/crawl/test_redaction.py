"""Keys stay out of whatever is written."""

from __future__ import annotations

import html
import io
import json
import logging
import re
import sys
from urllib.parse import quote, quote_plus

import pytest

from harvester.crawl.redaction import RedactingFormatter, hide, redact, redact_bytes


def test_a_key_is_hidden_in_every_spelling() -> None:
    hide("s3cret/Key+==")
    line = "u=https://x.example/?key=s3cret%2FKey%2B%3D%3D&k=s3cret/Key%2B%3D%3D raw s3cret/Key+=="
    assert redact(line) == "u=https://x.example/?key=***&k=*** raw ***"
    assert redact("nothing to hide") == "nothing to hide"


def test_a_key_is_hidden_whoever_wrote_it() -> None:
    """Gson escapes = in JSON, web pages & and quotes, links in links are quoted twice, data.go.kr shows keys quoted."""
    key = "Zb+cd/efG \"H\\&<'키=="
    hide(key)
    hide("%2Fabc%2Bdd%3D")
    quoted = quote(key, safe="")
    lower = re.sub("%..", lambda escape: escape[0].lower(), quoted)
    in_json = json.dumps(key)[1:-1], json.dumps(key, ensure_ascii=False)[1:-1], json.dumps(json.dumps(key))[3:-3]
    spellings = [key, quote(key), quoted, lower, quote_plus(key), quote(quoted, safe=""), html.escape(key), *in_json]
    spellings += [key.replace("=", "\\u003d").replace("/", "\\/"), key.replace("=", "&#61;").replace("+", "&#x2B;")]
    for spelt in (*spellings, "/abc+dd=", "%252Fabc%252Bdd%253D"):
        assert redact(f"<{spelt}>") == "<***>"
        assert redact_bytes(f"<{spelt}>".encode()) == b"<***>"


def test_a_log_line_with_its_traceback_is_redacted(caplog: pytest.LogCaptureFixture) -> None:
    hide("t0ken-of-mine")
    try:
        raise ValueError("refused t0ken-of-mine")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "with %s", ("t0ken-of-mine",), None)
        record.exc_info = sys.exc_info()
    written = RedactingFormatter(logging.Formatter("%(message)s")).format(record)
    assert "t0ken" not in written
    assert "refused ***" in written


def test_handlers_that_are_there_already_redact_too() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("at %(levelname)s: %(message)s"))
    logging.root.addHandler(handler)
    try:
        hide("an0ther-key")
        logging.getLogger("x").error("GET /?key=%s", "an0ther-key")
    finally:
        logging.root.removeHandler(handler)
    assert written.getvalue() == "at ERROR: GET /?key=***\n"


def test_what_is_left_of_a_key_where_a_text_was_cut_is_hidden_too() -> None:
    hide("q7Kc/9ZpLm2xWv8s+T==")
    assert redact("answers 'http://x.example/?k=q7Kc/9ZpLm2' and more") == "answers 'http://x.example/?k=***' and more"
    assert redact("q7Kc%2F9ZpL") == "***"
    assert redact("q7Kc/9Z is no key") == "q7Kc/9Z is no key"
    hide("%2Bxy%2Fabcdefgh%3D%3D")
    assert redact("k=%2Bxy%2Fabcdef' and more") == "k=***' and more"


def test_a_key_that_begins_with_an_escaped_character_takes_no_more_time_than_there_is_text() -> None:
    hide("+/9ZpLm2xWv8sT==")
    for text in ("\\" * 200_000, "\\" * 200_000 + "u002", "%25" * 100_000):
        assert redact(text) == text
