"""The endpoint: an API for programs, pages for people."""
