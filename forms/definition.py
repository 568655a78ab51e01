"""One form of a landlord: read once from its file, bound anew for every page."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from forms import feel, formjs, posts, words
from forms.bound import BoundForm
from forms.components import Field, Group, Node, Option, Point, Text, fields_of, texts_of
from forms.readable import People
from forms.refused import RESERVED_KEYS, UnknownField

_POINT_ID = re.compile(r"[0-9a-z]{1,32}")


@dataclass(frozen=True)
class FormDefinition:
    """`name` is the form's id and file name; `tree` holds its groups, texts and fields in order."""

    name: str
    title: str
    tree: tuple[Node, ...]
    raw: bytes

    @classmethod
    def parse(
        cls, raw: bytes, name: str, reserved: Collection[str] = RESERVED_KEYS
    ) -> FormDefinition:
        """Read form-js JSON. `reserved` are the keys that mean something else, mostly to the
        engine. Raises FormRefused with everything that is wrong."""
        title, tree = formjs.read(raw, name, reserved)
        return cls(name, title, tree, raw)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All questions, flat and in order; one that is asked for each point comes once."""
        return tuple(fields_of(self.tree))

    @cached_property
    def names(self) -> frozenset[str]:
        """What may be posted; of a question for each point only the key without its point."""
        return frozenset(name for field in self.fields for name in field.names)

    @cached_property
    def facts_shown(self) -> frozenset[str]:
        """The facts that its texts mention; lint compares them with facts.toml."""
        return frozenset(
            name for text in texts_of(self.tree) for name in words.placeholders(text.blocks)
        )

    def without(self, keys: Collection[str]) -> FormDefinition:
        """The form with some of its questions left out."""
        return replace(self, tree=_kept(self.tree, keys)) if keys else self

    def bind(
        self,
        typed: posts.Posted | Mapping[str, str | Sequence[str]] | None = None,
        values: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        people: People | None = None,
        points: Sequence[Point] | None = None,
        today: date | None = None,
        draft: Mapping[str, str | Sequence[str]] | None = None,
    ) -> BoundForm:
        """Return the form with what somebody typed; or else their `draft` (an earlier `typed`);
        or else `values` (answers by key) over the form's defaults.

        facts fill {fact_name} in texts; people are (user id, name) by team id; points are those
        of the case, in order; today is the London date. Raises UnknownField for a name in `typed`
        that the form does not have; an old draft's is dropped.
        """
        tree = _filled(self.tree, facts or {}, people or {}, points or ())
        fields = tuple(fields_of(tree))
        if typed is not None:
            said = posts.from_post(typed, fields)
        elif draft is not None:
            said = posts.from_post(draft, fields, strict=False)
        else:
            defaults = {field.key: field.default for field in fields}
            said = posts.from_answers(defaults | dict(values or {}), fields)
        return BoundForm(self, tree, said, today)

    def as_typed(
        self, answers: Mapping[str, Any], points: Sequence[Point] | None = None
    ) -> posts.Typed:
        """What somebody would post to give these answers: stories are played through the form.

        Raises UnknownField for an answer to a question that the form does not ask.
        """
        fields = tuple(fields_of(_filled(self.tree, {}, {}, points or ())))
        if unknown := set(answers) - {field.key for field in fields}:
            raise UnknownField(sorted(unknown))
        return posts.from_answers(answers, fields)


def _kept(nodes: Sequence[Node], without: Collection[str]) -> tuple[Node, ...]:
    return tuple(
        replace(node, children=_kept(node.children, without)) if isinstance(node, Group) else node
        for node in nodes
        if not (isinstance(node, Field) and node.key in without)
    )


def _filled(
    nodes: Sequence[Node],
    facts: Mapping[str, Any],
    people: People,
    points: Sequence[Point],
) -> tuple[Node, ...]:
    """The tree as one person sees it."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Text):
            found.append(replace(node, blocks=words.filled(node.blocks, facts)))
        elif isinstance(node, Field):
            found.append(_with_people(node, people))
        else:
            group = replace(node, children=_filled(node.children, facts, people, points))
            if node.for_each:
                found += [_of_point(group, point, n) for n, point in enumerate(points, 1)]
            else:
                found.append(group)
    return tuple(found)


def _with_people(field: Field, people: People) -> Field:
    team = field.properties.get("person")
    if team is None:
        return field
    return replace(field, options=tuple(Option(id, name) for id, name in people.get(team, ())))


def _of_point(group: Group, point: Point, number: int) -> Group:
    if not _POINT_ID.fullmatch(str(point.id)):
        raise ValueError(f"{point.id!r} cannot be part of a field's name")
    keys = {field.key: f"{field.key}__{point.id}" for field in fields_of(group.children)}

    def of_point(node: Node) -> Node:
        """The node with this point's keys, in its condition, too."""
        condition = feel.renamed(node.condition, keys) if node.condition else None
        if isinstance(node, Field):
            named = replace(node, key=keys[node.key], condition=condition)
            return replace(named, point=point, number=number)
        if isinstance(node, Group):
            children = tuple(of_point(child) for child in node.children)
            return replace(node, children=children, condition=condition)
        return replace(node, condition=condition)

    children = tuple(of_point(child) for child in group.children)
    return replace(group, children=children, point=point, number=number)
