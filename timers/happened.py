"""A clause from the label of a date fact: “Issue first raised” is “the issue was first raised”."""

from __future__ import annotations

import re

_DONE = (
    r"\w+ed|begun|found|given|heard|held|made|met|paid|put|seen|sent|taken|told|withdrawn|written"
)
_SHAPE = re.compile(
    r"(?:(?P<what>.+?) )?"
    rf"(?P<how>(?:first |last )?(?:{_DONE})(?: or (?:{_DONE}))?"
    r"(?: (?:by|for|from|in|on|to|with)\b.*)?)",
    re.IGNORECASE,
)


def happened(label: str, yet: bool) -> str | None:
    """“Council consulted” -> “the council was consulted”, or “is” while it has not come to pass.

    yet: whether it has. None for a label of another shape, such as “Day of the hearing”.
    """
    shape = _SHAPE.fullmatch(label.strip())
    if shape is None:
        return None
    what, how = shape["what"], shape["how"]
    many = bool(what) and re.split(r" (?:for|from|of|to|with) ", what)[0].endswith("s")
    verb = ("were" if many else "was") if yet else ("are" if many else "is")
    return f"{_with_article(what)} {verb} {how[0].lower()}{how[1:]}"


def _with_article(what: str | None) -> str:
    """“Issue” -> “the issue”, “Stage One answer” -> “the Stage One answer”; “Stage Two” stays."""
    words = (what or "").split()
    if not words:
        return "it"
    if len(words) > 1 and not words[1][0].islower():
        return what or "" if not any(word[0].islower() for word in words) else f"the {what}"
    return f"the {' '.join([words[0].lower(), *words[1:]])}"
