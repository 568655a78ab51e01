"""Questions about equality: asked of everybody alike, answered by who likes, and only counted.

Their answers are never among a form's answers: see BoundForm.equality.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from forms.components import Block, Field, Group, Node, Text, fields_of

NOT_SAID = "Prefer not to say"
WHY = (
    "We ask this to see whether we treat everybody fairly. You do not have to answer.",
    "Your answers are only counted. They are not kept with what you tell us, and nobody who "
    "decides about it sees them.",
)
AT_ODDS = frozenset({"letter_part", "fact", "person", "keeps_out", "panel"})


def field_problems(field: Field) -> Iterator[str]:
    """What a question about equality may not be."""
    if field.required:
        yield "nobody need answer a question about equality. Take “required” away."
    if field.default is not None:
        yield "a question about equality has no default: nothing is said for anybody."
    if field.type == "radio" and NOT_SAID not in {option.label for option in field.options}:
        yield f"radios cannot be left again. Add the answer “{NOT_SAID}”, or use a select."
    for name in sorted(AT_ODDS & field.properties.keys()):
        yield f"what is said about equality goes nowhere else. Take {name} away."


def problems_in(tree: Sequence[Node]) -> Iterator[str]:
    """They stand together at the end, where they are not taken for a part of the matter."""
    asked = [field for field in fields_of(tree) if field.equality]
    for field in asked:
        yield from (f"“{field.label}” ({field.key}): {said}" for said in field_problems(field))
    last = tree[-1] if tree else None
    here = list(fields_of(last.children)) if isinstance(last, Group) and not last.for_each else []
    if asked and here != asked:
        yield (
            f"“{asked[0].label}” ({asked[0].key}): what is asked about equality stands in a group "
            "of its own, the last of the form."
        )


def explained(tree: tuple[Node, ...]) -> tuple[Node, ...]:
    """The tree with the reason why we ask above the questions about equality."""
    last = tree[-1] if tree else None
    if not isinstance(last, Group) or not any(f.equality for f in fields_of(last.children)):
        return tree
    why = Text(tuple(Block("paragraph", (line,)) for line in WHY))
    return (*tree[:-1], replace(last, children=(why, *last.children)))
