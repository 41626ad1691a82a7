"""The engines behind one protocol; each engine's library is imported only when that engine is used."""

from __future__ import annotations

from harvester.config import Settings
from harvester.errors import ConfigurationError
from indexer.engines.base import SearchIndex


def open_index(settings: Settings, *, follow: bool = False) -> SearchIndex:
    """The index that the settings name: ``embedded``, or Elasticsearch by its URL.

    `follow`: for a server; its searches do not wait until what others commit is open.

    Raises `ConfigurationError` where ``DATAMOA_INDEX_URL`` is neither.
    """
    if settings.index_url == "embedded":
        from indexer.engines.embedded import EmbeddedIndex

        return EmbeddedIndex(settings.home / "index", follow=follow)
    if settings.index_url.startswith(("http://", "https://")):
        from indexer.engines.elasticsearch import ElasticsearchIndex

        return ElasticsearchIndex(settings.index_url)
    raise ConfigurationError(
        "DATAMOA_INDEX_URL: this is neither `embedded` nor the address of an Elasticsearch index, "
        "http(s)://host:9200/name"
    )
