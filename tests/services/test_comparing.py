"""What differs between two versions is said in words, marked on the drawing, and shown by line."""

from __future__ import annotations

import json
import re

import pytest

from app.services.workshop import comparing, marking
from app.services.workshop.comparing import FileDifference
from tests import small
from tests.conftest import LANDLORD
from tests.engine.drawing import diagram, end, flows, send, start, user
from tests.services.test_publishing import story
from tests.shipped import contents_of

PLAIN = (start(), user("ask"), end(), flows("begun > ask > done"))


def marks(before: bytes, after: bytes) -> marking.Marks:
    found = marking.marks("complaint.bpmn", before, after)
    assert found is not None
    return found


def only(before: dict[str, bytes], after: dict[str, bytes]) -> FileDifference:
    (found,) = comparing.compare(before, after)
    return found


def signed(found: FileDifference) -> list[tuple[str, str]]:
    return [(sign, text) for sign, text in found.lines if sign in "+-"]


def test_a_new_step_and_its_arrows_are_marked() -> None:
    longer = (start(), user("ask"), send("tell"), end(), flows("begun > ask > tell > done"))
    found = marks(diagram(*PLAIN), diagram(*longer))
    assert found.after == {"tell": "added", "ask_to_tell": "added", "tell_to_done": "added"}
    assert found.before == {"ask_to_done": "removed"}
    assert ("added", "tell", "element") in found.told
    back = marks(diagram(*longer), diagram(*PLAIN))
    assert back.before["tell"] == "removed" and "tell" not in back.after


@pytest.mark.parametrize(
    "changed",
    [
        user("ask", form="other"),
        user("ask", not_the_handler_of="answer"),
        user("ask", "<bpmn:documentation>Ask again</bpmn:documentation>"),
    ],
)
def test_whatever_an_element_says_otherwise_is_a_change(changed: str) -> None:
    found = marks(diagram(*PLAIN), diagram(start(), changed, end(), flows("begun > ask > done")))
    assert found.before == found.after == {"ask": "changed"}


def test_another_condition_changes_the_arrow_and_nothing_else() -> None:
    def drawn(amount: int) -> bytes:
        way = f"begun > ask [amount > {amount}] > done"
        return diagram(start(), user("ask"), end(), flows(way))

    assert marks(drawn(5), drawn(6)).after == {"begun_to_ask": "changed"}


def test_what_only_stands_elsewhere_is_moved() -> None:
    files = contents_of(LANDLORD).files
    body = files["complaint.bpmn"].decode()
    shape = re.search(r'bpmnElement="(\w+)"[^>]*>\s*<dc:Bounds x="(\d+)', body)
    assert shape is not None
    moved = body[: shape.start(2)] + str(int(shape[2]) + 40) + body[shape.end(2) :]
    found = marks(body.encode(), moved.encode())
    assert found.before == found.after == {shape[1]: "moved"}


def test_the_same_drawing_is_the_same_however_it_is_written() -> None:
    spaced = diagram(*PLAIN).replace(b"><", b">\n  <")
    assert marks(diagram(*PLAIN), spaced).told == []


def test_a_broken_diagram_is_compared_as_text() -> None:
    found = only({"a.bpmn": diagram(*PLAIN)}, {"a.bpmn": b"<no xml"})
    assert found.marks is None and ("+", "<no xml") in found.lines


def test_forms_are_compared_by_question() -> None:
    before = small.form("answer", {"key": "why", "type": "textfield", "label": "Why?"})
    changed = json.loads(before)
    changed["components"][0] |= {"label": "Why not?", "validate": {"required": True}}
    changed["components"].append({"type": "textarea", "key": "more", "label": "More?"})
    after = json.dumps(changed).encode()
    found = only({"forms/answer.form": before}, {"forms/answer.form": after})
    assert signed(found) == [
        ("-", "textfield: Why? [why]"),
        ("+", "textfield: Why not? [why], must be answered"),
        ("+", "textarea: More? [more]"),
    ]


