"""TLS, passwords and keys: the client's side, tried against a small TLS proxy in front of a node that has neither.

The test node lacks Elasticsearch's security module, so it is the proxy that asks for a password or a key.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harvester.errors import IndexEngineError
from indexer.engines.base import Everything
from indexer.engines.elasticsearch import ElasticsearchIndex
from tests.engines.contract import AIR, at, fill, matching
from tests.engines.test_elasticsearch import fresh

pytestmark = pytest.mark.elasticsearch

PASSWORD, KEY = "s3cr/et", "VnVhQ2ZHY0JDZGJrU"
GOOD = {f"Basic {base64.b64encode(f'loader:{PASSWORD}'.encode()).decode()}", f"ApiKey {KEY}"}


class Proxy(NamedTuple):
    address: str
    """host:port"""
    certificate: Path
    fingerprint: str


@pytest.fixture(scope="module")
def proxy(elasticsearch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = _self_signed(folder)
    node = urlsplit(elasticsearch)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("authorization") not in GOOD:
                refusal = b'{"error": {"type": "security_exception", "reason": "who?"}}'
                self._answer(401, refusal, **{"content-type": "application/json"})
                return
            back = http.client.HTTPConnection(node.hostname or "", node.port)
            kept = {name: value for name, value in self.headers.items() if name.lower() != "authorization"}
            back.request(self.command, self.path, body, kept)
            answer = back.getresponse()
            self._answer(answer.status, answer.read(), **dict(answer.headers.items()))
            back.close()

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _forward

        def _answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            headers = {name.lower(): value for name, value in headers.items()}
            for name in {"content-type", "content-encoding"} & headers.keys():
                self.send_header(name, headers[name])
            self.send_header("x-elastic-product", "Elasticsearch")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that trusts nobody hangs up during the handshake: that is what is tested."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()
    yield Proxy(f"127.0.0.1:{server.server_port}", certificate, fingerprint)
    server.shutdown()
    server.server_close()


def _self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test node")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, private


@pytest.fixture
def name(elasticsearch: str) -> Iterator[str]:
    with fresh(elasticsearch) as url:
        yield url.rpartition("/")[2]


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDEX_PASSWORD", PASSWORD)
    monkeypatch.setenv("INDEX_KEY", KEY)
    monkeypatch.setenv("WRONG_KEY", "no")


@pytest.mark.parametrize(
    "url",
    [
        "https://loader:${{INDEX_PASSWORD}}@{address}/{name}?ca={certificate}",
        "https://loader:s3cr%2Fet@{address}/{name}?fingerprint={fingerprint}",
        "https://{address}/{name}?api_key=${{INDEX_KEY}}&ca={certificate}&compress=true",
        "https://{address}/{name}?api_key=${{INDEX_KEY}}&verify=false",
    ],
)
def test_loading_and_searching_through_tls(proxy: Proxy, name: str, url: str) -> None:
    with contextlib.closing(ElasticsearchIndex(url.format(name=name, **proxy._asdict()))) as index:
        fill(index, *AIR)
        assert matching(index, Everything()) == {"air1", "air2", "bus1", "bus2", "old1"}
        assert index.checkpoint() == at(5)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://loader:s3cr%2Fet@{address}/{name}", "certificate"),
        ("https://loader:s3cr%2Fet@{address}/{name}?fingerprint=" + "0" * 64, "ingerprint"),
        ("https://{address}/{name}?api_key=${{WRONG_KEY}}&ca={certificate}", "check user, password or api_key"),
        ("https://loader:wrong@{address}/{name}?ca={certificate}", "check user, password or api_key"),
        ("https://{address}/{name}?ca={certificate}", "check user, password or api_key"),
    ],
)
def test_who_is_not_trusted_is_told_so(proxy: Proxy, name: str, url: str, said: str) -> None:
    with (
        contextlib.closing(ElasticsearchIndex(url.format(name=name, **proxy._asdict()))) as index,
        pytest.raises(IndexEngineError, match=said) as caught,
    ):
        index.checkpoint()
    assert PASSWORD not in str(caught.value)
