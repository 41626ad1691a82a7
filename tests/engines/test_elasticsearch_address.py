"""What DATAMOA_INDEX_URL may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvester.config import Settings
from harvester.errors import ConfigurationError
from indexer.engines import open_index
from indexer.engines.elasticsearch_address import Address, parse


def test_the_shortest_address() -> None:
    assert parse("http://localhost/datamoa") == Address(hosts=("http://localhost:9200",), name="datamoa")


def test_everything_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("")
    monkeypatch.setenv("SEARCH_PASSWORD", "s3:cr/et")
    address = parse(
        f"https://loader:${{SEARCH_PASSWORD}}@a.example:9243,b.example,[::1]:9200/search/v1/data-moa?shards=3&replicas=2"
        f"&refresh=5s&ca={ca}&fingerprint=ab:cd&compress=true&connections=4&timeout=30"
    )
    assert address == Address(
        hosts=(
            "https://a.example:9243/search/v1",
            "https://b.example:443/search/v1",
            "https://[::1]:9200/search/v1",
        ),
        name="data-moa",
        user="loader",
        password="s3:cr/et",
        ca=str(ca),
        fingerprint="ab:cd",
        compress=True,
        shards=3,
        replicas=2,
        refresh="5s",
        connections=4,
        timeout=30.0,
    )


def test_a_key_comes_from_the_environment_and_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_KEY", "very-secret")
    address = parse("https://u:p%40ss@h/datamoa?api_key=${SEARCH_KEY}")
    assert (address.api_key, address.password) == ("very-secret", "p@ss")
    assert str(address) == "https://h:443/datamoa"
    assert "very-secret" not in repr(address)
    assert "p@ss" not in repr(address)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://", "not a URL"),
        ("http:///datamoa", "not a URL"),
        ("http://h:port/datamoa", "not a URL"),
        ("http://h:9200", "names the index"),
        ("http://h:9200/", "names the index"),
        ("http://h:9200/DataMoa", "lower-case"),
        ("http://h:9200/_all", "names the index"),
        ("http://h:9200/a*", "names the index"),
        ("http://h:9200/a?replica=1", "unknown option 'replica'; known: shards, replicas"),
        ("http://h:9200/a?shards=0", "shards=0: a whole number from 1"),
        ("http://h:9200/a?replicas=x", "replicas=x"),
        ("http://h:9200/a?refresh=often", "refresh=often: a time such as"),
        ("http://h:9200/a?verify=no", "verify=no: true or false"),
        ("http://h:9200/a?ca=/no/such/file", "ca=/no/such/file: no such file"),
        ("http://h:9200/a?api_key=abc", "a key is given by name"),
        ("http://h:9200/a?api_key=${NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE is not set"),
        ("http://u:${NOT_SET_ANYWHERE}@h:9200/a", "NOT_SET_ANYWHERE is not set"),
    ],
)
def test_what_is_wrong_is_named(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(url)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://user:hunter2@h:9200/A", "http://user:hunter2@h:port/a", "http://user:hunter2@/a"]
)
def test_a_wrong_address_does_not_tell_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(url)
    assert "hunter2" not in str(caught.value)


def test_the_setting_picks_the_engine(tmp_path: Path) -> None:
    def settings(index_url: str) -> Settings:
        return Settings(home=tmp_path, config=tmp_path, database_url="sqlite://", index_url=index_url)

    assert open_index(settings("embedded")).name == "embedded"
    assert open_index(settings("http://h:9200/datamoa?replicas=1")).name == "http://h:9200/datamoa"
    with pytest.raises(ConfigurationError, match="neither `embedded` nor"):
        open_index(settings("solr://h/datamoa"))
