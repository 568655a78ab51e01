"""Decision tables of a draft: a grid that every browser can change, and what dmn-js saves."""

from __future__ import annotations

from flask.testing import FlaskClient

from app.engine.decisions import read_tables
from app.services.workshop import drafts, table_file
from app.viewer import Viewer
from tests.web.drafting import file_of, filled_in, path_of, put

PATH = "next_place.dmn"
EVIL = '"></td><script>alert(1)</script>'


def begun(workshop: FlaskClient, draft: str) -> str:
    """The page of a new table with one row."""
    sent = {"title": "Where next", "name": "next_place", "asks": "next_place"}
    wrong = workshop.post(f"{draft}/tables", data=sent)
    assert wrong.status_code == 422 and 'id="answers-error"' in wrong.text
    answer = workshop.post(f"{draft}/tables", data=sent | {"answers": "next_place"})
    assert answer.status_code == 303, answer.text
    return f"{draft}/tables/next_place"


def typed(workshop: FlaskClient, page: str, **other: str) -> dict[str, object]:
    sent = filled_in(workshop.get(page).text, 'id="grid"')
    return sent | {name.replace("__", "."): value for name, value in other.items()}


def test_a_table_is_begun_and_filled_without_a_script(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    assert "row 1: " in workshop.get(page).text, "an empty answer is not said to be wrong"
    sent = typed(workshop, page, cell__0__0='"councils"', answer__0__0='"none"', step="add")
    assert workshop.post(page, data=sent).status_code == 303
    sent = typed(workshop, page, answer__1__0='"ombudsman"', about__1="[3.1] The rest", step="up.1")
    assert workshop.post(page, data=sent).status_code == 303
    (table,) = read_tables(PATH, file_of(process_owner, draft, PATH))
    assert [rule.outputs["next_place"] for rule in table.rules] == ['"ombudsman"', '"none"']
    assert table.rules[0].about == "[3.1] The rest"
    assert workshop.post(page, data=typed(workshop, page, step="remove.1")).status_code == 303
    sent = typed(workshop, page, step="ask", ask="answered_on")
    assert workshop.post(page, data=sent).status_code == 303
    grid = table_file.opened(file_of(process_owner, draft, PATH))
    assert [column.asks for column in grid.inputs] == ["next_place", "answered_on"]
    assert len(grid.lines) == 1 and len(grid.lines[0].cells) == 2


def test_what_is_wrong_stands_at_its_row(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    sent = typed(workshop, page, cell__0__0='"nowhere"', answer__0__0="__import__('os')")
    assert workshop.post(page, data=sent).status_code == 303
    shown = workshop.get(page).text
    row = shown.split('aria-label="Row 1"')[1].split("</li>")[0]
    assert "Put right:" in row and "row 1" in row
    sent = typed(workshop, page, cell__0__0="", answer__0__0='"none"', policy="UNIQUE", step="add")
    assert workshop.post(page, data=sent).status_code == 303
    sent = typed(workshop, page, cell__1__0='"none"', answer__1__0='"none"')
    assert workshop.post(page, data=sent).status_code == 303
    row = workshop.get(page).text.split('aria-label="Row 2"')[1].split("</ol>")[0]
    assert "can match together with row 1" in row
    found = drafts.get(process_owner, draft.split("/")[-1]).problems
    assert any("can match together" in problem.message for problem in found), "it can be published"


def test_words_without_quotation_marks_are_told_so_with_what_the_answer_can_be(
    workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    for wrong, said in (
        ("very late", "row 1: put words in quotation marks: &#34;very late&#34;"),
        (
            "nowhere",
            "put words in quotation marks: &#34;nowhere&#34;; it can be &#34;ombudsman&#34;",
        ),
    ):
        sent = typed(workshop, page, answer__0__0=wrong)
        shown = workshop.post(page, data=sent, follow_redirects=True).text
        assert said in shown
        assert "The table is saved, but one thing is to be put right" in shown
        assert '<div class="pr-said pr-said--error"' in shown
    offered = shown.split('<datalist id="choices-next_place">')[1].split("</datalist>")[0]
    assert '<option value="&#34;ombudsman&#34;">' in offered
    assert shown.count('list="choices-next_place"') == 2
    sent = typed(workshop, page, answer__0__0='"ombudsman"')
    shown = workshop.post(page, data=sent, follow_redirects=True).text
    assert "The table is saved in the draft." in shown and "pr-said--error" not in shown


def test_html_in_a_label_stays_text_and_nothing_unprintable_is_kept(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    sent = typed(workshop, page, input__0=EVIL, name=EVIL)
    assert workshop.post(page, data=sent).status_code == 303
    for path in (page, f"{draft}/tables", f"{page}/drawn"):
        assert "<script>alert" not in workshop.get(path).text
    sent = typed(workshop, page, cell__0__0="a\x00\x01b")
    assert workshop.post(page, data=sent).status_code in (303, 422)
    assert b"\x01" not in file_of(process_owner, draft, PATH)


def test_each_table_of_a_file_is_chosen_and_changed(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    workshop.post(page, data=typed(workshop, page, answer__0__0='"none"'))
    one = file_of(process_owner, draft, PATH).decode()
    second = one[one.index("<decision ") : one.index("</definitions>")]
    for word in ("next_place", "input_1", "output_1", "row_1", "cell_1", "cell_2"):
        second = second.replace(f'id="{word}', f'id="second_{word}')
    second = second.replace("Where next", "Second thoughts")
    both = one.replace("</definitions>", f"{second}</definitions>")
    put(process_owner, draft, PATH, both)
    assert "2 tables" in workshop.get(f"{draft}/tables").text
    first = workshop.get(page).text
    assert f'<a href="{page}?decision=second_next_place">Second thoughts</a>' in first
    assert '<b aria-current="page">Where next</b>' in first
    sent = typed(workshop, f"{page}?decision=second_next_place", answer__0__0='"nowhere"')
    answer = workshop.post(page, data=sent)
    assert answer.location.endswith("?decision=second_next_place#grid")
    shown = workshop.get(answer.location).text
    assert shown.count("nowhere") > 1, "what is wrong is not said at its table"
    assert "nowhere" not in workshop.get(page).text
    saved = file_of(process_owner, draft, PATH)
    assert table_file.opened(saved).lines == table_file.opened(both.encode()).lines
    lines = table_file.opened(saved, "second_next_place").lines
    assert [line.answers[0] for line in lines] == ['"nowhere"']


def test_what_dmn_js_sends_is_saved_with_what_is_wrong(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    seen = workshop.get(f"{page}/drawn").text.split('data-seen="')[1].split('"')[0]
    xml = file_of(process_owner, draft, PATH).decode().replace('label="', 'label="New ')
    answer = workshop.post(f"{page}/drawn", json={"body": xml, "seen": seen})
    assert answer.status_code == 200 and answer.json
    assert any("row 1" in one["says"] for one in answer.json["problems"])
    assert file_of(process_owner, draft, PATH).decode() == xml
    assert workshop.post(f"{page}/drawn", json={"body": xml + " ", "seen": seen}).status_code == 409
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    seen = answer.json["seen"]
    for body in (bomb, "x" * 2_000_001, "<no", "", 5, None, "\ud800"):
        refused = workshop.post(f"{page}/drawn", json={"body": body, "seen": seen})
        assert refused.status_code == 422, str(body)[:40]
    assert workshop.post(f"{page}/drawn", data=b"\xff").status_code == 422
    assert file_of(process_owner, draft, PATH).decode() == xml


def test_a_table_that_cannot_be_read_is_said_to_be_so(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    put(process_owner, draft, "broken.dmn", "<no")
    assert "cannot be read" in workshop.get(f"{draft}/tables/broken").text
    assert workshop.get(f"{draft}/tables").status_code == 200
    rows = "".join(f'<rule id="r{n}"/>' for n in range(400))
    table = f'<decision id="d"><decisionTable>{rows}</decisionTable></decision>'
    huge = f"<definitions>{table}</definitions>"
    put(process_owner, draft, "huge.dmn", huge)
    assert "at most 200 rows" in workshop.get(f"{draft}/tables/huge").text


def test_a_table_that_is_not_open_or_not_ours_is_not_changed(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    sent = typed(workshop, page, name="Other")
    drafts.drop(process_owner, draft.split("/")[-1])
    assert "can only be looked at" in workshop.get(page).text
    assert workshop.post(page, data=sent).status_code == 409
    other = path_of(process_owner, "Another one")
    assert workshop.get(f"{other}/tables/next_place").status_code == 404
