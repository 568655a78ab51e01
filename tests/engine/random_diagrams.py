"""Random procedures that obey the rules of lint: block by block, every loop with a task in it.

Facts: open_0… (bool) choose ways and stop loops, count_0… (int) are counted up by tables, extra_0…
(int) and base_0… (date) make deadlines, panel (list) is repeated over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from random import Random
from typing import Any

from drawing import (
    call,
    diagram,
    each,
    end,
    first_of,
    flows,
    inclusive,
    message,
    parallel,
    rule,
    start,
    sub,
    table,
    timer,
    user,
    xor,
)
from playing import declare

TRUTHS = [f"open_{n}" for n in range(6)]
COUNTS = [f"count_{n}" for n in range(4)]
EXTRAS = [f"extra_{n}" for n in range(3)]
BASES = [f"base_{n}" for n in range(3)]
FACTS = declare(
    **dict.fromkeys(TRUTHS, "bool"),
    **dict.fromkeys(COUNTS + EXTRAS, "int"),
    **dict.fromkeys(BASES, "date"),
    panel="list",
)
BEGINNING: dict[str, Any] = {
    **{name: date(2026, 12, n + 1).isoformat() for n, name in enumerate(BASES)},
    "panel": ["ann", "bob", "cat"],
}
TABLES = tuple(table(f"add_{name}", [], [name], [[f"{name} + 1"]]) for name in COUNTS)

Block = tuple[str, str, str]  # the drawing, its first element, its last


class RandomProcedure:
    """Draws one random procedure. inclusive: with inclusive gateways, and how often."""

    def __init__(self, seed: int, inclusive: float = 0.0) -> None:
        self.chance = Random(seed)
        self.inclusive = inclusive
        self.numbers = 0
        self.size = 0
        self.called: list[bytes] = []
        self.blocks: dict[str, range] = {}  # inclusive join -> the numbers of its block's ids
        self.messages: list[str] = []

    def draw(self) -> tuple[bytes, ...]:
        """The files, the root process first."""
        drawn, first, last = self._sequence(3, False, self.chance.randint(2, 5))
        main = diagram(
            start("begun"), drawn, end("done"), flows(f"begun > {first}", f"{last} > done")
        )
        return (main, *self.called)

    def _id(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}_{self.numbers}"

    def _date(self) -> str:
        days = self.chance.randint(1, 25)
        return f"calendar_days({days} + {self.chance.choice(EXTRAS)}, {self.chance.choice(BASES)})"

    def _message(self) -> str:
        if len(self.messages) < 4 or self.chance.random() < 0.5:
            self.messages.append(f"news_{len(self.messages)}")
        return self.chance.choice(self.messages)

    def _condition(self) -> str:
        return f"{self.chance.choice(TRUTHS)} == True"

    def _rule(self) -> tuple[str, str]:
        id = self._id("rule")
        return rule(id, f"add_{self.chance.choice(COUNTS)}"), id

    def _sequence(self, depth: int, in_loop: bool, length: int = 0) -> Block:
        length = length or self.chance.randint(1, 3)
        parts = [self._block(depth, in_loop) for _ in range(length)]
        arrows = [f"{a[2]} > {b[1]}" for a, b in pairwise(parts)]
        return "".join(p[0] for p in parts) + flows(*arrows), parts[0][1], parts[-1][2]

    def _block(self, depth: int, in_loop: bool) -> Block:
        self.size += 1
        if depth > 0 and self.size < 12 and self.chance.random() < self.inclusive:
            return self._wrapped(self._inclusive, depth) if in_loop else self._inclusive(depth)
        simple: list[tuple[float, Callable[[], Block]]] = [
            (22, self._user),
            (5, self._table),
            (5, self._catch),
            (10, self._first_of),
        ]
        nested: list[tuple[float, Callable[[], Block]]] = [
            (12, lambda: self._choice(depth, in_loop)),
            (
                12,
                lambda: self._wrapped(self._parallel, depth) if in_loop else self._parallel(depth),
            ),
            (6, lambda: self._loop(depth)),
            (10, lambda: self._scope(depth)),
            (10, self._panel),
        ]
        kinds = simple if depth <= 0 or self.size > 14 else simple + nested
        weights = [weight for weight, _ in kinds]
        return self.chance.choices([draw for _, draw in kinds], weights)[0]()

    def _user(self) -> Block:
        id = self._id("user")
        edge, last = self._edge(id)
        return user(id) + edge, id, last

    def _table(self) -> Block:
        drawn, id = self._rule()
        return drawn, id, id

    def _catch(self) -> Block:
        id = self._id("catch")
        return self._event(id, self.chance.random() < 0.5), id, id

    def _event(self, id: str, is_timer: bool) -> str:
        return timer(id, self._date()) if is_timer else message(id, self._message())

    def _first_of(self) -> Block:
        gate, meet = self._id("first"), self._id("meet")
        drawn = first_of(gate) + xor(meet)
        awaited: set[str] = set()
        for number in range(self.chance.randint(2, 3)):
            event = self._id("event")
            news = self._message()
            is_timer = number > 0 or news in awaited
            awaited.add(news)
            drawn += timer(event, self._date()) if is_timer else message(event, news)
            drawn += self._way(f"{gate} > {event}", event, meet)
        return drawn, gate, meet

    def _way(self, arrow: str, last: str, meet: str) -> str:
        """A way to a meeting gateway, half of them with a task on it."""
        if self.chance.random() < 0.5:
            return flows(f"{arrow} > {meet}")
        id = self._id("user")
        return user(id) + flows(arrow, f"{last} > {id} > {meet}")

    def _choice(self, depth: int, in_loop: bool) -> Block:
        gate, meet = self._id("xor"), self._id("meet")
        drawn, arrows, default = "", [], ""
        for _ in range(self.chance.randint(2, 3)):
            if self.chance.random() < 0.8:
                part, first, last = self._sequence(depth - 1, in_loop)
            else:
                part, first, last = self._table()
            drawn += part
            arrows += [f"{gate} [{self._condition()}] > {first}", f"{last} > {meet}"]
            default = first
        arrows[-2] = f"{gate} > {default}"
        return xor(gate, default) + drawn + xor(meet) + flows(*arrows), gate, meet

    def _ways(self, depth: int) -> list[Block]:
        number = self.chance.randint(2, 3)
        return [self._sequence(depth - 1, False, self.chance.randint(1, 2)) for _ in range(number)]

    def _parallel(self, depth: int) -> Block:
        fork, join = self._id("fork"), self._id("join")
        ways = self._ways(depth)
        arrows = [arrow for _, a, z in ways for arrow in (f"{fork} > {a}", f"{z} > {join}")]
        drawn = "".join(way[0] for way in ways)
        return parallel(fork) + parallel(join) + drawn + flows(*arrows), fork, join

    def _inclusive(self, depth: int) -> Block:
        split, join = self._id("some"), self._id("all")
        begin = self.numbers + 1
        ways = self._ways(depth)
        self.blocks[join] = range(begin, self.numbers + 1)
        default = ways[-1][1]
        arrows = [f"{split} [{self._condition()}] > {a}" for _, a, _ in ways[:-1]]
        arrows += [f"{split} > {default}", *(f"{z} > {join}" for _, _, z in ways)]
        drawn = inclusive(split, default) + inclusive(join) + "".join(way[0] for way in ways)
        return drawn + flows(*arrows), split, join

    def _loop(self, depth: int) -> Block:
        enter, decide, leave = self._id("enter"), self._id("again"), self._id("leave")
        body, first, last = self._sequence(depth - 1, True)
        task = self._id("user")
        drawn = xor(enter) + body + user(task) + xor(decide, leave) + xor(leave)
        arrows = flows(
            f"{enter} > {first}",
            f"{last} > {task} > {decide} > {leave}",
            f"{decide} [{self._condition()}] > {enter}",
        )
        return drawn + arrows, enter, leave

    def _scope(self, depth: int) -> Block:
        """A subprocess or a called process, with events on its edge."""
        id, begun, done = self._id("scope"), self._id("in"), self._id("out")
        body, first, last = self._sequence(depth - 1, False)
        inside = start(begun) + body + end(done) + flows(f"{begun} > {first}", f"{last} > {done}")
        if self.chance.random() < 0.5:
            process = self._id("process")
            self.called.append(diagram(inside, process=process))
            drawn = call(id, process)
        else:
            drawn = sub(id, inside)
        edge, last = self._edge(id)
        return drawn + edge, id, last

    def _wrapped(self, draw: Callable[[int], Block], depth: int) -> Block:
        """Spiff alone cannot run a join on a loop, so there it stands in a subprocess."""
        id, begun, done = self._id("scope"), self._id("in"), self._id("out")
        body, first, last = draw(depth)
        arrows = flows(f"{begun} > {first}", f"{last} > {done}")
        return sub(id, start(begun) + body + end(done) + arrows), id, id

    def _panel(self) -> Block:
        id = self._id("panel")
        repeated = each("panel", in_turn=self.chance.random() < 0.5)
        if self.chance.random() < 0.3:
            begun, view, done = self._id("in"), self._id("user"), self._id("out")
            arrows = flows(f"{begun} > {view} > {done}")
            drawn = sub(id, repeated, start(begun), user(view), end(done), arrows)
        else:
            drawn = user(id, repeated)
        edge, last = self._edge(id)
        return drawn + edge, id, last

    def _edge(self, host: str) -> tuple[str, str]:
        """Events on the edge of an activity; return the drawing and the new last element."""
        drawn, meeting = "", []
        awaited: set[str] = set()
        may_end = True
        for _ in range(self.chance.randint(0, 3)):
            id, ends = self._id("edge"), self.chance.random() < 0.4
            if self.chance.random() < 0.6:
                ends, may_end = ends and may_end, may_end and not ends
                drawn += timer(id, self._date(), on=host, ends=ends)
            else:
                news = self._message()
                if news in awaited:
                    continue
                awaited.add(news)
                drawn += message(id, news, on=host, ends=ends)
            if not ends:
                aside, first = self._rule()
                done = self._id("out")
                drawn += aside + end(done) + flows(f"{id} > {first} > {done}")
            elif self.chance.random() < 0.7:
                meeting.append(id)
            else:
                done = self._id("out")
                drawn += end(done) + flows(f"{id} > {done}")
        if not meeting:
            return drawn, host
        meet = self._id("meet")
        ways = "".join(self._way(id, id, meet) for id in meeting)
        return drawn + xor(meet) + flows(f"{host} > {meet}") + ways, meet
