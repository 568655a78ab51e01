"""One form of a landlord: read once from its file, bound anew for every page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from forms import formjs, posts, repeats, words
from forms.bound import BoundForm
from forms.components import (
    Field,
    Group,
    Node,
    Option,
    Rows,
    Text,
    cited,
    fields_of,
    groups_of,
    texts_of,
)
from forms.payments import payment_field
from forms.readable import People
from forms.refused import RESERVED_KEYS, UnknownField


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
        """All questions, flat and in order; one that is asked for each row comes once."""
        return tuple(fields_of(self.tree))

    @cached_property
    def point_keys(self) -> frozenset[str]:
        """The keys of what is asked once for each point."""
        return frozenset(key for key, each in self.repeated.items() if each == "point")

    @cached_property
    def lists_points(self) -> bool:
        """Whether it asks what is complained about, point by point."""
        return any(field.properties.get("points") for field in self.fields)

    @cached_property
    def teams(self) -> frozenset[str]:
        """The teams whose people can be chosen; * is everybody."""
        people = {f.properties["person"] for f in self.fields if "person" in f.properties}
        return frozenset(people | {team for field in self.fields for team in field.panel})

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All groups, each before those in it."""
        return tuple(groups_of(self.tree))

    @cached_property
    def panel_fact(self) -> str:
        """The list fact whose members are asked about one by one; empty for none."""
        return next((group.of for group in self.groups if group.of), "")

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

    @cached_property
    def repeated(self) -> dict[str, str]:
        """What each repeated field is asked for, by its key without a row: point, promise, …"""
        return dict(_repeated(self.tree, ""))

    @property
    def promises(self) -> bool:
        """Whether it promises something: in a list of new promises, or as a payment."""
        return repeats.LIST in self.repeated.values() or payment_field(self.fields) is not None

    @cached_property
    def cited(self) -> tuple[tuple[str, str], ...]:
        """What carries paragraphs of the policy: (its words, "3.2, 3.4")."""
        return tuple(cited(self.tree))

    def without(self, keys: Collection[str]) -> FormDefinition:
        """The form with some of its questions left out."""
        return replace(self, tree=_kept(self.tree, keys)) if keys else self

    def bind(
        self,
        typed: posts.Posted | Mapping[str, str | Sequence[str]] | None = None,
        values: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        people: People | None = None,
        rows: Rows | None = None,
        today: date | None = None,
        draft: Mapping[str, str | Sequence[str]] | None = None,
    ) -> BoundForm:
        """Return the form with what somebody typed; or else their `draft` (an earlier `typed`);
        or else `values` (answers by key) over the form's defaults.

        facts fill {fact_name} in texts; people are (user id, name) by team id or *; rows are the
        points, open promises and open copies to ask about, in order; today is the London date.
        Raises UnknownField for a name in `typed` that the form does not have; an old draft's is
        dropped.
        """
        tree = _filled(self.tree, facts or {}, people or {}, rows or {})
        fields = tuple(fields_of(tree))
        if typed is not None:
            said = posts.from_post(typed, fields)
        elif draft is not None:
            said = posts.from_post(draft, fields, strict=False)
        else:
            defaults = {field.key: field.default for field in fields}
            said = posts.from_answers(defaults | dict(values or {}), fields)
        return BoundForm(self, tree, said, today)

    def as_typed(self, answers: Mapping[str, Any], rows: Rows | None = None) -> posts.Typed:
        """What somebody would post to give these answers: stories are played through the form.

        Raises UnknownField for an answer to a question that the form does not ask.
        """
        fields = tuple(fields_of(_filled(self.tree, {}, {}, rows or {})))
        if unknown := set(answers) - {field.key for field in fields}:
            raise UnknownField(sorted(unknown))
        return posts.from_answers(answers, fields)


def _kept(nodes: Sequence[Node], without: Collection[str]) -> tuple[Node, ...]:
    return tuple(
        replace(node, children=_kept(node.children, without)) if isinstance(node, Group) else node
        for node in nodes
        if not (isinstance(node, Field) and node.key in without)
    )


def _repeated(nodes: Sequence[Node], each: str) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, Group):
            yield from _repeated(node.children, node.for_each or each)
        elif isinstance(node, Field) and each:
            yield node.key, each


def _filled(
    nodes: Sequence[Node],
    facts: Mapping[str, Any],
    people: People,
    rows: Rows,
) -> tuple[Node, ...]:
    """The tree as one person sees it."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Text):
            found.append(replace(node, blocks=words.filled(node.blocks, facts)))
        elif isinstance(node, Field):
            found.append(_with_people(node, people))
        else:
            group = replace(node, children=_filled(node.children, facts, people, rows))
            if node.for_each:
                found += repeats.expanded(group, rows)
            else:
                found.append(group)
    return tuple(found)


def _with_people(field: Field, people: People) -> Field:
    team = field.properties.get("person")
    if team is not None:
        return replace(field, options=tuple(Option(id, name) for id, name in people.get(team, ())))
    if not field.panel:
        return field
    seated = [people.get(f"panel {team}", people.get(team, ())) for team in field.panel]
    named = {id: name for team in reversed(seated) for id, name in team}  # each once
    ids = dict.fromkeys(id for team in seated for id, _ in team)
    return replace(field, options=tuple(Option(id, named[id]) for id in ids))
