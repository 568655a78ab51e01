"""What a form is made of: fields, groups of fields, and texts between them. All frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from forms import feel

# What an answer is, whatever form-js calls the component.
Kind: TypeAlias = Literal[
    "text", "lines", "number", "money", "date", "choice", "choices", "tick", "files", "points"
]
DAY_PARTS = ("day", "month", "year")


@dataclass(frozen=True)
class Option:
    """One offered answer of radios, a checklist or a select."""

    value: str
    label: str


@dataclass(frozen=True)
class Row:
    """One entry of a repeated group, such as one point complained about.

    id: part of the names of its fields. label: its heading, without a number. number: as the case
    counts it; 0 for its place in the list. since: an ISO date; no date asked for in the row may
    lie before it.
    """

    id: str | int
    label: str
    number: int = 0
    since: str = ""


Rows: TypeAlias = Mapping[str, Sequence[Row]]  # by what a group is repeated for: point, promise, …


@dataclass(frozen=True)
class Field:
    """One question. `key` is the HTML name, the id of the first input and the key of the answer."""

    key: str
    type: str  # form-js's: textfield, textarea, number, datetime, radio, checklist, …
    kind: Kind
    label: str
    hint: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    condition: feel.Tree | None = None  # hidden when this is true
    properties: Mapping[str, str] = field(default_factory=dict, hash=False)
    min_length: int = 0
    max_length: int = 0  # characters; 0 where length means nothing
    pattern: str = ""
    input_type: str = "text"  # text, email or tel
    minimum: str = ""  # a number, "today" or an ISO date
    maximum: str = ""
    decimals: int = 0
    multiple: bool = True  # files only
    default: Any = None
    each: str = ""  # what its group is repeated for
    row: Row | None = None
    number: int = 0  # of the row, from 1

    @property
    def names(self) -> tuple[str, ...]:
        """The HTML names that it is posted under."""
        if self.kind == "date":
            return tuple(f"{self.key}-{part}" for part in DAY_PARTS)
        return (self.key,)

    @property
    def is_list(self) -> bool:
        """Whether several values may be posted under its name."""
        return self.kind in ("choices", "files")

    @property
    def blank(self) -> Any:
        """Its answer when nothing is answered."""
        if self.kind in ("text", "lines", "points", "choice"):
            return ""
        if self.kind == "tick":
            return False
        return [] if self.is_list else None

    @property
    def panel(self) -> dict[str, int]:
        """How many people of which team are chosen here, if a panel is; else nothing."""
        seats = (seat.split() for seat in self.properties.get("panel", "").split(",") if seat)
        return {team: int(number) for number, team in seats}

    @property
    def is_seat(self) -> bool:
        """Whether the one person chosen here sits on a panel."""
        return "seat" in self.properties

    @property
    def keeps_out(self) -> bool:
        """Whether the colleagues chosen here may not see the case."""
        return "keeps_out" in self.properties

    @property
    def equality(self) -> bool:
        """Whether its answer is only counted; see forms.equality."""
        return "equality" in self.properties

    @property
    def gives_work(self) -> bool:
        """Whether the colleague chosen here may be given a later task."""
        return self.type == "select" and "person" in self.properties and not self.keeps_out

    @property
    def has_short_options(self) -> bool:
        """Few and short enough to stand on one line."""
        return len(self.options) <= 3 and all(len(option.label) <= 25 for option in self.options)


@dataclass(frozen=True)
class Group:
    """Questions that belong together; with for_each, asked once for each row (see repeats.py)."""

    label: str
    children: tuple[Node, ...]
    condition: feel.Tree | None = None
    for_each: str = ""
    of: str = ""  # the list fact whose members it is asked for
    most: int = 0  # rows of a list that people fill in
    letter_part: str = ""  # that such a list fills
    row: Row | None = None
    number: int = 0  # of the row, from 1
    policy: str = ""  # the paragraphs of the policy that it carries


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph or a list of a text component. A list has a line for each item."""

    kind: Literal["heading", "paragraph", "list"]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """Words to read. May hold {fact_name}, filled when the form is bound."""

    blocks: tuple[Block, ...]
    condition: feel.Tree | None = None
    policy: str = ""  # the paragraphs of the policy that it carries


Node: TypeAlias = Field | Group | Text


def fields_of(nodes: Sequence[Node]) -> Iterator[Field]:
    """All fields, in the order in which they are read."""
    for node in nodes:
        if isinstance(node, Field):
            yield node
        elif isinstance(node, Group):
            yield from fields_of(node.children)


def groups_of(nodes: Sequence[Node]) -> Iterator[Group]:
    """All groups, each before those in it."""
    for node in nodes:
        if isinstance(node, Group):
            yield node
            yield from groups_of(node.children)


def texts_of(nodes: Sequence[Node]) -> Iterator[Text]:
    """All texts, in the order in which they are read."""
    for node in nodes:
        if isinstance(node, Text):
            yield node
        elif isinstance(node, Group):
            yield from texts_of(node.children)


def cited(nodes: Sequence[Node]) -> Iterator[tuple[str, str]]:
    """What carries paragraphs of the policy: (its words, "3.2, 3.4"), in reading order."""
    for node in nodes:
        if isinstance(node, Field):
            words, policy = node.label, node.properties.get("policy", "")
        elif isinstance(node, Group):
            words, policy = node.label, node.policy
        else:
            words, policy = " ".join(node.blocks[0].lines) if node.blocks else "", node.policy
        if policy:
            yield words, policy
        if isinstance(node, Group):
            yield from cited(node.children)


def applicable(nodes: Sequence[Node], values: Mapping[str, Any]) -> Iterator[Field]:
    """The fields that are not hidden, given every field's value (None where not answered).

    A condition asks about fields before it, and one of those that is hidden counts as not
    answered: hiding a question takes its follow-up questions away, too.
    """
    seen: dict[str, Any] = {}

    def walk(children: Sequence[Node], shown: bool) -> Iterator[Field]:
        for node in children:
            visible = shown and not hides(node.condition, seen)
            if isinstance(node, Group):
                yield from walk(node.children, visible)
            elif isinstance(node, Field):
                seen[node.key] = values[node.key] if visible else condition_blank(node)
                if visible:
                    yield node

    yield from walk(nodes, True)


def hides(condition: feel.Tree | None, values: Mapping[str, Any]) -> bool:
    return condition is not None and feel.evaluate(condition, values) is True


def condition_blank(field: Field) -> Any:
    """What a condition sees when nothing is answered: [] and false, and null for the rest."""
    return None if field.blank == "" else field.blank
