"""The members and their sources as a Markdown table, for ``docs/members.md``. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from harvester.members import HarvestSource, Member

_HEAD = """\
# Members and their sources

Written by `datamoa members --markdown` from `config/members`; a test keeps it current. *Evidence* says how we know that
a portal answers the way we read it: `recorded` (an answer of it is recorded), `documented` (public code or documents
read it so), `assumed` (general knowledge, or a part of it was never seen). No live portal was reached. Homepages of the
institutions are not known: they stand in none of the facts that the files are made of.

| member | source | portal | protocol | evidence | schedule | how we know |
|---|---|---|---|---|---|---|
"""


def markdown(members: Sequence[Member]) -> str:
    """A row for each source; a member's name stands in its first row. A source that is off says so, with the reason."""
    rows = []
    for member in members:
        for index, source in enumerate(member.sources):
            name = f"{member.name.ko}{f' ({member.name.en})' if member.name.en else ''}" if index == 0 else ""
            rows.append(_row(name, source))
    sources = [source for member in members for source in member.sources]
    on = sum(source.enabled for source in sources)
    return _HEAD + "".join(rows) + f"\n{len(members)} members, {len(sources)} sources, {on} of them switched on.\n"


def _row(member: str, source: HarvestSource) -> str:
    when = f"`{source.schedule}`" if source.schedule and source.enabled else "off" if not source.enabled else "–"
    cells = (
        member, f"`{source.name}`", f"[{source.title}]({source.url})", f"`{source.protocol}`", source.evidence, when,
        source.note,
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
