"""The pages of landlord.toml and facts.toml: changed, refused at the field, only looked at."""

from __future__ import annotations

from flask.testing import FlaskClient

from app.landlords import read_landlord
from app.services.workshop import drafts
from app.services.workshop.landlord_sections import SECTIONS
from app.viewer import Viewer
from tests.web.drafting import file_of, filled_in, put

EVIL = '"><script>alert(1)</script>'


def test_a_team_is_added_and_a_wrong_one_is_kept_as_typed(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    assert workshop.get(f"{draft}/landlord").status_code == 302
    page = f"{draft}/landlord/teams"
    sent = filled_in(workshop.get(page).text, 'id="file"')
    sent |= {"teams.+.id": "Night Team", "teams.+.name": EVIL, "teams.complaints.rank": "many"}
    answer = workshop.post(page, data=sent)
    assert answer.status_code == 422 and EVIL not in answer.text
    assert 'id="teams.+.id-error"' in answer.text
    assert 'id="teams.complaints.rank-error"' in answer.text
    again = filled_in(answer.text, 'id="file"')
    assert again["teams.+.name"] == [EVIL] and again["teams.complaints.rank"] == ["many"]
    again |= {"teams.+.id": "night_team", "teams.complaints.rank": "2"}
    assert workshop.post(page, data=again).status_code == 303
    teams = read_landlord(file_of(process_owner, draft, "landlord.toml")).teams
    assert teams["night_team"].name == EVIL and teams["complaints"].rank == 2
    assert EVIL not in workshop.get(page).text


def test_every_page_of_landlord_toml_is_saved_as_it_stands(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    for name in SECTIONS:
        page = f"{draft}/landlord/{name}"
        sent = filled_in(workshop.get(page).text, 'id="file"')
        assert workshop.post(page, data=sent).status_code == 303, name
    assert drafts.get(process_owner, draft.split("/")[-1]).changed == {}
    assert workshop.get(f"{draft}/landlord/nothing").status_code == 404


def test_nobody_saves_over_anothers_landlord_toml_and_a_broken_one_is_said(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = f"{draft}/landlord/contacts"
    sent = filled_in(workshop.get(page).text, 'id="file"') | {".-.phone": "0161 496 1"}
    before = file_of(process_owner, draft, "landlord.toml")
    put(process_owner, draft, "landlord.toml", before + b"# theirs\n")
    answer = workshop.post(page, data=sent)
    assert answer.status_code == 409 and 'value="0161 496 1"' in answer.text
    put(process_owner, draft, "landlord.toml", b"a = " + b"[" * 50_000)
    assert "cannot be read" in workshop.get(page).text
    assert workshop.get(f"{draft}/letters").status_code == 200
    assert workshop.get(draft).status_code == 200


def test_a_fact_is_declared_changed_and_taken_out(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = f"{draft}/facts"
    sent = filled_in(workshop.get(page).text, 'id="file"')
    wrong = workshop.post(page, data=sent | {"name": "answered_on", "type": "date", "label": "x"})
    assert wrong.status_code == 422 and 'id="name-error"' in wrong.text
    made = sent | {"name": "inspected_on", "type": "date", "label": EVIL}
    assert workshop.post(page, data=made).status_code == 303
    assert EVIL not in workshop.get(page).text
    sent = filled_in(workshop.get(page).text, 'id="file"')
    unnamed = sent | {"name": "", "type": "date", "label": "Seen by a surveyor"}
    assert workshop.post(page, data=unnamed).status_code == 303
    assert workshop.get(f"{page}/seen_by_a_surveyor").status_code == 200
    one = f"{page}/inspected_on"
    sent = filled_in(workshop.get(one).text, 'id="file"') | {"label": "Inspected"}
    assert workshop.post(one, data=sent).status_code == 303
    assert b'label = "Inspected"' in file_of(process_owner, draft, "facts.toml")
    used = workshop.post(f"{page}/answered_on", data=sent | {"step": "remove"})
    assert used.status_code == 422 and "complaint.bpmn still use it" in used.text
    sent = filled_in(workshop.get(one).text, 'id="file"') | {"step": "remove"}
    assert workshop.post(one, data=sent).status_code == 303
    assert b"inspected_on" not in file_of(process_owner, draft, "facts.toml")


def test_what_is_not_open_is_only_looked_at(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = f"{draft}/landlord/teams"
    sent = filled_in(workshop.get(page).text, 'id="file"') | {"teams.complaints.rank": "3"}
    drafts.drop(process_owner, draft.split("/")[-1])
    assert "can only be looked at" in workshop.get(page).text
    assert workshop.post(page, data=sent).status_code == 409
    made = {"seen": "", "name": "x_on", "type": "date", "label": "X"}
    assert workshop.post(f"{draft}/facts", data=made).status_code in (409, 422)
