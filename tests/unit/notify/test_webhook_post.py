"""Where a webhook may lead: never inward, whatever a name says, and whatever it says a moment later."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from urllib3.util import connection

from services.chassis.settings import read_settings
from services.notify.settings import NotifySettings
from services.notify.webhook_post import Post
from tests.contract.test_settings import given

PUBLIC = "93.184.215.14"
INNER = (
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "192.0.0.170", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"),
    *("fec0::1", "::10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "5f00::1", "2001::1"),
)
SPELLED = ("https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://[::1]/")


class Net:
    """A resolver that answers as told, and connections of which none is made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[str] = []
        self.connected: list[str] = []
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.resolve)
        monkeypatch.setattr(connection, "create_connection", self.connect)

    def resolve(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host != "example.vn":
            return self._real(host, port, *args, **kwargs)
        said = self.answers.pop(0)
        family = socket.AF_INET6 if ":" in said else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (said, port))]

    def connect(self, address: tuple[str, int], *_args: Any, **_kwargs: Any) -> Any:
        self.connected.append(address[0])
        raise ConnectionRefusedError


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


@pytest.fixture
def post() -> Callable[..., str]:
    def send(url: str, **settings: str) -> str:
        env = {**given(defaults_too=False), **settings}
        return Post(read_settings(NotifySettings, "notify", env)).send(url, {}, b"{}").reason

    return send


@pytest.mark.parametrize("address", INNER)
def test_no_inner_address_is_connected_to(net: Net, post: Callable[..., str], address: str) -> None:
    net.answers = [address]
    assert post("https://example.vn/") == "address_not_allowed"
    assert net.connected == []


@pytest.mark.parametrize("url", SPELLED)
def test_an_inner_address_is_known_however_it_is_spelled(net: Net, post: Callable[..., str], url: str) -> None:
    assert post(url) == "address_not_allowed"
    assert net.connected == []


def test_a_name_that_leads_elsewhere_a_moment_later_leads_nowhere(net: Net, post: Callable[..., str]) -> None:
    net.answers = [PUBLIC, "127.0.0.1"]
    assert post("https://example.vn/") == "ConnectionError"
    assert net.connected == [PUBLIC]
    assert net.answers == ["127.0.0.1"], "it was asked once"


@pytest.mark.parametrize(
    "url", ["http://example.vn/", "https://example.vn:8443/", "https://a:b@example.vn/", "ftp://x/"]
)
def test_what_may_not_be_told_is_not_even_looked_up(net: Net, post: Callable[..., str], url: str) -> None:
    assert post(url) == "address_not_allowed"
    assert net.connected == []


def test_a_sandbox_may_tell_itself_and_still_nobody_else_inside(net: Net, post: Callable[..., str]) -> None:
    sandbox = {"NOTIFY_WEBHOOK_LOOPBACK": "true"}
    net.answers = ["127.0.0.1", "10.0.0.1", "169.254.169.254"]
    assert post("http://example.vn/", **sandbox) == "ConnectionError"
    assert post("http://example.vn/", **sandbox) == "address_not_allowed"
    assert post("https://example.vn/", **sandbox) == "address_not_allowed"
    assert net.connected == ["127.0.0.1"]


def test_no_proxy_of_the_environment_is_used(
    net: Net, post: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    net.answers = [PUBLIC]
    post("https://example.vn/")
    assert net.connected == [PUBLIC]


class Receiver(BaseHTTPRequestHandler):
    """Takes everything, with an answer of the length that its path says, told or not; notes each line by its port."""

    protocol_version = "HTTP/1.1"
    lines: list[int]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.lines.append(self.client_address[1])
        told, _, length = self.path.strip("/").partition("/")
        self.send_response(200)
        self.send_header(*(("Content-Length", length) if told == "told" else ("Connection", "keep-alive")))
        self.end_headers()
        self.wfile.write(b"x" * int(length))

    def log_message(self, *_args: Any) -> None:
        """Silent."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[int]]]:
    """Its address, and the lines on which it was told, in their order."""
    lines: list[int] = []
    handler = type("Noting", (Receiver,), {"lines": lines})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://example.vn:{server.server_port}", lines
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "kept"), [("told/0", True), ("told/4096", True), ("told/4097", False), ("untold/10", False)]
)
def test_a_line_serves_again_after_a_short_answer_whose_end_is_known(
    monkeypatch: pytest.MonkeyPatch, receiver: tuple[str, list[int]], path: str, kept: bool
) -> None:
    url, lines = receiver
    monkeypatch.setattr(socket, "getaddrinfo", to("127.0.0.1"))
    env = {**given(defaults_too=False), "NOTIFY_WEBHOOK_LOOPBACK": "true"}
    post = Post(read_settings(NotifySettings, "notify", env))
    assert [post.send(f"{url}/{path}", {}, b"{}").reason for _ in range(2)] == ["200", "200"]
    assert (lines[0] == lines[1]) == kept
    monkeypatch.setattr(socket, "getaddrinfo", to("10.0.0.1"))  # the line that is kept is no way around that
    assert post.send(f"{url}/{path}", {}, b"{}").reason == "address_not_allowed"
    assert len(lines) == 2
    post.close()


def to(address: str) -> Callable[..., Any]:
    """A resolver that leads every name there."""
    return lambda _host, port, *_args, **_kwargs: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
