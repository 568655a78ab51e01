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
class Point:
    """One point complained about. `id` is part of field names; `label` has no number in front.

    number: as the case counts it; 0 for its place in the list.
    """

    id: str | int
    label: str
    number: int = 0


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
    point: Point | None = None
    number: int = 0  # of the point, from 1

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
    def keeps_out(self) -> bool:
        """Whether the colleagues chosen here may not see the case."""
        return "keeps_out" in self.properties

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
    """Questions that belong together; with for_each, asked once for each point."""

    label: str
    children: tuple[Node, ...]
    condition: feel.Tree | None = None
    for_each: str = ""
    point: Point | None = None
    number: int = 0  # of the point, from 1


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


Node: TypeAlias = Field | Group | Text


def fields_of(nodes: Sequence[Node]) -> Iterator[Field]:
    """All fields, in the order in which they are read."""
    for node in nodes:
        if isinstance(node, Field):
            yield node
        elif isinstance(node, Group):
            yield from fields_of(node.children)


def point_groups(nodes: Sequence[Node]) -> Iterator[Group]:
    """The groups that are asked once for each point."""
    for node in nodes:
        if isinstance(node, Group):
            yield from (node,) if node.for_each else point_groups(node.children)


def texts_of(nodes: Sequence[Node]) -> Iterator[Text]:
    """All texts, in the order in which they are read."""
    for node in nodes:
        if isinstance(node, Text):
            yield node
        elif isinstance(node, Group):
            yield from texts_of(node.children)


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
