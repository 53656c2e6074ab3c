"""What a receiver may answer, over a real line: its head counts, and of that there is an end."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from services.chassis.settings import read_settings
from services.notify.settings import NotifySettings
from services.notify.webhook_answers import LONGEST_HEAD
from services.notify.webhook_post import Post
from services.notify.webhooks import Outcome
from tests.contract.test_settings import given

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
AHEAD = b"HTTP/1.1 100 Continue\r\n\r\n"
Answered = Callable[[bytes], Outcome]


@pytest.fixture
def answered() -> Iterator[Answered]:
    """What becomes of a message that is answered with these bytes."""
    post = Post(read_settings(NotifySettings, "notify", {**given(defaults_too=False), "NOTIFY_WEBHOOK_LOOPBACK": "on"}))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer(said: bytes) -> None:
            line, _ = server.accept()
            with line:
                line.recv(65_536)
                try:
                    line.sendall(said)
                    line.recv(1)
                except OSError:
                    pass

        def send(said: bytes) -> Outcome:
            thread = threading.Thread(target=answer, args=(said,))
            thread.start()
            outcome = post.send(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}")
            post.close()
            thread.join()
            return outcome

        yield send


def test_answers_ahead_are_read_over(answered: Answered) -> None:
    assert answered(AHEAD * 3 + TAKEN) == Outcome(204, "204")


@pytest.mark.parametrize(
    "said",
    [
        AHEAD * LONGEST_HEAD + TAKEN,
        b"HTTP/1.1 200 OK\r\n" + (b"x: " + b"y" * 8_000 + b"\r\n") * 20 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * LONGEST_HEAD + b"\r\n\r\n",
    ],
)
def test_a_head_without_end_is_no_answer(answered: Answered, said: bytes) -> None:
    """Who sends faster than we read would else have all the time of this process."""
    assert answered(said) == Outcome(None, "ConnectionError")


def test_of_a_body_nothing_is_read(answered: Answered) -> None:
    assert answered(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 1_000_000) == Outcome(200, "200")


def test_a_wish_to_rest_is_heard(answered: Answered) -> None:
    said = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 120\r\n\r\n"
    assert answered(said) == Outcome(429, "429", timedelta(minutes=2))
