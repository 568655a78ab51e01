"""The pages of drafts: begun, looked at, given up; a file as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.errors import BadInput, ChangedMeanwhile, NotAllowed, NotFound, NotOffered
from app.services import deployments
from app.services.workshop import drafts
from app.viewer import Viewer

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]


@pytest.fixture
def olu(person: Person, landlord: str) -> Viewer:
    return person("olu", "process_owner")


@pytest.fixture
def owner(olu: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(olu)


def begun(client: FlaskClient, title: str = "Eight days") -> str:
    answer = client.post("/procedures/drafts", data={"title": title})
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[-1]


def test_a_draft_is_begun_and_changes_nothing(landlord: str, owner: FlaskClient) -> None:
    assert "No draft is being worked on" in owner.get("/procedures/drafts").text
    page = owner.get(f"/procedures/drafts/{begun(owner)}").text
    assert "Eight days" in page and "Goes out from version 1" in page
    assert "Every file is as in version 1" in page
    assert len(deployments.history(landlord)) == 1


def test_a_draft_without_a_title_is_not_begun(landlord: str, owner: FlaskClient) -> None:
    answer = owner.post("/procedures/drafts", data={"title": " "})
    assert answer.status_code == 422 and "what the change is about" in answer.text


def test_files_are_added_changed_taken_out_and_put_back(
    landlord: str, olu: Viewer, owner: FlaskClient
) -> None:
    draft = begun(owner)
    letter = min(p for p in deployments.live(landlord).files if p.startswith("letters/"))
    drafts.put(olu, draft, "forms/new_form.form", b"{}")
    drafts.put(olu, draft, "landlord.toml", b"# nothing")
    drafts.remove(olu, draft, letter)
    assert drafts.get(olu, draft).changed == {
        "forms/new_form.form": "added",
        "landlord.toml": "changed",
        letter: "removed",
    }
    page = owner.get(f"/procedures/drafts/{draft}").text
    assert "Taken out" in page and "Error" in page
    for path in ("forms/new_form.form", "landlord.toml", letter):
        owner.post(f"/procedures/drafts/{draft}/put-back", data={"path": path})
    assert drafts.get(olu, draft).changed == {}


def test_nobody_saves_over_what_somebody_else_saved(landlord: str, olu: Viewer) -> None:
    draft = drafts.begin(olu, "Eight days")
    seen = drafts.get(olu, draft).row.revision
    newer = drafts.put(olu, draft, "forms/a.form", b"{}", seen)
    assert newer > seen
    with pytest.raises(ChangedMeanwhile):
        drafts.put(olu, draft, "forms/a.form", b"[]", seen)
    assert drafts.put(olu, draft, "forms/a.form", b"{}", newer) == newer, "nothing is new in it"


@pytest.mark.parametrize(
    "path", ["../app.py", "/etc/passwd", "a.py", "forms/../x.form", "letters/a/b.md", "A.bpmn", ""]
)
def test_a_file_has_only_a_name_of_its_kind(landlord: str, olu: Viewer, path: str) -> None:
    draft = drafts.begin(olu, "Eight days")
    with pytest.raises(BadInput):
        drafts.put(olu, draft, path, b"")


def test_a_draft_given_up_is_kept_and_taken_up_again(landlord: str, owner: FlaskClient) -> None:
    draft = begun(owner)
    page = owner.post(f"/procedures/drafts/{draft}/drop", follow_redirects=True).text
    assert "Published or given up (1)" in page and "“Eight days” was given up" in page
    page = owner.post(f"/procedures/drafts/{draft}/take-up", follow_redirects=True).text
    assert "Being worked on" in page and "was taken up again" in page


def test_a_draft_given_up_takes_no_file(landlord: str, olu: Viewer) -> None:
    draft = drafts.begin(olu, "Eight days")
    drafts.drop(olu, draft)
    with pytest.raises(NotOffered):
        drafts.put(olu, draft, "forms/a.form", b"{}")


def test_a_manager_looks_and_changes_nothing(landlord: str, olu: Viewer, person: Person) -> None:
    draft = drafts.begin(olu, "Eight days")
    manager = person("maya", "manager")
    assert drafts.get(manager, draft).row.title == "Eight days"
    with pytest.raises(NotAllowed):
        drafts.put(manager, draft, "forms/a.form", b"{}")
    with pytest.raises(NotFound):
        drafts.get(manager, "nothing")


def test_a_file_of_a_draft_is_given_as_it_is(landlord: str, owner: FlaskClient) -> None:
    draft = begun(owner)
    answer = owner.get(f"/procedures/drafts/{draft}/file/complaint.bpmn")
    assert answer.data == deployments.live(landlord).files["complaint.bpmn"]
    assert owner.get(f"/procedures/drafts/{draft}/file/nothing.bpmn").status_code == 404
