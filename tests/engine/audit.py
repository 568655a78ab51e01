"""The oracle of the attack tests: what Python itself says was done while something ran.

An audit hook cannot be taken out again, so one is put in once and listens only inside `watched`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

FORBIDDEN = (
    "exec",
    "import",
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "ctypes.",
    "pickle.",
    "shutil.",
    "urllib.",
    "code.__new__",
    "marshal.",
)

_heard: list[str] = []
_listening = False


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _listening and event.startswith(FORBIDDEN):
        _heard.append(f"{event} {arguments!r:.80}")


sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect the forbidden things done inside the block."""
    global _listening
    _heard.clear()
    _listening = True
    try:
        yield _heard
    finally:
        _listening = False
