"""Nothing that an owner writes is ever run as Python, wherever it is written.

Known escapes from Python sandboxes, changed in many ways and grown at random, are given to the
language and planted in diagrams; `watched` hears whether Python did anything it must not.
PUTRIGHT_LONG=1 tries a quarter of a million random ones.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from audit import watched
from drawing import (
    diagram,
    each,
    end,
    first_of,
    flows,
    message,
    rule,
    start,
    table,
    timer,
    user,
    xor,
)
from playing import ENGLAND, begin, declare, parse

from app.engine import EngineRefused, ExpressionRefused, Known, condition, lint
from app.engine.decisions import test_of as cell_as_test
from app.engine.expressions import evaluate
from app.engine.typecheck import check
from timers.calendar import expression_functions

RANDOM = 250_000 if os.environ.get("PUTRIGHT_LONG") else 3_000
FACTS = declare(n="int", received_on="date", accepted="bool", panel="list", word="choice: a, b")
VALUES: dict[str, Any] = {
    "n": 3,
    "received_on": None,
    "accepted": True,
    "panel": ["ann", "__import__('os')"],
    "word": "a",
}
FUNCTIONS = expression_functions(ENGLAND)

CORPUS = [
    "__import__('os').system('true')",
    "__import__('os')",
    "open('/etc/hostname').read()",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "globals()",
    "locals()",
    "vars()",
    "dir()",
    "getattr(n, 'real')",
    "().__class__.__bases__[0].__subclasses__()",
    "n.__class__.__mro__",
    "''.__class__.__mro__[1].__subclasses__()",
    "'{0.__class__}'.format(n)",
    "'%s' % n",
    "f'{n.__class__}'",
    "f'{open(1)!r:>{n}}'",
    "len.__globals__",
    "len.__self__",
    "working_days.__closure__[0].cell_contents",
    "(lambda: 1)()",
    "(lambda f: f(f))(lambda f: f(f))",
    "[x for x in panel]",
    "{x: x for x in panel}",
    "(x for x in panel)",
    "[c for c in ().__class__.__base__.__subclasses__()]",
    "(yield)",
    "(await n)",
    "(n := 5)",
    "n if (n := 5) else n",
    "{'a': 1}['a']",
    "{1, 2}",
    "panel[0]",
    "panel[0:1]",
    "panel[::-1]",
    "*panel",
    "[*panel]",
    "max(*panel)",
    "max(**{})",
    "max(panel, key=len)",
    "9**9**9",
    "2**1000000",
    "1 << 1000000",
    "'a' * 10**10",
    "[0] * 10**9",
    "panel * 1000000000",
    "'%2000000000d' % 1",
    "n @ n",
    "n // 0",
    "n % 0",
    "n / 0",
    "~n",
    "+n",
    "n & n | n ^ n",
    "n; import os",
    "import os",
    "n\nimport os",
    "n = 5",
    "n == 1 #",
    "\\x6e",
    "'\\x41'",
    "'''a'''",
    '"""a"""',
    "r'a'",
    "b'a'",
    "u'a'",
    "...",
    "Ellipsis",
    "NotImplemented",
    "__builtins__",
    "__name__",
    "__debug__",
    "print(n)",
    "input()",
    "breakpoint()",
    "help()",
    "exit()",
    "type(n)",
    "str(n)",
    "int('9' * 9)",
    "range(10**10)",
    "sum(panel)",
    "len(len)",
    "max(max)",
    "working_days(max, min)",
    "min(panel, n)",
    "today()",
    "now()",
    "n is n",
    "n is not panel",
    "1j",
    "1e308 * 10",
    "0x7fffffff",
    "1_000_000",
    "９ + n",
    "ｎ",
    "ｌｅｎ(panel)",
    "__ｉmport__('os')",
    "n\u200b",
    "n\x00",
    "\ufeffn",
    "${jndi:ldap://127.0.0.1/a}",
    "{{ 7*7 }}",
    "#{T(java.lang.Runtime).getRuntime()}",
    "=n",
    "function(x) x",
    "if n then 1 else 2",
]

MUTATORS: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: f"({text})",
    lambda text: f"{text} == 1",
    lambda text: f"accepted and {text}",
    lambda text: f"[{text}]",
    lambda text: f"max({text}, 1)",
    lambda text: f"1 if {text} else 2",
    lambda text: f"not {text}",
    lambda text: f" \t\n{text}",
    lambda text: f"n in [{text}]",
    lambda text: f"working_days({text}, received_on)",
    lambda text: f"'a' == 'b' or {text}",
    lambda text: text.replace("'", '"'),
]


def attacks() -> Iterator[str]:
    """Every known attack in every disguise."""
    for text in CORPUS:
        for disguise in MUTATORS:
            yield disguise(text)


def harmless(value: object) -> bool:
    """A value of the language: nothing that can be called, and small."""
    if isinstance(value, list):
        return len(value) < 1_000 and all(map(harmless, value))
    return value is None or type(value).__name__ in {"bool", "int", "Decimal", "str", "date"}


def try_out(text: str) -> None:
    """Evaluate and check an attack; whatever comes out must be harmless or refused."""
    with suppress(ExpressionRefused):
        assert harmless(evaluate(text, VALUES, FUNCTIONS)), text
    check(text, FACTS, "bool")


def test_known_attacks_do_nothing() -> None:
    try_out("n == 3")  # whatever is loaded on first use
    for text in attacks():
        with watched() as touched:
            try_out(text)
        assert touched == [], text


def test_random_python_does_nothing() -> None:
    """Any expression Python can have, grown from all kinds of nodes."""
    grow = _Growing(Random(4))
    with watched() as touched:
        for _ in range(RANDOM):
            try_out(grow.text())
    assert touched == []


def test_the_oracle_hears_what_it_should() -> None:
    """Without this, silence would prove nothing."""
    for act in (
        lambda: eval("1"),
        lambda: open(os.devnull).close(),
        lambda: os.system("true"),
        lambda: __import__("this_is_not_there"),
    ):
        with watched() as touched, suppress(ImportError):
            act()
        assert touched != []


class _Growing:
    """Grows random Python expressions; most are outside the language, some inside."""

    LEAVES = ("n", "panel", "accepted", "received_on", "None", "True", "1", "2.5", "'a'", "os")

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.kinds: list[Callable[[int], str]] = [
            lambda d: (
                f"({self.node(d)} {self.pick('+ - * / // % ** @ << | and or')} {self.node(d)})"
            ),
            lambda d: f"({self.node(d)} {self.pick('== != < <= in is')} {self.node(d)})",
            lambda d: f"({self.pick('- + ~ not')} {self.node(d)})",
            lambda d: f"{self.pick('len max min working_days later open eval')}({self.nodes(d)})",
            lambda d: f"({self.node(d)} if {self.node(d)} else {self.node(d)})",
            lambda d: f"[{self.nodes(d)}]",
            lambda d: f"({self.node(d)}, {self.nodes(d)})",
            lambda d: f"{self.node(d)}.{self.pick('real __class__ system format')}",
            lambda d: f"{self.node(d)}[{self.node(d)}]",
            lambda d: f"{self.node(d)}({self.nodes(d)})",
            lambda d: f"[x for x in {self.node(d)}]",
            lambda d: f"(lambda x: {self.node(d)})",
            lambda d: f"{{{self.node(d)}: {self.node(d)}}}",
            lambda d: f"f'{{{self.pick('n panel')}}}'",
            lambda d: f"max(key={self.node(d)})",
            lambda d: f"(x := {self.node(d)})",
        ]

    def text(self) -> str:
        return self.node(4)

    def pick(self, words: str) -> str:
        return self.chance.choice(words.split())

    def node(self, depth: int) -> str:
        if depth == 0 or self.chance.random() < 0.3:
            return self.chance.choice(self.LEAVES)
        return self.chance.choice(self.kinds[:6] * 2 + self.kinds)(depth - 1)

    def nodes(self, depth: int) -> str:
        return ", ".join(self.node(depth) for _ in range(self.chance.randint(0, 3)))


def test_random_python_is_really_python() -> None:
    grow = _Growing(Random(4))
    for _ in range(200):
        ast.parse(grow.text(), mode="eval")


PLACES = ("condition", "timer", "gateway", "panel", "offered", "input", "cell", "answer")


def planted(place: str, attack: str) -> dict[str, bytes]:
    """A procedure with an attack in one place, on the way that a case takes."""
    text = {name: attack if name == place else plain for name, plain in _PLAIN.items()}
    drawn = diagram(
        start(),
        rule("decide", "authority"),
        user("view", each(text["panel"])),
        timer("late", text["timer"], on="view"),
        message("news", on="view", offered_when=text["offered"], form="news"),
        end("told"),
        end("heard"),
        xor("which", default="window"),
        first_of("window"),
        timer("over", text["gateway"]),
        message("asks", form="news"),
        end(),
        end("lapsed"),
        end("asked"),
        flows("begun > decide > view > which > window > over > lapsed", "window > asks > asked"),
        flows(f"which [{text['condition']}] > done", "late > told", "news > heard"),
    )
    rows = [[text["cell"], text["answer"]]]
    return {
        "complaint.bpmn": drawn,
        "authority.dmn": table("authority", [text["input"]], ["n"], rows),
    }


_PLAIN = {
    "condition": "accepted == False",
    "timer": "calendar_days(3, received_on)",
    "gateway": "calendar_days(3, received_on)",
    "panel": "panel",
    "offered": "accepted == True",
    "input": "n",
    "cell": "-",
    "answer": "1",
}


@pytest.mark.parametrize("place", PLACES)
def test_an_attack_planted_in_a_diagram_does_nothing(place: str) -> None:
    """Past lint and straight into the engine, as if it had been written to the database."""
    known = Known(forms={"record_complaint", "view", "news"}, teams={"team": "Complaints team"})
    parse(planted(place, _PLAIN[place])["complaint.bpmn"], facts=FACTS, tables=(AUTHORITY,))
    for attack in CORPUS[:: 1 if RANDOM > 3000 else 6]:
        if "\x00" in attack:
            continue  # no XML
        files = planted(place, attack)
        drawn, tables = files["complaint.bpmn"], (files["authority.dmn"],)
        with watched() as touched, suppress(EngineRefused, StopIteration):
            case = begin(parse(drawn, facts=FACTS, tables=tables), received_on="2026-03-02")
            case.wait("2026-04-01").do("view")
        assert touched == [], (place, attack)
        lint(files, FACTS, known)


AUTHORITY = table("authority", ["n"], ["n"], [["-", "1"]])


def test_a_cell_cannot_close_the_brackets_around_it() -> None:
    for cell in (
        "1) or (True",
        "1 or True)",
        "> 1) or (1 == 1",
        "not(1) or (True)",
        "[1..2) or (1]",
    ):
        with pytest.raises(ExpressionRefused):
            cell_as_test("n", cell)


def test_what_people_type_is_never_an_expression() -> None:
    """Facts that look like code come out as they went in."""
    for text in CORPUS:
        stored = {"panel": [text[:200]], "n": 1}
        if "\x00" not in text:
            assert condition("panel", stored, FACTS, ENGLAND) == [text]
            assert condition('"x" in panel', stored, FACTS, ENGLAND) is False
