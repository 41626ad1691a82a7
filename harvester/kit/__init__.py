"""The author's kit: from a portal's address to a source whose fixture replays, without touching the ledger."""
