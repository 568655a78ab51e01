"""A form in the hands of one person: what was typed, what it means, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from wtforms.form import BaseForm

from forms import drawing, letters, repeats, together
from forms.components import Field, Group, Node, applicable, fields_of
from forms.inputs import Input, unbound
from forms.posts import Typed
from forms.readable import said_answers

if TYPE_CHECKING:
    from forms.definition import FormDefinition


class BoundForm:
    """Answers are read at once; `check` says whether they may be stored.

    tree: the form's nodes with rows, people and facts filled in; fields: its questions, flat.
    typed: by HTML name, as typed, for drafts and redisplay.
    answers: by key, JSON-safe, of the fields that apply; what cannot be read is blank.
    equality: what was chosen of questions about equality, by key; never among the answers.
    """

    def __init__(
        self, definition: FormDefinition, tree: tuple[Node, ...], typed: Typed, today: date | None
    ) -> None:
        self.definition = definition
        self.tree = tree
        self.fields = tuple(fields_of(tree))
        self.typed = typed
        self.today = today
        self.errors: dict[str, str] = {}
        self.empty_rows = repeats.EMPTY_ROWS  # shown in a list that people fill in
        self.small = False  # small boxes and circles, for people who fill in forty a day
        # BaseForm, since Form makes every field an attribute: a key such as "data" would break it.
        self.form = BaseForm({field.key: unbound(field, today) for field in self.fields})
        self.form.process(_FormData(self.fields, typed))
        values = {field.key: self.input(field).for_condition() for field in self.fields}
        left_out = repeats.left_out(self.fields, typed)
        self.applicable = tuple(f for f in applicable(tree, values) if f.key not in left_out)
        said = [(field, self.input(field).data) for field in self.applicable]
        self.answers = {field.key: data for field, data in said if not field.equality}
        self.equality = {
            field.key: list(data) if field.is_list else [str(data)]
            for field, data in said
            if field.equality and data
        }

    def input(self, field: Field) -> Input:
        """The WTForms field of a question."""
        return cast(Input, self.form[field.key])

    def check(self) -> bool:
        """Check every field that applies, fill `errors` (by key, in order), return if all is well.

        Raises TypeError when a date is compared with today and the form was bound without it.
        """
        self.errors = {}
        for field in self.applicable:
            answer = self.input(field)
            if not answer.validate(self.form):
                self.errors[field.key] = answer.errors[0]
        for key, said in together.problems_in(self.applicable, self.answers, self.today):
            self.errors.setdefault(key, said)
        return not self.errors

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """Link and message, in the order of the page; then what a service added, if anything."""
        wrong = [field for field in self.fields if field.key in self.errors]
        known = {field.key for field in wrong}
        listed = [(f"#{self._first_wrong(f)}", self._in_list(f)) for f in wrong]
        return listed + [(f"#{key}", said) for key, said in self.errors.items() if key not in known]

    def _in_list(self, field: Field) -> str:
        """The message where it does not stand beside its field."""
        said = self.errors[field.key]
        return f"{said} ({repeats.REPEATS[field.each].word} {field.number})" if field.each else said

    def _first_wrong(self, field: Field) -> str:
        if field.kind != "date":
            return field.key
        return f"{field.key}-{(*self.input(field).wrong, 'day')[0]}"

    def rows_shown(self, group: Group) -> int:
        """How many rows of a list that people fill in stand on the page; see forms.repeats."""
        return repeats.shown(group, self.typed, self.empty_rows)

    def heading(self, group: Group) -> str:
        """What stands above a row."""
        return repeats.heading(group)

    @property
    def said_answers(self) -> list[tuple[str, str]]:
        """Label and answer of each question that applies, to check before sending."""
        return said_answers(self.applicable, self.answers)

    def params(self, field: Field) -> dict[str, Any]:
        """The parameters of the GOV.UK macro that draws the field."""
        error = self.errors.get(field.key)
        wrong = self.input(field).wrong
        return drawing.params(field, self.typed, error, wrong, self.small)

    def attributes(self, node: Node) -> dict[str, str]:
        """What conditions.js reads of a node."""
        return drawing.attributes(node)

    @property
    def letter_parts(self) -> letters.Parts:
        """What was typed for the letter, by part; see forms.letters."""
        return letters.parts(self.tree, self.answers)


class _FormData:
    """What WTForms reads from. A date is three values under one name."""

    def __init__(self, fields: Sequence[Field], typed: Typed) -> None:
        self.values: Typed = {}
        for field in fields:
            texts = [typed.get(name, []) for name in field.names]
            if field.kind == "date":
                self.values[field.key] = [(text or [""])[0] for text in texts]
            else:
                self.values[field.key] = texts[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def getlist(self, name: str) -> list[str]:
        return self.values[name]
