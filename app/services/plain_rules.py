"""Conditions, sums and cells of tables in words: with the labels of facts, never their names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from app.engine import FactSpec
from app.engine.decisions import parts_of, without_not
from app.engine.expressions import is_null, parse
from app.engine.problems import ExpressionRefused

COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "is",
    ast.NotEq: "is not",
    ast.Lt: "is less than",
    ast.LtE: "is at most",
    ast.Gt: "is more than",
    ast.GtE: "is at least",
}
DATES: dict[type[ast.cmpop], str] = COMPARED | {
    ast.Lt: "is before",
    ast.LtE: "is not after",
    ast.Gt: "is after",
    ast.GtE: "is not before",
}
SIGNS: dict[type[ast.operator], str] = {ast.Add: "plus", ast.Sub: "less", ast.Mult: "times"}
UNITS = {
    "working_days": "working days after",
    "calendar_days": "days after",
    "months": "months after",
}
CELL_SIGNS = {"==": "", "=": "", "!=": "not ", "<=": "at most ", ">=": "at least ",
              "<": "less than ", ">": "more than "}  # fmt: skip
CELL_WORDS = {"-": "", "true": "yes", "false": "no", "null": "not known"}


def condition(text: str, facts: Mapping[str, FactSpec]) -> str:
    """What an expression asks: “Payment offered” is more than 0.

    A text that is not in the language stays as it is.
    """
    try:
        return _Words(facts).of(parse(text))
    except ExpressionRefused:
        return text.strip()


def day(text: str, facts: Mapping[str, FactSpec]) -> str:
    """When a timer falls due whose rule is no plain count: "On the day “Arrangement ends”"."""
    try:
        tree = parse(text)
    except ExpressionRefused:
        return text.strip()
    words = _Words(facts)
    if isinstance(tree, ast.Name):
        return f"On the day “{words.label(tree.id)}”"
    if isinstance(tree, ast.IfExp) and is_null(tree.orelse):
        said = f"{words.value(tree.body)}, but only if {words.of(tree.test)}"
    else:
        said = words.value(tree)
    return said[:1].upper() + said[1:]


def cell(text: str) -> str:
    """A cell of a decision table: "neither open case nor closed case"; empty for anything."""
    text = text.strip()
    if (inside := without_not(text)) is not None:
        wanted = [_part(part) for part in parts_of(inside)]
        return f"neither {' nor '.join(wanted)}" if len(wanted) > 1 else f"not {wanted[0]}"
    return _listed([_part(part) for part in parts_of(text)])


def _part(text: str) -> str:
    for sign, words in CELL_SIGNS.items():
        if text.startswith(sign):
            return words + _part(text.removeprefix(sign).strip())
    if len(text) > 1 and text[0] == text[-1] in "\"'":
        return _code(text[1:-1]) or "nothing"
    low, dots, high = text.strip("[]()").partition("..")
    return f"{low} to {high}" if dots else CELL_WORDS.get(text, text)


def _code(value: str) -> str:
    return value.replace("_", " ")


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


class _Words:
    """One expression in words."""

    def __init__(self, facts: Mapping[str, FactSpec]) -> None:
        self.facts = facts

    def of(self, node: ast.expr) -> str:
        """The words of a node that asks for yes or no."""
        match node:
            case ast.BoolOp(op=op, values=values):
                word = " and " if isinstance(op, ast.And) else " or "
                parts = [self._inside(value, op) for value in values]
                return word.join(parts)
            case ast.UnaryOp(op=ast.Not(), operand=ast.Name() as name):
                return f"{self.value(name)} is no"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"not ({self.of(operand)})"
            case ast.Name():
                return f"{self.value(node)} is yes"
            case ast.Compare(left=left, ops=ops, comparators=right):
                ends = [left, *right]
                pairs = zip(ends, ops, right, strict=False)
                return " and ".join(self._compared(one, op, other) for one, op, other in pairs)
        return self.value(node)

    def label(self, name: str) -> str:
        """What people call a fact."""
        spec = self.facts.get(name)
        return (spec.label if spec else "") or _code(name)

    def _inside(self, node: ast.expr, op: ast.boolop) -> str:
        """A part; in brackets where “and” stands inside “or”, or the other way about."""
        mixed = isinstance(node, ast.BoolOp) and type(node.op) is not type(op)
        return f"({self.of(node)})" if mixed else self.of(node)

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        if is_null(left) or is_null(right):
            asked = self.value(right if is_null(left) else left)
            known = isinstance(op, (ast.NotEq, ast.IsNot))
            if self._is_date(right if is_null(left) else left):
                return f"{asked} has {'a' if known else 'no'} date"
            return f"{asked} is {'known' if known else 'not known'}"
        if isinstance(op, (ast.In, ast.NotIn)):
            return self._among(left, right, "not " if isinstance(op, ast.NotIn) else "")
        if isinstance(left, ast.Call) and _name(left) == "len" and self._is_none(op, right):
            return f"{self.value(left.args[0])} has none"
        if isinstance(right, ast.Constant) and isinstance(right.value, bool):
            yes = right.value is isinstance(op, ast.Eq)
            return f"{self.value(left)} is {'yes' if yes else 'no'}"
        counted = isinstance(right, ast.Call)  # "is more than 6 months after …"
        words = DATES if self._is_date(left) and not counted else COMPARED
        return f"{self.value(left)} {words[type(op)]} {self.value(right)}"

    def _is_none(self, op: ast.cmpop, right: ast.expr) -> bool:
        return isinstance(op, ast.Eq) and isinstance(right, ast.Constant) and right.value == 0

    def _among(self, left: ast.expr, right: ast.expr, negated: str) -> str:
        if isinstance(right, (ast.List, ast.Tuple)):
            return f"{self.value(left)} is {negated}{self.value(right)}"
        return f"{self.value(left)} is {negated}among {self.value(right)}"

    def _is_date(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            return _name(node) in UNITS
        spec = self.facts.get(node.id) if isinstance(node, ast.Name) else None
        return spec is not None and spec.type == "date"

    def value(self, node: ast.expr) -> str:
        """The words of a node that has a value."""
        match node:
            case ast.Name(id=name):
                return f"“{self.label(name)}”"
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                return _listed([self.value(entry) for entry in elts]) if elts else "nothing"
            case ast.BinOp(left=left, op=op, right=right):
                return f"{self.value(left)} {SIGNS[type(op)]} {self.value(right)}"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"-{self.value(operand)}"
            case ast.IfExp(test=test, body=body, orelse=other):
                return f"{self.value(body)} if {self.of(test)}, else {self.value(other)}"
            case ast.Call(args=args):
                return self._called(_name(node), args)
        return self.of(node)

    def _constant(self, value: Any) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if value is None:
            return "nothing"
        return f"“{_code(value)}”" if isinstance(value, str) else str(value)

    def _called(self, name: str, args: list[ast.expr]) -> str:
        if name in UNITS and len(args) > 1:
            pauses = ", without the days it paused" if len(args) > 2 else ""
            return f"{self.value(args[0])} {UNITS[name]} {self.value(args[1])}{pauses}"
        if name == "len" and args:
            return f"the number of {self.value(args[0])}"
        return f"{_code(name)} of {', '.join(self.value(arg) for arg in args)}"


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""
