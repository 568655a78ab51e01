"""An SMTP server in a thread."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

CERTIFICATE = Path(__file__).with_name("mailbox.pem")


class Mailbox:
    """What has come, in order; `answer` is what the server says to the next letter.

    meanwhile: done once, before that answer, while whoever sends the letter stands still.
    """

    def __init__(self, port: int, scheme: str = "smtp") -> None:
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.received: list[bytes] = []
        self.answer = "250 OK"
        self.meanwhile: Callable[[], object] | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.received.append(envelope.content)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await asyncio.to_thread(meanwhile)
        return self.answer


@contextmanager
def silent() -> Iterator[str]:
    """The address of a mail server that takes calls and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        yield f"smtp://127.0.0.1:{deaf.getsockname()[1]}"


@contextmanager
def opened(scheme: str = "smtp") -> Iterator[Mailbox]:
    """A mailbox at a free port, closed afterwards. smtps: with a CERTIFICATE that nobody knows."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box = Mailbox(free.getsockname()[1], scheme)
    secure = None
    if scheme == "smtps":
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(CERTIFICATE)
    there = {"hostname": "127.0.0.1", "port": int(box.url.rpartition(":")[2])}
    controller = Controller(box, ssl_context=secure, **there)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
