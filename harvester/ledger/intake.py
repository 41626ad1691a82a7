"""Deciding what a job makes of each entry of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, and_, delete, select

from harvester.catalog.model import Issue, Page
from harvester.errors import LedgerError
from harvester.ledger import bulk, records, schema
from harvester.ledger.batch import Batch
from harvester.ledger.encoding import clean, issue_of, payload_hash, storable, to_json
from harvester.ledger.records import Prepared, State, StoredPart
from harvester.ledger.rows import Pending, Stray
from harvester.ledger.store import AnyRow, Store
from harvester.ledger.types import Entry


class Intake:
    """The entries of one page: each gets its place in the counts (`outcomes`); `new` is how many were never met."""

    def __init__(self, store: Store, tx: Connection, row: AnyRow, *, anew: bool = False) -> None:
        self._store = store
        self._tx = tx
        self._row = row
        self._anew = anew
        self.batch = Batch(store, tx, row.source_key, job=row.id, cause="harvest", now=row.now)
        self.outcomes: Counter[str] = Counter()
        self.new = 0
        self._met: dict[str, bytes] = {}
        self._strays: list[Stray] = []
        self._pending: list[Pending] = []

    def forget_strays(self) -> None:
        """Take out of the counts what the listing held beside records so far: it begins again and will show it again.

        Records are known by their identifier when they are met again; entries without one are not.
        """
        stray = schema.stray.c
        counted = {"rejected": "rejected", "lost": "failed"}
        chosen = and_(stray.job == self._row.id, stray.kind.in_(counted))
        for kind, issue in self._tx.execute(select(stray.kind, stray.issue).where(chosen)):
            self.outcomes[counted[kind]] -= 1
            found = issue_of(issue)
            self.batch.issue_counts[(found.severity, found.code)] -= 1
        self._tx.execute(delete(schema.stray).where(chosen))

    def take(self, prepared: Sequence[Prepared]) -> None:
        """Take the records of a page, in their order."""
        row = self._row
        identifiers = [one.entry.record.identifier for one in prepared]
        states = records.states(self._tx, self._store, row.source_key, identifiers)
        parts = self._stored_parts(prepared, states)
        self.batch.watch(prepared)
        first_key = records.span(row.source_key)[0] + row.records
        for one in prepared:
            identifier = one.entry.record.identifier
            state = states.get(identifier)
            if identifier in self._met or (
                state is not None and state.job == row.id and state.outcome != records.FAILED
            ):
                self._take_duplicate(one, state)
                continue
            if not storable(identifier):
                self._take_unusable(one)
                continue
            self._met[identifier] = one.entry.payload_hash
            if state is None:
                if one.entry.record.deleted:
                    self.outcomes["deleted"] += 1
                    continue
                key = first_key + self.new
                self.new += 1
                outcome = self._take_new(key, one)
            else:
                key = state.key
                outcome = self._take_known(state, one, parts.get(key))
            self.outcomes[records.OUTCOMES[outcome]] += 1
            self.batch.see(key, outcome, new=state is None)
            if one.entry.record.wanted and outcome != records.DELETED:
                # Of what was taken back the parts are those that lost it: nothing but new ones can mend that.
                again = self._anew or (state is not None and state.mapping_version == records.TAKEN_BACK)
                self._want_parts(key, one.entry, parts.get(key, {}), again=again)

    def take_beside(self, page: Page) -> None:
        """Take what a page holds beside records: entries without identifier, and those whose metadata got lost."""
        for rejected in page.rejected:
            self._stray("rejected", None, rejected.issue, rejected.format, rejected.payload)
            self.outcomes["rejected"] += 1
        for lost in page.lost:
            self._stray("lost", lost.identifier, lost.issue)
            self.outcomes["failed"] += 1
        identifiers = [lost.identifier for lost in page.lost]
        for identifier, state in records.states(self._tx, self._store, self._row.source_key, identifiers).items():
            if identifier not in self._met and state.job != self._row.id:
                self.batch.see(state.key, records.FAILED)  # the listing names it: it is not missing
        payloads = iter(self._store.compress([stray.payload or b"" for stray in self._strays]))
        bulk.insert(self._tx, schema.stray, [stray._replace(payload=next(payloads)) for stray in self._strays])
        bulk.insert(self._tx, schema.pending, self._pending)

    def _take_new(self, key: int, one: Prepared) -> int:
        if one.entry.processed is None:
            raise LedgerError(f"{one.entry.record.identifier}: a new record was not mapped")
        outcome = self.batch.take(key, None, one)
        for place in range(1, len(one.entry.record.parts)):
            self.batch.store_part(key, one, place)
        return outcome

    def _take_known(self, state: State, one: Prepared, parts: dict[str, StoredPart] | None) -> int:
        entry = one.entry
        if entry.record.deleted:
            if state.live:
                self.batch.bury(state.key)
            return records.DELETED
        if entry.processed is not None:
            for place, part in enumerate(entry.record.parts[1:], 1):
                stored = (parts or {}).get(part.name)
                if stored is None or stored.payload_hash != payload_hash(part.payload):
                    self.batch.store_part(state.key, one, place)
            return self.batch.take(state.key, state, one, parts)
        self.batch.count_unmapped(state)
        if entry.payload_hash != state.payload_hash:
            raise LedgerError(f"{entry.record.identifier}: a record with a new payload was not mapped")
        if state.rejected:
            return records.REJECTED
        if state.seq is not None and not state.live:
            self.batch.revive(state)
            return records.CREATED
        return records.UNCHANGED

    def _take_duplicate(self, one: Prepared, state: State | None) -> None:
        self.outcomes["duplicate"] += 1
        entry = one.entry
        first = self._met.get(entry.record.identifier) or (state.payload_hash if state is not None else b"")
        if not entry.record.parts or first == entry.payload_hash:
            return
        issue = Issue(
            severity="info",
            code="duplicate",
            message="the listing names this identifier twice with different contents; the first one counts",
        )
        part = entry.record.parts[0]
        self._stray("duplicate", entry.record.identifier, issue, part.format, part.payload)

    def _take_unusable(self, one: Prepared) -> None:
        """An identifier with NUL or half a surrogate pair, which no database keeps."""
        identifier = repr(one.entry.record.identifier)[1:-1]
        issue = Issue(
            severity="error",
            code="bad-identifier",
            message="the identifier holds characters that cannot be stored",
            value=identifier[:200],
        )
        part = one.entry.record.parts[0] if one.entry.record.parts else None
        format_, payload = (part.format, part.payload) if part else (None, None)
        self._stray("rejected", None, issue, format_, payload)
        self.outcomes["rejected"] += 1

    def _stray(
        self, kind: str, identifier: str | None, issue: Issue, format_: str | None = None, payload: bytes | None = None
    ) -> None:
        if identifier is not None and not storable(identifier):
            identifier = repr(identifier)[1:-1]
        self._strays.append(Stray(self._row.id, kind, identifier, format_, payload, to_json(issue)))
        self.batch.issue_counts[(issue.severity, issue.code)] += 1

    def _stored_parts(self, prepared: Sequence[Prepared], states: dict[str, State]) -> dict[int, dict[str, StoredPart]]:
        """Of records that have, bring or want further parts only: most protocols have none."""
        keys = [
            state.key
            for one in prepared
            if (state := states.get(one.entry.record.identifier)) is not None
            and (one.entry.record.wanted or state.parts > 1 or len(one.entry.record.parts) > 1)
        ]
        return records.stored_parts(self._tx, self._store, keys)

    def _want_parts(self, key: int, entry: Entry, parts: dict[str, StoredPart], *, again: bool) -> None:
        """Parts are fetched that never arrived, or arrived for another revision of the record, or are wanted anew."""
        revision = clean(entry.record.revision)
        brought = {part.name for part in entry.record.parts} if not parts else set()
        wanted = {
            name: address
            for name, address in entry.record.wanted.items()
            if name not in brought and (again or name not in parts or parts[name].revision != revision)
        }
        if wanted:
            self._pending.append(Pending(self._row.id, key, revision, to_json(wanted)))
