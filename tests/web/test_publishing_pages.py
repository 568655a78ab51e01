"""The pages on which a draft becomes a version: proposed, looked through, approved."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.clock import SetClock
from app.services import deployments, sweep
from app.services.operations import jobs
from app.services.workshop import drafts, folders
from app.viewer import Viewer
from tests import small
from tests.conftest import make_user
from tests.services.test_publishing import changed, story
from tests.small import SMALL

SignIn = Callable[[Viewer], FlaskClient]


@pytest.fixture
def olu(app: Flask) -> Viewer:
    deployments.deploy(SMALL, small.files() | {"stories/first.toml": story()})
    return make_user(SMALL, "olu", "process_owner")


@pytest.fixture
def maya(olu: Viewer) -> Viewer:
    return make_user(SMALL, "maya", "manager")


def proposed(client: FlaskClient, draft: str, **more: str) -> str:
    """Proposed on its page, and its stories played; returns the page."""
    path = f"/procedures/drafts/{draft}/publish"
    answer = client.post(f"{path}/propose", data={"says": "It is friendlier."} | more)
    assert answer.status_code == 303, answer.text
    jobs.run_waiting(sweep.JOBS)
    return path


def test_it_goes_from_draft_to_version_by_two_people(
    olu: Viewer, maya: Viewer, sign_in: SignIn
) -> None:
    path = proposed(sign_in(olu), changed(olu))
    page = sign_in(olu).get(path).text
    assert "You proposed it: a second person approves." in page
    assert "Approve and publish" not in page and "Procedures (1)" not in page
    client = sign_in(maya)
    page = client.get("/procedures").text
    assert "Procedures (1)" in page and "Olu proposes “Other words” and waits for you." in page
    assert f'href="{path}"' in page
    assert "Waits for you" in client.get("/procedures/drafts").text
    page = client.get(path).text
    for told in (
        "It is friendlier.",
        "Good morning {{recipient_salutation}}",
        "The one story holds",
        "No case runs",
        "as soon as it is approved",
    ):
        assert told in page, told
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen is not None
    answer = client.post(f"{path}/approve", data={"seen": seen[1]}, follow_redirects=True)
    assert "It is published as version 2, for new cases from" in answer.text
    assert "Approved by Maya" in answer.text and "was published since" not in answer.text
    page = client.get("/procedures").text
    assert "approved by Maya" in page and "from the command line, without a second person" in page


def test_the_playing_of_stories_is_called_off_and_can_be_asked_for_again(
    olu: Viewer, sign_in: SignIn
) -> None:
    client, path = sign_in(olu), f"/procedures/drafts/{changed(olu)}/stories"
    client.post(f"{path}/play")
    (off,) = re.findall(r'action="([^"]+/cancel)"', client.get(path).text)
    page = client.post(off, follow_redirects=True).text
    assert "They have not been played" in page and "Play them now" in page
    assert jobs.run_waiting(sweep.JOBS) == 0
    client.post(f"{path}/play")
    assert jobs.run_waiting(sweep.JOBS) == 1
    assert "The one story holds" in client.get(path).text


def test_what_was_typed_is_kept_when_something_is_wrong(olu: Viewer, sign_in: SignIn) -> None:
    client, draft = sign_in(olu), changed(olu)
    typed = {"says": "Friendlier", "when": "later", "day": "2026-12-24", "time": ""}
    answer = client.post(f"/procedures/drafts/{draft}/publish/propose", data=typed)
    assert answer.status_code == 422
    assert "Enter the day and the time" in answer.text
    assert "Friendlier</textarea>" in answer.text and 'value="2026-12-24"' in answer.text


def test_a_moment_to_come_is_of_london(olu: Viewer, maya: Viewer, sign_in: SignIn) -> None:
    later = {"when": "later", "day": "2027-06-01", "time": "09:30"}
    path = proposed(sign_in(olu), changed(olu), **later)
    assert "Tue 1 Jun 2027, 9:30am" in sign_in(maya).get(path).text
    client = sign_in(maya)
    seen = re.search(r'name="seen" value="(\d+)"', client.get(path).text)
    assert seen is not None
    page = client.post(f"{path}/approve", data={"seen": seen[1]}, follow_redirects=True).text
    assert page.count("ublished as version 2, for new cases from Tue 1 Jun 2027, 9:30am") == 2
    assert "new cases begin on it Tue 1 Jun 2027, 9:30am" in client.get("/procedures").text
    assert f'href="{path}#call_it_off"' in client.get("/procedures").text
    assert client.post(f"{path}/call-off", data={"call_off": ""}).status_code == 422
    told = client.post(f"{path}/call-off", data={"call_off": "Too late."}, follow_redirects=True)
    assert "Version 2 is called off: no case begins on it." in told.text
    assert "Version 2 is called off. Too late." in told.text and "Call it off" not in told.text
    again = client.post(f"{path}/call-off", data={"call_off": "Twice."})
    assert again.status_code == 422 and "This draft is being worked on." in again.text
    assert "before it began" in client.get("/procedures").text


def test_it_is_sent_back_with_the_reason(olu: Viewer, maya: Viewer, sign_in: SignIn) -> None:
    path = proposed(sign_in(olu), changed(olu))
    client = sign_in(maya)
    assert client.post(f"{path}/send-back", data={"reason": ""}).status_code == 422
    client.post(f"{path}/send-back", data={"reason": "Too friendly."})
    client, draft = sign_in(olu), path.removesuffix("/publish")
    page = client.get(path).text
    assert "Sent back by Maya" in page and "Too friendly." in page and "Propose it" in page
    assert "Sent back by Maya" in client.get(draft).text
    page = client.get("/procedures").text
    assert "Procedures (1)" in page and "Maya sent “Other words” back: “Too friendly.”" in page
    assert f'href="{draft}"' in page
    proposed(client, draft.rsplit("/", 1)[-1])
    client.post(f"{path}/take-back")
    assert "Too friendly." not in client.get(path).text + client.get("/procedures").text


def test_proposing_what_has_been_played_says_that_it_holds(olu: Viewer, sign_in: SignIn) -> None:
    client, draft = sign_in(olu), changed(olu)
    path = proposed(client, draft)
    client.post(f"{path}/take-back")
    sent = {"says": "It is friendlier."}
    page = client.post(f"{path}/propose", data=sent, follow_redirects=True).text
    assert "Its stories have been played, and hold." in page
    assert jobs.run_waiting(sweep.JOBS) == 0


def test_approving_what_may_not_be_says_why(olu: Viewer, maya: Viewer, sign_in: SignIn) -> None:
    draft = changed(olu)
    drafts.put(olu, draft, "stories/wrong.toml", story("nothing", "It is wrong"))
    path = proposed(sign_in(olu), draft)
    client = sign_in(maya)
    page = client.get(path).text
    assert "1 of 2 stories does not hold" in page and "5 January 2026, 10:00am" in page
    answer = client.post(f"{path}/approve", data={"seen": "1"})
    assert answer.status_code == 422 and "stories do not hold" in answer.text
    assert len(deployments.history(SMALL)) == 1


def test_a_draft_that_is_behind_is_brought_up_to_date(
    olu: Viewer, maya: Viewer, sign_in: SignIn
) -> None:
    draft = changed(olu)
    letter = small.LETTER.replace("Dear", "Hello").encode()
    deployments.deploy(SMALL, small.files() | {"letters/answer.md": letter})
    client, path = sign_in(olu), f"/procedures/drafts/{draft}/publish"
    assert "Both have changed letters/answer.md" in client.get(path).text
    answer = client.post(f"{path}/bring-up-to-date")
    assert answer.status_code == 422 and "keep yours, or take theirs?" in answer.text
    client.post(f"{path}/bring-up-to-date", data={"letters/answer.md": "theirs"})
    assert drafts.get(olu, draft).base.number == 2


def test_two_versions_are_compared_and_one_is_brought_back(olu: Viewer, sign_in: SignIn) -> None:
    letter = small.LETTER.replace("Dear", "Hello").encode()
    body = small.files()["complaint.bpmn"].replace(b"working_days(20", b"working_days(8")
    after = small.files() | {"letters/answer.md": letter, "complaint.bpmn": body}
    deployments.deploy(SMALL, after)
    client = sign_in(olu)
    page = client.get("/procedures/compare?from=1&to=2").text
    assert "8 working days" in page and "Hello {{recipient_salutation}}" in page
    assert '"differs": {"window": "changed"}' in page
    assert "Bring version 1 back" in page
    answer = client.post("/procedures/drafts", data={"title": "Back", "version": "1"})
    found = drafts.get(olu, answer.location.rsplit("/", 1)[-1])
    assert set(found.changed) == {"letters/answer.md", "complaint.bpmn", "stories/first.toml"}
    assert client.get("/procedures/compare?from=1&to=7").status_code == 404


def test_the_history_is_a_page_and_a_table(olu: Viewer, sign_in: SignIn, clock: SetClock) -> None:
    clock.move_to(clock() + timedelta(hours=1))
    proposed(sign_in(olu), changed(olu))
    client = sign_in(make_user(SMALL, "ruth", "auditor"))
    assert "Proposed" in client.get("/procedures/history").text
    rows = client.get("/procedures/history.csv").text.splitlines()
    assert rows[0].endswith("says,no_second_person") and len(rows) == 3
    assert "It is friendlier." in rows[1] and rows[2].endswith(",yes")


def test_a_folder_is_shown_before_it_is_taken(olu: Viewer, sign_in: SignIn) -> None:
    client, draft = sign_in(olu), drafts.begin(olu, "From elsewhere")
    path = f"/procedures/drafts/{draft}/folder"
    files = drafts.get(olu, draft).files
    raw = folders.packed(SMALL, {**files, "policy.toml": b"a = 1"})
    answer = client.post(path, data={"zip": (io.BytesIO(raw), "oak.zip")})
    assert "policy.toml" in answer.text and drafts.get(olu, draft).changed == {}
    hidden = dict(re.findall(r'name="(raw|seen)" value="([^"]*)"', answer.text))
    client.post(f"{path}/take", data=hidden)
    assert drafts.get(olu, draft).changed == {"policy.toml": "added"}
    assert client.get(f"{path}.zip").data == raw
    refused = client.post(path, data={"zip": (io.BytesIO(b"no zip"), "oak.zip")})
    assert refused.status_code == 422 and "no zip that can be read" in refused.text


def test_a_landlord_is_made_on_a_page(olu: Viewer, sign_in: SignIn) -> None:
    client = sign_in(make_user(None, "sam", "administrator"))
    assert "Small Homes" in client.get("/procedures/new-landlord").text
    typed = {
        "source": SMALL, "slug": "procedures", "name": "Oak Homes", "prefix": "OH",
        "owner_name": "Ola", "owner_email": "ola@oak.example",
        "manager_name": "Max", "manager_email": "max@oak.example",
    }  # fmt: skip
    answer = client.post("/procedures/new-landlord", data=typed)
    assert answer.status_code == 422 and "This address is taken" in answer.text
    assert 'value="ola@oak.example"' in answer.text
    answer = client.post("/procedures/new-landlord", data=typed | {"slug": "oak-homes"})
    assert "Oak Homes is made" in answer.text
    assert len(re.findall(r"\w{4}-\w{4}-\w{4}-\w{4}", answer.text)) == 2
