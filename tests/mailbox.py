"""An SMTP server in a thread."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """What has come, in order; `answer` is what the server says to the next letter.

    meanwhile: done once, before that answer, while whoever sends the letter stands still.
    """

    def __init__(self, port: int) -> None:
        self.url = f"smtp://127.0.0.1:{port}"
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
def opened() -> Iterator[Mailbox]:
    """A mailbox at a free port, closed afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box = Mailbox(free.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=int(box.url.rpartition(":")[2]))
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
