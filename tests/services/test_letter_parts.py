"""A letter that no form could ever complete is refused before it is anybody's."""

from __future__ import annotations

from app.services import checking
from app.services.deployments import in_words
from tests import small


def found(**changes: bytes | str) -> str:
    files = small.files(**{k: v for k, v in changes.items() if isinstance(v, str)})
    files |= {
        f"forms/{k.removeprefix('form_')}.form": v
        for k, v in changes.items()
        if isinstance(v, bytes)
    }
    return "\n".join(in_words(problem) for problem in checking.check(files))


def requiring(*parts: str) -> str:
    """The letter with more that it must say."""
    printed = "".join(f"\n{{{{{part}}}}}\n" for part in parts)
    listed = ", ".join(f'"{part}"' for part in ("part_answer", *parts))
    return small.LETTER.replace('["part_answer"]', f"[{listed}]") + printed


def test_the_form_of_the_task_that_writes_it_asks_for_every_part() -> None:
    assert "requires part_" not in found()
    assert (
        "writes the letter 'answer', which requires part_remedies: its form needs a field with "
        "letter_part = remedies" in found(letter=requiring("part_remedies"))
    )


def test_points_are_answered_by_findings_on_each() -> None:
    letter = requiring("part_points")
    assert "part_points: its form needs a group for each point with findings" in found(
        letter=letter
    )

    group = {
        "key": "points_group",
        "type": "group",
        "properties": {"for_each": "point"},
        "components": [{"type": "textarea", "key": "findings", "id": "F", "label": "Findings"}],
    }
    form = small.form("answer", small.ANSWER, small.NEXT_PLACE, group)
    assert "requires part_" not in found(letter=letter, form_answer=form)


def test_what_the_case_itself_knows_need_not_be_asked() -> None:
    assert "requires part_" not in found(letter=requiring("part_points_not_ours"))


def test_a_letter_that_no_task_writes_takes_its_parts_from_some_form() -> None:
    files = small.files(letter=requiring("part_reason"))
    bpmn = files["complaint.bpmn"].replace(b'name="writes"', b'name="policy"')
    said = "\n".join(in_words(p) for p in checking.check(files | {"complaint.bpmn": bpmn}))
    assert "requires part_reason, but no form has a field with letter_part = reason." in said
    assert "requires part_answer" not in said
