"""Getting metadata in: members' portals → harvest records → datasets in the ledger."""

__version__ = "0.1.0"
