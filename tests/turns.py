"""Counts what a step asks of the database: statements, commits, and turns on PostgreSQL's wire."""

from __future__ import annotations

import os
import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event, make_url

from app.db import db


@dataclass
class Asked:
    """What was asked: the statements in order, and how often something was committed."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0


@contextmanager
def asked(of: Engine | type[Engine] | None = None) -> Iterator[Asked]:
    """Counts what is asked inside, of the application's database or of another one."""
    found = Asked()

    def said(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.statements.append(statement)

    def committed(_connection: Any) -> None:
        found.commits += 1

    listeners = (("before_cursor_execute", said), ("commit", committed))
    for name, listener in listeners:
        event.listen(of or db.engine, name, listener)
    yield found
    for name, listener in listeners:
        event.remove(of or db.engine, name, listener)


class Wire:
    """Stands between a client and PostgreSQL, and counts how often the client had to wait.

    A turn: the client speaks for the first time, or again after it has heard something.
    """

    def __init__(self, server: str, folder: str) -> None:
        self.turns = 0
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/.s.PGSQL.5432")
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        heard = True
        with client, server:
            while True:
                for speaks in select.select([client, server], [], [])[0]:
                    said = speaks.recv(65536)
                    if not said:
                        return
                    self.turns += heard and speaks is client
                    heard = speaks is server
                    other[speaks].sendall(said)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def wire(address: str) -> Iterator[tuple[Wire, str]]:
    """A wire to this database of a Unix socket, and the address that leads over it."""
    url = make_url(address)
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        there = Wire(os.path.join(str(url.query["host"]), ".s.PGSQL.5432"), folder)
        over = url.update_query_dict({"host": folder})
        yield there, over.render_as_string(hide_password=False)
        there.close()
