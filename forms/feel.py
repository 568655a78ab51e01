"""The small part of FEEL that may stand in "hide if": parsed to JSON, answered without `eval`.

    =channel = "post" and not(list contains(contact_never, "email"))

The same tree is answered here and in app/frontend/conditions.js; tests/forms/test_feel.py holds
the two together. Logic has three values, as in FEEL: an answer that is not there yet is null, and
what depends on it is null, too. Only `true` hides a field.

A tree is a tuple whose first item is the operation:
    ("value", 3)  ("name", "channel")  ("list", tree, …)  ("not", tree)  ("contains", list, item)
    ("=", left, right), likewise != < <= > >=          ("and", tree, tree, …), likewise or
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Tree: TypeAlias = tuple[Any, ...]

MAX_CHARACTERS = 500
MAX_DEPTH = 20  # brackets inside brackets

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>-?\d{1,15}(?:\.\d{1,6})?)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<contains>list\s+contains\b)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>!=|<=|>=|==|&&|\|\||[=<>()\[\],])
      | (?P<other>.)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_CONSTANTS = {"true": True, "false": False, "null": None}
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_INSTEAD = {
    "==": "use one = to compare",
    "&&": 'write "and" in words',
    "||": 'write "or" in words',
    "'": 'put texts in double quotes, as in "post"',
}


class ConditionRefused(ValueError):
    """The condition is outside the small language. The message says why, for a process owner."""


def parse(text: str) -> Tree:
    """Return the tree of `text`, with or without form-js's leading "=". Raises ConditionRefused."""
    text = text.strip().removeprefix("=")
    if len(text) > MAX_CHARACTERS:
        raise ConditionRefused(f"it is longer than {MAX_CHARACTERS} characters")
    return _Parser(list(_tokens(text))).whole()


def names(tree: Tree) -> set[str]:
    """The fields that the tree asks about."""
    if tree[0] == "name":
        return {tree[1]}
    if tree[0] == "value":
        return set()
    return set().union(*(names(part) for part in tree[1:]))


def renamed(tree: Tree, new_names: Mapping[str, str]) -> Tree:
    """The same question about other fields, for a group that is repeated."""
    if tree[0] == "name":
        return ("name", new_names.get(tree[1], tree[1]))
    if tree[0] == "value":
        return tree
    return (tree[0], *(renamed(part, new_names) for part in tree[1:]))


def evaluate(tree: Tree, values: Mapping[str, Any]) -> Any:
    """Answer the tree. A field that is not in `values` is null. Never raises on a parsed tree."""
    operation, *parts = tree
    if operation == "value":
        return parts[0]
    if operation == "name":
        return values.get(parts[0])
    answers = [evaluate(part, values) for part in parts]
    if operation == "list":
        return answers
    if operation == "and":
        return _all(answers)
    if operation == "or":
        return _not(_all([_not(answer) for answer in answers]))
    if operation == "not":
        return _not(answers[0])
    if operation == "contains":
        return _contains(answers[0], answers[1])
    if operation == "=":
        return _equal(answers[0], answers[1])
    if operation == "!=":
        return _not(_equal(answers[0], answers[1]))
    return _ordered(operation, answers[0], answers[1])


def kind(value: Any) -> str:
    """null, boolean, number, string or list: things of two kinds are neither equal nor unequal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "list"


def _all(answers: list[Any]) -> bool | None:
    if any(answer is False for answer in answers):
        return False
    return True if all(answer is True for answer in answers) else None


def _not(answer: Any) -> bool | None:
    return not answer if isinstance(answer, bool) else None


def _equal(left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return left is right
    if kind(left) != kind(right):
        return None
    if isinstance(left, list):
        same = [_equal(one, other) for one, other in zip(left, right, strict=False)]
        return _all(same) if len(left) == len(right) else False
    return bool(left == right)


def _contains(items: Any, wanted: Any) -> bool | None:
    if not isinstance(items, list):
        return None
    return any(_equal(item, wanted) is True for item in items)


def _ordered(sign: str, left: Any, right: Any) -> bool | None:
    """Numbers by size, texts (and so dates, written 2026-11-27) by JavaScript's order."""
    if kind(left) != kind(right) or kind(left) not in ("number", "string"):
        return None
    if isinstance(left, str):
        left = left.encode("utf-16-be", "surrogatepass")
        right = right.encode("utf-16-be", "surrogatepass")
    if sign in ("<", "<="):
        return bool(left < right or (sign == "<=" and left == right))
    return bool(left > right or (sign == ">=" and left == right))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "space":
            continue
        token = match.group()
        if token in _INSTEAD:
            raise ConditionRefused(_INSTEAD[token])
        if match.lastgroup == "other":
            raise ConditionRefused(f"{token} cannot stand in a condition")
        yield str(match.lastgroup), token
    yield "end", ""


class _Parser:
    """Recursive descent: or, and, comparison, operand."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def whole(self) -> Tree:
        tree = self.either()
        if self.tokens[self.at][0] != "end":
            raise ConditionRefused(f"it goes on unexpectedly at {self.tokens[self.at][1]}")
        return tree

    def either(self) -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ConditionRefused("it has too many brackets inside brackets")
        parts = [self.both()]
        while self.took("or"):
            parts.append(self.both())
        self.depth -= 1
        return ("or", *parts) if len(parts) > 1 else parts[0]

    def both(self) -> Tree:
        parts = [self.comparison()]
        while self.took("and"):
            parts.append(self.comparison())
        return ("and", *parts) if len(parts) > 1 else parts[0]

    def comparison(self) -> Tree:
        left = self.operand()
        sign = self.tokens[self.at][1]
        if sign not in _COMPARISONS:
            return left
        self.at += 1
        return (sign, left, self.operand())

    def operand(self) -> Tree:
        group, token = self.tokens[self.at]
        self.at += 1
        if group == "number":
            return ("value", float(token) if "." in token else int(token))
        if group == "string":
            return ("value", _text(token))
        if group == "contains":
            items, wanted = self.arguments(2)
            return ("contains", items, wanted)
        if token == "not":
            return ("not", *self.arguments(1))
        if token == "(":
            tree = self.either()
            self.expect(")")
            return tree
        if token == "[":
            return ("list", *self.items())
        if group == "word" and token not in ("and", "or"):
            return self.name(token)
        raise ConditionRefused(f"something is missing before {token}" if token else "it is cut off")

    def name(self, token: str) -> Tree:
        if self.tokens[self.at][1] == "(":
            raise ConditionRefused(
                f"{token}(…) is not known here; only not(…) and list contains(…, …) are"
            )
        return ("value", _CONSTANTS[token]) if token in _CONSTANTS else ("name", token)

    def items(self) -> list[Tree]:
        if self.took("]"):
            return []
        found = [self.either()]
        while self.took(","):
            found.append(self.either())
        self.expect("]")
        return found

    def arguments(self, count: int) -> list[Tree]:
        self.expect("(")
        found = [self.either()]
        while self.took(","):
            found.append(self.either())
        self.expect(")")
        if len(found) != count:
            raise ConditionRefused(f"{len(found)} values where {count} belong")
        return found

    def took(self, token: str) -> bool:
        # A quoted "and" keeps its quotes as a token, so only the bare word matches.
        found = self.tokens[self.at][1] == token
        self.at += found
        return found

    def expect(self, token: str) -> None:
        if not self.took(token):
            raise ConditionRefused(f"{token} is missing")


def _text(token: str) -> str:
    try:
        text = json.loads(token)
        text.encode()
    except (ValueError, UnicodeEncodeError):
        raise ConditionRefused(f"{token} is not a text we can read") from None
    return str(text)
