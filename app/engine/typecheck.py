"""What an expression would give, told from the declared types alone: the check before deployment.

check("acknowledged_on > 3", facts)  ->  ["compares a date with a number"]
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

from app.engine.expressions import is_null, parse
from app.engine.facts import FactSpec
from app.engine.problems import ExpressionRefused

# Types as this module tells them apart. "any" is a panel's entry, which nobody declares.
_TYPE_OF_FACT = {"choice": "text", "money": "number", "int": "number"}
_IN_WORDS = {
    "date": "a date",
    "bool": "yes or no",
    "number": "a number",
    "text": "a word",
    "list": "a list",
    "null": "nothing",
    "any": "something",
}
# parameters and result; the last parameter of working_days, the pauses, may be left out
_FUNCTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "working_days": (("number", "date", "list"), "date"),
    "calendar_days": (("number", "date"), "date"),
    "months": (("number", "date"), "date"),
    "rolled": (("date",), "date"),
    "later": (("date", "date"), "date"),
    "earlier": (("date", "date"), "date"),
    "len": (("list",), "number"),
}
_OPTIONAL = {"working_days": 1}

Names = Mapping[str, FactSpec | None]


def check(text: str, names: Names, wants: str | None = None) -> list[str]:
    """Return what is wrong with an expression, in the owner's words; nothing if it is right.

    names: the declared facts, and a panel's entry with None for its type. wants: the type that the
    place needs: date, bool, number, text or list.
    """
    try:
        tree = parse(text)
    except ExpressionRefused as refused:
        return [refused.reason]
    checker = _Checker(names)
    found = checker.type_of(tree)
    if wants and not _fits(found, wants):
        checker.problems.append(f"gives {_IN_WORDS[found]} where {_IN_WORDS[wants]} is needed")
    return list(dict.fromkeys(checker.problems))


def type_of_fact(spec: FactSpec | None) -> str:
    """The type that expressions see."""
    return "any" if spec is None else _TYPE_OF_FACT.get(spec.type, spec.type)


def names_in(text: str) -> frozenset[str]:
    """The facts that an expression reads. Raise ExpressionRefused."""
    called = {node.func for node in ast.walk(parse(text)) if isinstance(node, ast.Call)}
    nodes = (node for node in ast.walk(parse(text)) if node not in called)
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name))


def constants_in(text: str) -> list[object]:
    """The literal words, numbers and truths of an expression. Raise ExpressionRefused."""
    return [node.value for node in ast.walk(parse(text)) if isinstance(node, ast.Constant)]


def _fits(found: str, wanted: str) -> bool:
    return found in (wanted, "any", "null")


class _Checker:
    """Walks a tree as expressions.evaluate does, with types for values."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.problems: list[str] = []

    def type_of(self, node: ast.expr) -> str:
        found: str = getattr(self, f"_{type(node).__name__.lower()}")(node)
        return found

    def _constant(self, node: ast.Constant) -> str:
        if node.value is None:
            return "null"
        if isinstance(node.value, bool):
            return "bool"
        return "text" if isinstance(node.value, str) else "number"

    def _name(self, node: ast.Name) -> str:
        if node.id not in self.names:
            self.problems.append(f"'{node.id}' is not a declared fact")
            return "any"
        return type_of_fact(self.names[node.id])

    def _list(self, node: ast.List | ast.Tuple) -> str:
        self._all(node.elts)
        return "list"

    _tuple = _list

    def _boolop(self, node: ast.BoolOp) -> str:
        self._truths(node.values)
        return "bool"

    def _unaryop(self, node: ast.UnaryOp) -> str:
        if isinstance(node.op, ast.Not):
            self._truths([node.operand])
            return "bool"
        return self._sum("number", self.type_of(node.operand), ast.Sub)

    def _binop(self, node: ast.BinOp) -> str:
        return self._sum(self.type_of(node.left), self.type_of(node.right), type(node.op))

    def _ifexp(self, node: ast.IfExp) -> str:
        self._truths([node.test])
        return self._either(self.type_of(node.body), self.type_of(node.orelse))

    def _all(self, nodes: Iterable[ast.expr]) -> list[str]:
        return [self.type_of(node) for node in nodes]

    def _truths(self, parts: Iterable[ast.expr]) -> None:
        for found in self._all(parts):
            if not _fits(found, "bool"):
                self.problems.append(f"joins {_IN_WORDS[found]} with and, or, not or if")

    def _sum(self, left: str, right: str, op: type[ast.operator]) -> str:
        kinds = {left, right}
        if "any" in kinds or "null" in kinds:
            return "any"
        if kinds == {"number"}:
            return "number"
        if kinds == {"date"} and op is ast.Sub:
            return "number"
        if left == "date" and right == "number" and op in (ast.Add, ast.Sub):
            return "date"
        if left == "number" and right == "date" and op is ast.Add:
            return "date"
        self.problems.append(f"cannot reckon with {_IN_WORDS[left]} and {_IN_WORDS[right]}")
        return "any"

    def _either(self, one: str, other: str) -> str:
        if one != other and not {"any", "null"} & {one, other}:
            self.problems.append(f"gives {_IN_WORDS[one]} or {_IN_WORDS[other]}")
        return other if one in ("any", "null") else one

    def _compare(self, node: ast.Compare) -> str:
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, (ast.In, ast.NotIn)):
                self._membership(left, right)
            else:
                self._pair(left, right, ordered=not isinstance(op, (ast.Eq, ast.NotEq)))
            left = right
        return "bool"

    def _pair(self, left: ast.expr, right: ast.expr, ordered: bool) -> None:
        one, other = self.type_of(left), self.type_of(right)
        if is_null(left) or is_null(right):
            return
        if one != other and "any" not in (one, other):
            self.problems.append(f"compares {_IN_WORDS[one]} with {_IN_WORDS[other]}")
        elif ordered and one in ("bool", "text", "list"):
            self.problems.append(f"asks which of {_IN_WORDS[one]} and {_IN_WORDS[other]} is more")
        self._choices(left, [right])
        self._choices(right, [left])

    def _membership(self, member: ast.expr, among: ast.expr) -> None:
        one, where = self.type_of(member), self.type_of(among)
        if not _fits(where, "list"):
            self.problems.append(f"looks for something in {_IN_WORDS[where]}")
        if isinstance(among, (ast.List, ast.Tuple)):
            for entry in self._all(among.elts):
                if one != entry and not {"any", "null"} & {one, entry}:
                    self.problems.append(f"compares {_IN_WORDS[one]} with {_IN_WORDS[entry]}")
            self._choices(member, among.elts)

    def _choices(self, fact: ast.expr, literals: Collection[ast.expr]) -> None:
        """A word that is none of the choices would silently never match."""
        spec = self.names.get(fact.id) if isinstance(fact, ast.Name) else None
        if spec is None or spec.type != "choice":
            return
        words = [word.value for word in literals if isinstance(word, ast.Constant)]
        for word in words:
            if isinstance(word, str) and word and word not in spec.choices:
                choices = ", ".join(spec.choices)
                self.problems.append(f"{word!r} is no choice of {spec.name}: {choices}")

    def _call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)  # `parse` lets nothing else pass
        name, found = node.func.id, self._all(node.args)
        if name in ("min", "max"):
            for one, other in pairwise(found):
                self._either(one, other)
            return "any" if not found or found[0] == "list" else found[0]
        if name not in _FUNCTIONS:
            self.problems.append(f"there is no function {name}()")
            return "any"
        wanted, result = _FUNCTIONS[name]
        if not len(wanted) - _OPTIONAL.get(name, 0) <= len(found) <= len(wanted):
            self.problems.append(f"{name}() needs {len(wanted) - _OPTIONAL.get(name, 0)} values")
        for number, (one, want) in enumerate(zip(found, wanted, strict=False), 1):
            if not _fits(one, want):
                self.problems.append(
                    f"{name}() needs {_IN_WORDS[want]} as value {number}, not {_IN_WORDS[one]}"
                )
        return result
