"""Making datasets findable: the index, its engines and the endpoint. Knows the ledger, never the crawl."""