def test_tables_are_compared_by_row() -> None:
    files = dict(contents_of(LANDLORD).files)
    path = next(path for path in files if path.endswith(".dmn"))
    body = files[path].decode()
    rule = re.search(r"<(?:\w+:)?rule .*?</(?:\w+:)?rule>", body, re.S)
    assert rule is not None
    found = only(files, {**files, path: body.replace(rule[0], "", 1).encode()})
    ((sign, row),) = signed(found)
    assert (found.kind, sign) == ("Decision table", "-") and "→" in row


def test_stories_are_compared_by_step_in_words() -> None:
    files = small.files() | {"stories/first.toml": story("send_answer")}
    found = only(files, files | {"stories/first.toml": story("answer")})
    assert (found.kind, signed(found)) == (
        "Story",
        [
            ("-", "    then Open tasks: send_answer (Complaints team)"),
            ("+", "    then Open tasks: answer (Complaints team)"),
        ],
    )
    assert (" ", "5 January 2026, 10:00am: record_complaint (Grace)") in found.lines


def test_letters_and_settings_are_compared_by_line() -> None:
    files = small.files()
    after = files | {
        "letters/answer.md": small.LETTER.replace("Dear", "Hello").encode(),
        "landlord.toml": small.LANDLORD.replace("1 Small", "2 Small").encode(),
    }
    letter, settings = comparing.compare(files, after)
    assert (letter.kind, settings.kind) == ("Letter", "Settings")
    assert signed(letter) == [
        ("-", "Dear {{recipient_salutation}}"),
        ("+", "Hello {{recipient_salutation}}"),
    ]
    assert ("+", 'address = "2 Small Street"') in settings.lines
    assert len(settings.lines) < 10, "only what stands round the change"


def test_added_and_removed_files_are_whole() -> None:
    files = small.files()
    found = {each.path: each for each in comparing.compare(files, {"policy.toml": b"a = 1"})}
    assert found["policy.toml"].how == "added" and found["policy.toml"].lines == [("+", "a = 1")]
    assert found["letters/answer.md"].how == "removed"
    assert {sign for sign, _ in found["letters/answer.md"].lines} == {"-"}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("working_days(8, answered_on, copy_pauses)", "from 20 to 8 working days"),
        ("working_days(1, answered_on, copy_pauses)", "from 20 to 1 working day"),
        (
            "months(8, answered_on)",
            "the date was: 20 working days after it is answered; "
            "it is now: 8 months after it is answered",
        ),
        (
            "None if answered_on == None else working_days(8, answered_on)",
            "the date was: 20 working days after it is answered; "
            "it is now: Nothing if “Answered” has no date, else 8 working days after “Answered”",
        ),
    ],
)
def test_another_date_is_told_with_what_it_was(rule: str, told: str) -> None:
    before = small.files()
    body = before["complaint.bpmn"].replace(
        b"working_days(20, answered_on, copy_pauses)", rule.encode()
    )
    sentences = comparing.sentences(before, before | {"complaint.bpmn": body})
    assert sentences == [f"Changed: “window” (window): {told}."]


def test_a_change_is_a_sentence_and_what_cannot_be_read_is_none() -> None:
    files = small.files()
    after = small.files(
        *small.PROCEDURE[:-1],
        flows("begun > answer > send_answer > wait > asks > again", "wait > window > over"),
        facts=small.FACTS,
    )
    after["complaint.bpmn"] = after["complaint.bpmn"].replace(b"working_days(20", b"working_days(8")
    assert any("8 working days" in said for said in comparing.sentences(files, after))
    assert comparing.sentences(files, files | {"complaint.bpmn": b"<"}) == []


def test_a_file_without_end_is_not_compared_line_by_line() -> None:
    found = only({"policy.toml": b"a\n" * 9000}, {"policy.toml": b"b\n" * 9000})
    assert [sign for sign, _ in found.lines] == ["…"]
