"""The small language of conditions, deadlines and decision tables.

    accepted == True and weeks_late > 6
    working_days(10 + stage_1_extension, acknowledged_on, pauses)

An expression may name declared facts, call the functions below, compare, join with and/or/not,
choose with if/else, use `in`, and reckon with + - * on numbers and dates. It is read with
`ast.parse` and interpreted by walking the tree: nothing is ever compiled or evaluated as Python.

A fact that is null makes a comparison false and a sum null; only `== None` asks for null itself.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.engine.problems import ExpressionRefused, UnknownFact

MAX_LENGTH = 500  # characters
MAX_NODES = 60
MAX_DEPTH = 20
MAX_NUMBER = 10**12

_TEXT = re.compile(r"\"[^\"\\\n]*\"|'[^'\\\n]*'")
_OUTSIDE_TEXT = re.compile(r"[A-Za-z0-9_ \r\n\t.,()\[\]+\-*<>=!\"]*")
_RUN_TOGETHER = re.compile(r"(?<![A-Za-z0-9_])[0-9][0-9.]*[A-Za-z_]")  # 1e9, 0xff, 1if

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, among: value in among,
    ast.NotIn: lambda value, among: value not in among,
    ast.Is: operator.eq,  # only `is None` and `is not None` pass `parse`
    ast.IsNot: operator.ne,
}
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_NOT_KNOWN: dict[type[ast.expr], str] = {
    ast.Attribute: "a dot after a name",
    ast.BinOp: "an operator other than + - *",
    ast.UnaryOp: "a sign other than - or not",
    ast.Subscript: "a bracket after a name",
}


@lru_cache(maxsize=4096)
def parse(text: str) -> ast.expr:
    """Return the tree of an expression. Raise ExpressionRefused if it is not in the language."""
    if len(text) > MAX_LENGTH:
        raise ExpressionRefused(text[:60] + "…", f"longer than {MAX_LENGTH} characters")
    bare = _TEXT.sub('""', text)
    if not _OUTSIDE_TEXT.fullmatch(bare) or bare.count('"') % 2 or _RUN_TOGETHER.search(bare):
        raise ExpressionRefused(text, "has a character or number that the language does not know")
    try:
        tree = ast.parse(" ".join(text.splitlines()).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionRefused(text, "cannot be read as one expression") from None
    count, level, depth = 0, [tree], 0
    while level:
        count, depth = count + len(level), depth + 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise ExpressionRefused(text, "is too long or too deeply nested; split the rule")
        for node in level:
            if reason := _not_in_language(node):
                raise ExpressionRefused(text, reason)
        level = [child for node in level for child in _operands(node)]
    return tree


def _operands(node: ast.expr) -> list[ast.expr]:
    """The parts of a node that have values; a called function's name has none."""
    if isinstance(node, ast.Call):
        return node.args
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _not_in_language(node: ast.expr) -> str | None:
    match node:
        case ast.Name() | ast.BoolOp() | ast.IfExp() | ast.List() | ast.Tuple():
            return None
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            return None
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()):
            return None
        case ast.Constant(value=value):
            return _bad_constant(value)
        case ast.Compare(ops=ops, comparators=right):
            asks_identity = any(isinstance(op, (ast.Is, ast.IsNot)) for op in ops)
            if asks_identity and not (len(right) == 1 and is_null(right[0])):
                return "`is` may only ask `is None` or `is not None`"
            return None
        case ast.Call(func=ast.Name(), keywords=[]):
            return None
        case ast.Call():
            return "only a function's plain name may be called, without named arguments"
    return f"{_NOT_KNOWN.get(type(node), 'this')} is not part of the language"


def _bad_constant(value: object) -> str | None:
    if isinstance(value, (int, float)) and abs(value) > MAX_NUMBER:
        return "has a number that is too large"
    if value is None or isinstance(value, (bool, int, float, str)):
        return None
    return f"{value!r} is not part of the language"


def is_null(node: ast.expr) -> bool:
    """Is this the literal None?"""
    return isinstance(node, ast.Constant) and node.value is None


def evaluate(
    text: str, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
) -> Any:
    """Return the value of an expression: bool, int, Decimal, str, date, list or None.

    names: facts and a panel's item, as Python values. Functions have their own names, so a fact
    never shadows one. Raise ExpressionRefused when the text is outside the language or has no
    value for these facts, UnknownFact when it names anything else.
    """
    return _Walk(text, names, functions).value(parse(text))


class _Walk:
    """One evaluation: what each kind of node is worth."""

    def __init__(
        self, text: str, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.text, self.names, self.functions = text, names, functions

    def value(self, node: ast.expr) -> Any:
        return getattr(self, f"_{type(node).__name__.lower()}")(node)

    def truth(self, node: ast.expr) -> bool:
        value = self.value(node)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._refused(f"needs yes or no where it has {value!r}")

    def _constant(self, node: ast.Constant) -> Any:
        return Decimal(repr(node.value)) if isinstance(node.value, float) else node.value

    def _name(self, node: ast.Name) -> Any:
        try:
            return self.names[node.id]
        except KeyError:
            raise UnknownFact(self.text, node.id) from None

    def _list(self, node: ast.List | ast.Tuple) -> list[Any]:
        return [self.value(entry) for entry in node.elts]

    _tuple = _list

    def _boolop(self, node: ast.BoolOp) -> bool:
        join = all if isinstance(node.op, ast.And) else any
        return join(self.truth(part) for part in node.values)

    def _ifexp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.truth(node.test) else node.orelse)

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return not self.truth(node.operand)
        return self._reckon(ast.Sub, 0, self.value(node.operand))

    def _binop(self, node: ast.BinOp) -> Any:
        return self._reckon(type(node.op), self.value(node.left), self.value(node.right))

    def _reckon(self, op: type[ast.operator], left: Any, right: Any) -> Any:
        if left is None or right is None:
            return None
        kinds = (type(left), type(right))
        try:
            if all(kind in (int, Decimal) for kind in kinds):
                result = ARITHMETIC[op](left, right)
                if abs(result) > MAX_NUMBER:
                    raise self._refused("gives a number that is too large")
                return result
            if kinds == (date, date) and op is ast.Sub:
                return (left - right).days
            if kinds == (date, int) and op in (ast.Add, ast.Sub):
                return ARITHMETIC[op](left, timedelta(days=right))
            if kinds == (int, date) and op is ast.Add:
                return right + timedelta(days=left)
        except ArithmeticError:
            raise self._refused("gives a date or number out of bounds") from None
        raise self._refused(f"cannot reckon with {left!r} and {right!r}")

    def _compare(self, node: ast.Compare) -> bool:
        left, left_node = self.value(node.left), node.left
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node)
            asks_null = is_null(left_node) or is_null(right_node)
            if not asks_null and (left is None or right is None):
                return False
            try:
                if not COMPARISONS[type(op)](left, right):
                    return False
            except TypeError:
                raise self._refused(f"cannot compare {left!r} with {right!r}") from None
            left, left_node = right, right_node
        return True

    def _call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)  # `parse` lets nothing else pass
        function = self.functions.get(node.func.id)
        if function is None:
            raise self._refused(f"there is no function {node.func.id}()")
        arguments = [self.value(argument) for argument in node.args]
        try:
            return function(*arguments)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self._refused(f"{node.func.id}() refuses: {error}") from None

    def _refused(self, reason: str) -> ExpressionRefused:
        return ExpressionRefused(self.text, reason)
