"""Players: child processes that play stories, one for each core and at most four.

Each is a program of its own, so it inherits no connection, no thread and no lock, and pages do not
wait for it. It reads a Plan, then one story's name after another, and answers each with a line.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from select import select
from typing import Any

from app.services.stories import Played
from app.services.workshop.stage_of_stories import Plan, staged
from app.settings import ROOT

MOST = 4
WORTH_ONE = 9  # stories; to start a player takes as long as to play so many
GRACE = 30  # seconds for a player to start in, or to say that a story took too long
CHILD = f"from {__name__} import serve; serve()"

Told = dict[str, Any]  # title, failures, differences: see stories.Played


def number_for(stories: int) -> int:
    """How many players so many stories are worth."""
    return min(MOST, os.cpu_count() or 1, stories // WORTH_ONE)


def play(
    plan: Plan, paths: Sequence[str], seconds: Callable[[], float], number: int
) -> Iterator[Told]:
    """Let so many players play the stories; told in the order of the paths.

    seconds: how long a story may take that begins now.
    """
    resting: SimpleQueue[Player] = SimpleQueue()
    players = [Player(plan) for _ in range(number)]
    for player in players:
        resting.put(player)

    def one(path: str) -> Told:
        player = resting.get()
        try:
            return player.play(path, seconds())
        finally:
            resting.put(player)

    pool = ThreadPoolExecutor(number)
    try:
        yield from pool.map(one, paths)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for player in players:
            player.end()


class Player:
    """One child process, begun at its first story and again after it has died."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.process: subprocess.Popen[bytes] | None = None

    def play(self, path: str, seconds: float) -> Told:
        """What came of a story. If the player dies of it, that is what came of it."""
        try:
            process = self.process or self._begin()
            assert process.stdin and process.stdout
            pickle.dump((path, seconds), process.stdin)
            process.stdin.flush()
            if not select([process.stdout], [], [], max(seconds, 0) + GRACE)[0]:
                return self._over(path, "the story does not come to an end.")
            told: Told = json.loads(process.stdout.readline())
            return told
        except (OSError, ValueError):  # nobody reads any more, or nothing was answered
            return self._over(path, "whoever played it stopped in the middle.")

    def _begin(self) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(  # from the folder in which it finds the programs
            [sys.executable, "-c", CHILD], stdin=pipe, stdout=pipe, cwd=ROOT
        )
        assert self.process.stdin
        pickle.dump(self.plan, self.process.stdin)
        return self.process

    def _over(self, path: str, said: str) -> Told:
        self.end()
        return Played(path, failures=[said]).told

    def end(self) -> None:
        """End the process, whatever it does."""
        if self.process is None:
            return
        process, self.process = self.process, None
        process.kill()
        process.communicate()


def serve() -> None:
    """The child: play what is asked for until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed is no answer
    asked = sys.stdin.buffer
    plan: Plan = pickle.load(asked)
    with staged(plan) as stage:
        gc.freeze()  # what all stories share stays: nobody need look through it again
        while True:
            try:
                path, seconds = pickle.load(asked)
            except EOFError:
                return
            played = stage.play(path, plan.files[path], seconds)
            print(json.dumps(played.told), file=answers)
            answers.flush()
