"""Where an Elasticsearch index lives: what ``DATAMOA_INDEX_URL`` says, read once.

``http(s)://[user:password@]host:port[,host:port…][/path]/NAME[?option=value&…]``

NAME is the alias that searches use; every generation behind it is an index of its own, ``NAME-…``. Options:

===============  =====================================================================================================
``shards``       primary shards of a new generation; default 1, enough for some millions of datasets
``replicas``     copies of every shard; default: one where the cluster has a second node, none where it has not
``refresh``      how soon changes are seen by searches that nobody asked to wait, as Elasticsearch writes it; default
                 its own: every second while somebody searches
``api_key``      ``${VARIABLE}``: the environment variable that holds the key (never the key itself)
``ca``           file with the certificates to trust instead of the system's
``fingerprint``  SHA-256 of the one certificate to trust
``verify``       ``false`` trusts any certificate: for trials only
``compress``     ``true`` compresses requests: for a slow line between here and the cluster
``connections``  bulk requests at the same time; default 2
``timeout``      seconds that a search may take; default 10
===============  =====================================================================================================

A password may be ``${VARIABLE}`` as well; other characters that mean something in a URL are percent-encoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from harvester import config
from harvester.errors import ConfigurationError

_SETTING = "DATAMOA_INDEX_URL"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
_DURATION = re.compile(r"-1|[1-9][0-9]*(ms|s|m)")
_OPTIONS = (
    "shards", "replicas", "refresh", "api_key", "ca", "fingerprint", "verify", "compress", "connections", "timeout",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """An index's address, with everything that is needed to talk to it. Secrets never show in its text.

    `hosts` are URLs without credentials; `timeout` is in seconds; `replicas` None leaves it to the cluster's size.
    """

    hosts: tuple[str, ...]
    name: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    ca: str | None = None
    fingerprint: str | None = None
    verify: bool = True
    compress: bool = False
    shards: int = 1
    replicas: int | None = None
    refresh: str | None = None
    connections: int = 2
    timeout: float = 10.0

    def __str__(self) -> str:
        return f"{self.hosts[0]}/{self.name}"


def parse(url: str) -> Address:
    """Read an index URL; raise `ConfigurationError` that names the part which is wrong and never a secret."""
    try:
        parts = urlsplit(url)
        hosts = _hosts(parts)
    except ValueError:
        raise ConfigurationError(f"{_SETTING}: not a URL of the form http(s)://host:9200/name") from None
    path, _, name = parts.path.rstrip("/").rpartition("/")
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{_SETTING}: {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}: the last part of the path "
            "names the index: lower-case letters, digits, '.', '_' and '-', as in http://localhost:9200/datamoa"
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for option in options:
        if option not in _OPTIONS:
            raise ConfigurationError(f"{_SETTING}: unknown option {option!r}; known: {', '.join(_OPTIONS)}")
    ca = options.get("ca")
    if ca is not None and not Path(ca).is_file():
        raise ConfigurationError(f"{_SETTING}: ca={ca}: no such file")
    api_key = options.get("api_key")
    replicas = options.get("replicas")
    return Address(
        hosts=tuple(f"{host}{path}" for host in hosts),
        name=name,
        user=unquote(parts.username) if parts.username else None,
        password=_password(parts),
        api_key=config.secret(api_key) if api_key is not None else None,
        ca=ca,
        fingerprint=options.get("fingerprint"),
        verify=_flag(options, "verify", True),
        compress=_flag(options, "compress", False),
        shards=_whole(options, "shards", 1, low=1, high=1024),
        replicas=None if replicas is None else _whole(options, "replicas", 0, low=0, high=32),
        refresh=_duration(options.get("refresh")),
        connections=_whole(options, "connections", 2, low=1, high=32),
        timeout=float(_whole(options, "timeout", 10, low=1, high=3600)),
    )


def _hosts(parts: SplitResult) -> list[str]:
    hosts = []
    for host in parts.netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"{parts.scheme}://{host}")
        if parts.scheme not in {"http", "https"} or not one.hostname:
            raise ValueError(host)
        name = f"[{one.hostname}]" if ":" in one.hostname else one.hostname
        hosts.append(f"{parts.scheme}://{name}:{one.port or (9200 if parts.scheme == 'http' else 443)}")
    return hosts


def _password(parts: SplitResult) -> str | None:
    userinfo, _, _ = parts.netloc.rpartition("@")
    _, colon, password = userinfo.partition(":")
    if not colon:
        return None
    password = unquote(password)
    return config.secret(password) if password.startswith("${") else password


def _flag(options: dict[str, str], name: str, default: bool) -> bool:
    value = options.get(name, str(default).lower())
    if value not in {"true", "false"}:
        raise ConfigurationError(f"{_SETTING}: {name}={value}: true or false")
    return value == "true"


def _whole(options: dict[str, str], name: str, default: int, *, low: int, high: int) -> int:
    value = options.get(name, str(default))
    if not (value.isascii() and value.isdigit() and low <= int(value[:9]) <= high):
        raise ConfigurationError(f"{_SETTING}: {name}={value}: a whole number from {low} to {high}")
    return int(value)


def _duration(value: str | None) -> str | None:
    if value is not None and not _DURATION.fullmatch(value):
        raise ConfigurationError(f"{_SETTING}: refresh={value}: a time such as 500ms, 1s, 30s, or -1 for never")
    return value
