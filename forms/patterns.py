"""Which patterns of a process owner may run on the server.

A pattern runs against what a stranger typed. Python's engine tries every way of sharing a text
among the repeats, so the ways are counted beforehand and too many are refused. What is left is
also the part in which Python and JavaScript agree (the form editor previews in JavaScript).
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 120
MAX_WAYS = 1_000_000  # some tenths of a second at the very worst

_ONE = re.compile(
    r"""\[\^?(?:\\.|[^\]\\])+\]               # one of several characters
      | \\[dDsSwWbB.\\/^$|?*+()\[\]{}-]       # an escaped character or a class
      | [^\\()\[\]{}|*+?]                     # any other character, ^ and $ too""",
    re.VERBOSE | re.DOTALL,
)
_REPEAT = re.compile(r"(?:([*+?])|\{(\d{1,3})(,?)(\d{0,3})\})\??", re.ASCII)


class _Refused(Exception):
    pass


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as it runs: \\d and \\w mean ASCII, as they do in JavaScript."""
    return re.compile(pattern, re.ASCII)


def why_refused(pattern: str, longest_answer: int) -> str | None:
    """Say why `pattern` may not run on answers of up to that many characters, or None."""
    if len(pattern) > MAX_CHARACTERS:
        return f"is longer than {MAX_CHARACTERS} characters"
    try:
        compiled(pattern)
        ways = _Counter(pattern, longest_answer).whole()
    except (re.error, OverflowError, RecursionError):
        return "cannot be read: a bracket or a sign is out of place"
    except _Refused as refused:
        return str(refused)
    anchored = pattern.startswith("^") and "|" not in pattern
    if ways * (1 if anchored else longest_answer) > MAX_WAYS:
        return "has too many open repeats (* or +): begin it with ^ and say how many, as in {1,10}"
    return None


class _Counter:
    """Recursive descent over the pattern; each method counts the ways to match its part."""

    def __init__(self, pattern: str, longest: int) -> None:
        self.pattern = pattern
        self.longest = longest
        self.at = 0

    def whole(self) -> int:
        ways = self.alternatives()
        if self.at < len(self.pattern):
            raise _Refused(f"uses something we do not allow, at “{self.pattern[self.at :][:6]}”")
        return ways

    def alternatives(self) -> int:
        ways = self.sequence()
        while self.pattern.startswith("|", self.at):
            self.at += 1
            ways += self.sequence()
        return ways

    def sequence(self) -> int:
        ways = 1
        while (piece := self.piece()) is not None:
            ways = min(ways * self.repeated(piece), MAX_WAYS + 1)
        return ways

    def piece(self) -> int | None:
        if one := _ONE.match(self.pattern, self.at):
            self.at = one.end()
            return 1
        if not self.pattern.startswith("(", self.at):
            return None
        self.at += 3 if self.pattern.startswith("(?:", self.at) else 1
        ways = self.alternatives()
        if not self.pattern.startswith(")", self.at):
            raise _Refused(f"uses something we do not allow, at “{self.pattern[self.at :][:6]}”")
        self.at += 1
        return ways

    def repeated(self, ways: int) -> int:
        repeat = _REPEAT.match(self.pattern, self.at)
        if repeat is None:
            return ways
        self.at = repeat.end()
        sign, low_digits, comma, high_digits = repeat.groups()
        low = int(low_digits or (1 if sign == "+" else 0))
        high = 1 if sign == "?" else self.longest
        if low_digits and not comma:
            high = low
        elif high_digits:
            high = min(int(high_digits), self.longest)
        if high <= 1:
            return ways + 1
        if low == high:
            return int(min(ways**high, MAX_WAYS + 1)) if ways > 1 else 1
        if ways > 1:
            raise _Refused("repeats a group that itself repeats or chooses, as in (a+)+")
        return max(high - low, 0) + 1
