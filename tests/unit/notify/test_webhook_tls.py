"""A receiver must show a certificate for the very name that it is told at, by an authority that is believed."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.chassis.settings import read_settings
from services.notify.settings import NotifySettings
from services.notify.webhook_post import Post
from tests.contract.test_settings import given

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that `localhost` has given itself, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "own")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def told(certificate: Path) -> Iterator[Callable[..., str]]:
    """What becomes of a message to a receiver that shows this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            try:
                with context.wrap_socket(line, server_side=True) as secured:
                    secured.recv(65_536)
                    secured.sendall(TAKEN)
                    secured.recv(1)
            except OSError:
                line.close()

        def send(host: str, **settings: str) -> str:
            chosen = {**given(defaults_too=False), "NOTIFY_WEBHOOK_LOOPBACK": "on", **settings}
            post, thread = Post(read_settings(NotifySettings, "notify", chosen)), threading.Thread(target=answer)
            thread.start()
            outcome = post.send(f"https://{host}:{server.getsockname()[1]}/", {}, b"{}")
            post.close()
            thread.join()
            return outcome.reason

        yield send


def test_who_shows_a_certificate_for_his_name_by_an_authority_of_ours_is_told(
    told: Callable[..., str], certificate: Path
) -> None:
    assert told("localhost", NOTIFY_WEBHOOK_CA=str(certificate)) == "204"


def test_a_certificate_for_another_name_is_none(told: Callable[..., str], certificate: Path) -> None:
    assert told("127.0.0.1", NOTIFY_WEBHOOK_CA=str(certificate)) == "SSLError"


def test_an_authority_that_nobody_named_is_none(
    told: Callable[..., str], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    assert told("localhost") == "SSLError"
