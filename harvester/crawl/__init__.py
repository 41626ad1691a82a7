"""Scrapy wiring: from a configured source to a spider, and from its pages to the ledger."""
