"""Keys stay out of whatever is written."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from harvester.crawl.redaction import RedactingFormatter, hide, redact


def test_a_key_is_hidden_in_every_spelling() -> None:
    hide("s3cret/Key+==")
    line = "u=https://x.example/?key=s3cret%2FKey%2B%3D%3D&k=s3cret/Key%2B%3D%3D raw s3cret/Key+=="
    assert redact(line) == "u=https://x.example/?key=***&k=*** raw ***"
    assert redact("nothing to hide") == "nothing to hide"


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
