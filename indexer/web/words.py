"""The words that corrections and suggestions look in: read beside the searches, again when the index has changed."""

from __future__ import annotations

import logging
import threading
import time

from harvester.errors import DataMoaError
from indexer.engines.base import Checkpoint, SearchIndex
from indexer.lexicon import Lexicon

log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
_AGAIN_SECONDS = 60.0


class Words:
    """The lexicon of an index, for all threads of a server; empty until it has been read for the first time.

    A thread of its own reads it, gently, and again when the index has moved on: at most every `again` seconds.
    """

    def __init__(self, index: SearchIndex, *, look: float = _LOOK_SECONDS, again: float = _AGAIN_SECONDS) -> None:
        self._index = index
        self._look = look
        self._again = again
        self._lexicon = Lexicon()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="words", daemon=True)
        self._thread.start()

    def lexicon(self) -> Lexicon:
        """Give the words as they were last read."""
        return self._lexicon

    def close(self) -> None:
        """Stop following; what is being read is left to end with the process."""
        self._stopped.set()
        self._thread.join(1.0)

    def _follow(self) -> None:
        seen: Checkpoint | None = None
        while not self._stopped.is_set():
            wait = self._look
            began = time.monotonic()
            try:
                now = self._index.checkpoint()
                if now != seen:
                    self._lexicon = Lexicon.of(self._index, gently=True)
                    seen = now
                    wait = self._again
                    log.info("%d words read in %.1f s", len(self._lexicon), time.monotonic() - began)
            except DataMoaError as error:
                # Searches meet the same fault and answer for it; here it only means: later.
                log.warning("the words for corrections and suggestions cannot be read now: %s", error)
                wait = self._again
            self._stopped.wait(wait)
