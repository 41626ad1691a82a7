"""What can go wrong, and how much each fault stops.

Each message says what happened, where (file, line, key or URL) and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence


class DataMoaError(Exception):
    """Root of every fault that the program expects; the command line prints it without a traceback."""


class ConfigurationError(DataMoaError):
    """A file under ``config/`` or a setting is wrong. Raised by `harvester.config`; stops the command before any work.

    The message starts with ``file:line: key:`` where a file is at fault.
    """


class UsageError(DataMoaError):
    """The command was called with arguments that name nothing or contradict each other; stops the command (exit 64)."""


class RecordError(DataMoaError):
    """One record cannot become a dataset. Raised by mappings only; stops that record, never its page or job.

    `code` is a short word for counting (``not-json``, ``no-title`` …), `field` names the place in the payload.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, value: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.value = value


class PortalError(DataMoaError):
    """A portal's answer cannot be read as its protocol says. Raised by protocols; ends the listing of that job.

    `reason` is one of the verdict reasons (``login page``, ``error inside 200`` …, see `harvester.ledger.verdict`).
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class LedgerError(DataMoaError):
    """The ledger refuses an operation or cannot be reached; stops the job or command that asked."""


class LeaseHeldError(LedgerError):
    """A job of this source runs already, under another live holder. Raised when a job starts; stops that start."""


class LeaseLostError(LedgerError):
    """Another process holds (or took over) the lease of this source. Raised by every commit of a job; stops the job."""


class CursorConflictError(LedgerError):
    """A page does not follow the cursor that is stored. Raised by page commits (compare and swap); stops the job."""


class IndexEngineError(DataMoaError):
    """The search engine refuses or cannot be reached; stops the index command or the search, never a harvest."""


class ForeignIndexError(IndexEngineError):
    """The index belongs to another ledger, is ahead of it, or was built by another analysis:
    `datamoa rebuild` cures it.
    """


class NoticeError(DataMoaError):
    """A command or webhook did not take a notice; the worker tries again and goes on."""


class QueryError(DataMoaError):
    """A search request is not acceptable; the endpoint answers 400 with the message and what is allowed.

    `parameter` names what is wrong, `allowed` lists what would be right, where such a list is of use.
    """

    def __init__(self, message: str, *, parameter: str | None = None, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.allowed = tuple(allowed)
