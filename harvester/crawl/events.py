"""What a running job tells about itself while it runs."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from harvester.ledger.types import JobReport


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one job now.

    `bytes` received and `seconds` since this process took the job up; `pending` details are left to fetch; `ended` with
    the last event of the process.
    """

    source: str
    job: int
    phase: Literal["starting", "listing", "details", "finishing", "ended"]
    seen: int = 0
    declared_total: int | None = None
    pending: int = 0
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    ended: bool = False


Message: TypeAlias = ProgressEvent | JobReport | str
"""What a child tells: progress while it runs, its report at the end, or the fault that kept it from one."""
