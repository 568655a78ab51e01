"""Runs a script of this folder in a process of its own that may use so much time and memory.

Run as a program it is the child's side: it takes the limits on, then becomes the script.
"""

from __future__ import annotations

import resource
import runpy
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

BARE = {"MALLOC_ARENA_MAX": "2", "RAYON_NUM_THREADS": "2"}  # no secrets; memory by use, not by core
LARGEST_FILE = 200 * 1024 * 1024  # bytes that the child may write


class Failed(Exception):
    """The child ended badly, or took too long."""


def run(script: Path, *arguments: str, seconds: int, memory: int) -> str:
    """What a script printed. memory: bytes. Raises Failed."""
    command = [sys.executable, "-I", __file__, str(seconds), str(memory), str(script), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds * 2, env=BARE)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"not done in {seconds * 2} seconds") from late
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[-1]
        # the kind of error only: its words may quote what is in the file
        raise Failed(f"ended with {done.returncode}: {last.partition(':')[0]}")
    return done.stdout.decode(errors="replace")


def _take_on(seconds: int, memory: int) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: LARGEST_FILE,
    }
    for limit, most in limits.items():
        with suppress(ValueError, OSError):  # a system that does not know this limit
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    _take_on(int(sys.argv[1]), int(sys.argv[2]))
    sys.argv = sys.argv[3:]
    runpy.run_path(sys.argv[0], run_name="__main__")
