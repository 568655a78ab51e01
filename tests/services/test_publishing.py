"""A draft becomes a version only under a second pair of eyes, and everybody can see how."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.clock import SetClock
from app.errors import BadInput, ChangedMeanwhile, NotAllowed, NotFound, NotOffered
from app.services import accounts, deployments, sweep
from app.services.moving import rehearsing
from app.services.operations import jobs
from app.services.workshop import drafts, merging, publishing, records, trials, versions
from app.viewer import Viewer
from tests import small
from tests.conftest import WHEN, make_user
from tests.small import SMALL

STORY = """
landlord = "small-homes"
title = "{title}"

[[step]]
at = "2026-01-05 10:00"
who = "complaints/grace"
does = "record_complaint"
answers = {{ resident_name = "Ann Lee", resident_email = "ann@example.org" }}
expect.open = {{ {task} = "complaints" }}
"""
LATER = WHEN + timedelta(days=3)


def story(task: str = "answer", title: str = "It is answered") -> bytes:
    return STORY.format(task=task, title=title).encode()


@pytest.fixture
def olu(app: Flask) -> Viewer:
    """A process owner of a small landlord with one story."""
    deployments.deploy(SMALL, small.files() | {"stories/first.toml": story()})
    return make_user(SMALL, "olu", "process_owner")


@pytest.fixture
def maya(olu: Viewer) -> Viewer:
    return make_user(SMALL, "maya", "manager")


def changed(olu: Viewer, title: str = "Other words") -> str:
    """A draft in which a letter has other words."""
    draft = drafts.begin(olu, title)
    letter = small.LETTER.replace("Dear", "Good morning")
    drafts.put(olu, draft, "letters/answer.md", letter.encode())
    return draft


def proposed(olu: Viewer, draft: str = "", at: object = None) -> str:
    draft = draft or changed(olu)
    publishing.propose(olu, draft, "It is friendlier.", at)  # type: ignore[arg-type]
    jobs.run_waiting(sweep.JOBS)
    return draft


def approve(viewer: Viewer, draft: str) -> str:
    return publishing.approve(viewer, draft, drafts.get(viewer, draft).row.revision)


def against(viewer: Viewer, draft: str) -> str:
    return " ".join(publishing.reasons_against(viewer, drafts.get(viewer, draft)))


def test_a_second_person_publishes_and_new_cases_use_it(olu: Viewer, maya: Viewer) -> None:
    draft = proposed(olu)
    assert publishing.waits_for(maya) == {draft} and publishing.waits_for(olu) == set()
    published = approve(maya, draft)
    assert deployments.live(SMALL).id == published
    assert b"Good morning" in deployments.live(SMALL).files["letters/answer.md"]
    version = deployments.history(SMALL)[0]
    assert (version.number, version.by, version.approved_by) == (2, olu.user_id, maya.user_id)
    assert version.says == "It is friendlier." and records.flag(version) == ""
    assert drafts.get(olu, draft).row.status == "published"


def test_nobody_publishes_what_they_proposed(olu: Viewer, maya: Viewer) -> None:
    draft = proposed(olu)
    assert "second person" in against(olu, draft)
    with pytest.raises(NotOffered):
        approve(olu, draft)
    assert len(deployments.history(SMALL)) == 1


def test_nobody_publishes_what_they_worked_on_even_when_it_was_put_back(
    olu: Viewer, maya: Viewer
) -> None:
    ada = make_user(SMALL, "ada", "process_owner")
    draft = changed(olu)
    drafts.put(ada, draft, "policy.toml", b"")
    drafts.put_back(ada, draft, "policy.toml")
    proposed(olu, draft)
    assert "changed files of it" in against(ada, draft)
    with pytest.raises(NotOffered):
        approve(ada, draft)
    assert against(maya, draft) == ""


def test_staff_neither_propose_nor_approve(olu: Viewer) -> None:
    amira = small.officer("amira")
    draft = changed(olu)
    with pytest.raises(NotAllowed):
        publishing.propose(amira, draft, "Please")
    proposed(olu, draft)
    for refused in (
        lambda: publishing.approve(amira, draft, 1),
        lambda: publishing.send_back(amira, draft, "No"),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_a_manager_approves_and_does_not_propose(olu: Viewer, maya: Viewer) -> None:
    with pytest.raises(NotAllowed):
        publishing.propose(maya, changed(olu), "Mine")


@pytest.mark.parametrize(
    ("says", "days", "field"),
    [
        ("", None, "says"),
        ("x" * 301, None, "says"),
        ("Why", -1, "starts_at"),
        ("Why", 400, "starts_at"),
    ],
)
def test_a_proposal_says_why_and_from_when(
    olu: Viewer, says: str, days: int | None, field: str
) -> None:
    draft = changed(olu)
    with pytest.raises(BadInput) as refused:
        publishing.propose(olu, draft, says, WHEN + timedelta(days=days) if days else None)
    assert field in refused.value.errors
    assert drafts.get(olu, draft).row.status == "open"


def test_a_draft_without_a_change_or_with_an_error_is_not_proposed(olu: Viewer) -> None:
    draft = drafts.begin(olu, "Nothing")
    with pytest.raises(BadInput, match="Nothing is changed"):
        publishing.propose(olu, draft, "Why")
    drafts.remove(olu, draft, "forms/answer.form")
    with pytest.raises(BadInput, match="Put right first"):
        publishing.propose(olu, draft, "Why")


def test_a_broken_story_blocks_with_the_step_and_the_date(olu: Viewer, maya: Viewer) -> None:
    draft = changed(olu)
    drafts.put(olu, draft, "stories/wrong.toml", story("nothing_of_that_name", "It is wrong"))
    proposed(olu, draft)
    assert "1 of 2 stories do not hold" in against(maya, draft)
    with pytest.raises(NotOffered):
        approve(maya, draft)
    played = trials.result(SMALL, drafts.get(olu, draft).files)
    assert played is not None
    (told,) = trials.broken(played)
    assert told["path"] == "stories/wrong.toml" and told["title"] == "It is wrong"
    assert "step 1, 2026-01-05 10:00" in str(told["failures"])


def test_nothing_is_published_before_the_stories_were_played(olu: Viewer, maya: Viewer) -> None:
    draft = changed(olu)
    publishing.propose(olu, draft, "Why")
    assert "have not been played" in against(maya, draft)
    with pytest.raises(NotOffered):
        approve(maya, draft)
    jobs.run_waiting(sweep.JOBS)
    assert against(maya, draft) == ""


def test_it_begins_at_the_moment_chosen(olu: Viewer, maya: Viewer, clock: SetClock) -> None:
    before = deployments.live(SMALL).id
    published = approve(maya, proposed(olu, at=LATER))
    assert deployments.live(SMALL).id == before != published
    clock.move_to(LATER - timedelta(minutes=1))
    assert deployments.live(SMALL).id == before
    clock.move_to(LATER)
    assert deployments.live(SMALL).id == published


def test_a_moment_that_has_passed_by_the_approval_is_at_once(
    olu: Viewer, maya: Viewer, clock: SetClock
) -> None:
    draft = proposed(olu, at=LATER)
    clock.move_to(LATER + timedelta(hours=1))
    published = approve(maya, draft)
    assert deployments.live(SMALL).id == published


def test_a_version_does_not_overtake_one_that_begins_later(
    olu: Viewer, maya: Viewer, clock: SetClock
) -> None:
    approve(maya, proposed(olu, at=LATER))
    draft = drafts.begin(olu, "Sooner")
    drafts.put(olu, draft, "letters/answer.md", small.LETTER.replace("Dear", "Hello").encode())
    proposed(olu, draft)
    assert "begins later" in against(maya, draft)
    clock.move_to(LATER)
    assert against(maya, draft) == ""


def test_a_version_that_waits_is_called_off_and_its_draft_is_open_again(
    olu: Viewer, maya: Viewer, clock: SetClock
) -> None:
    draft = proposed(olu, at=LATER)
    approve(maya, draft)
    with pytest.raises(BadInput):
        publishing.call_off(maya, draft, " ")
    assert publishing.call_off(maya, draft, "The Board has said no.") == 2
    row = drafts.get(olu, draft).row
    assert (row.status, row.decision) == ("open", "Version 2 is called off. The Board has said no.")
    clock.move_to(LATER + timedelta(days=1))
    assert versions.version(olu)[0].row.number == 1
    stands = {found.row.number: found.stands for found in versions.versions(olu)}
    assert stands == {2: "called off before it began", 1: "live"}
    told = {line.action: (line.version, line.says) for line in records.history(olu)}
    assert told["called_off"] == (2, "The Board has said no.")
    with pytest.raises(NotOffered, match="being worked on"):
        publishing.call_off(maya, draft, "Again")
    with pytest.raises(NotFound):
        rehearsing.target_of(SMALL, 2)
    approve(maya, proposed(olu, draft))
    assert versions.version(olu)[0].row.number == 3, "no number is given twice"


def test_a_version_that_has_begun_or_that_another_goes_out_from_is_not_called_off(
    olu: Viewer, maya: Viewer, clock: SetClock
) -> None:
    first = proposed(olu, at=LATER)
    approve(maya, first)
    second = drafts.begin(olu, "Later still")
    drafts.put(olu, second, "letters/answer.md", small.LETTER.replace("Dear", "Hello").encode())
    approve(maya, proposed(olu, second, at=LATER + timedelta(days=1)))
    with pytest.raises(NotOffered, match="Version 3 goes out from it"):
        publishing.call_off(maya, first, "No")
    publishing.call_off(maya, second, "No")
    clock.move_to(LATER)
    with pytest.raises(NotOffered, match="does not wait any more"):
        publishing.call_off(maya, first, "No")
    assert versions.version(olu)[0].row.number == 2


def test_a_draft_begun_on_what_was_called_off_goes_out_from_the_version_before(
    olu: Viewer, maya: Viewer
) -> None:
    first = proposed(olu, at=LATER)
    approve(maya, first)
    mine = drafts.begin(olu, "On top of it")
    drafts.put(olu, mine, "landlord.toml", small.LANDLORD.replace("1 Small", "2 Small").encode())
    publishing.call_off(maya, first, "No")
    merging.bring_up_to_date(olu, mine, {})
    found = drafts.get(olu, mine)
    assert (found.base.number, found.changed) == (1, {"landlord.toml": "changed"})


def test_it_is_sent_back_with_a_reason_and_proposed_again(olu: Viewer, maya: Viewer) -> None:
    draft = proposed(olu)
    with pytest.raises(BadInput):
        publishing.send_back(maya, draft, " ")
    publishing.send_back(maya, draft, "Too friendly.")
    row = drafts.get(olu, draft).row
    assert (row.status, row.decision, row.decided_by) == ("open", "Too friendly.", maya.user_id)
    drafts.put(olu, draft, "letters/answer.md", small.LETTER.replace("Dear", "Hello").encode())
    approve(maya, proposed(olu, draft))


def test_what_was_taken_back_is_not_published(olu: Viewer, maya: Viewer) -> None:
    draft = proposed(olu)
    seen = drafts.get(maya, draft).row.revision
    publishing.take_back(olu, draft)
    with pytest.raises(NotOffered):
        publishing.approve(maya, draft, seen)
    drafts.put(olu, draft, "letters/answer.md", small.LETTER.replace("Dear", "Hello").encode())
    proposed(olu, draft)
    with pytest.raises(ChangedMeanwhile):
        publishing.approve(maya, draft, seen)
    assert len(deployments.history(SMALL)) == 1


def test_the_only_person_publishes_alone_a_day_later_and_it_is_flagged(
    olu: Viewer, clock: SetClock
) -> None:
    draft = proposed(olu)
    assert "alone from 25 November 2026, 9:00am" in against(olu, draft)
    clock.move_to(WHEN + timedelta(hours=24) - timedelta(seconds=1))
    with pytest.raises(NotOffered):
        approve(olu, draft)
    clock.move_to(WHEN + timedelta(hours=24))
    approve(olu, draft)
    version = deployments.history(SMALL)[0]
    assert version.approved_by is None and records.flag(version) == records.ALONE
    told = {line.action: line.flagged for line in records.history(olu)}
    assert told == {"published_alone": True, "proposed": False, "from_disk": True}


def test_with_a_colleague_nobody_publishes_alone(
    olu: Viewer, maya: Viewer, clock: SetClock
) -> None:
    draft = proposed(olu)
    clock.move_to(WHEN + timedelta(days=9))
    assert against(olu, draft) == "You proposed it: a second person approves."
    sam = make_user(SMALL, "sam", "administrator")
    assert maya.user_id
    accounts.change_user(sam, maya.user_id, active=False)
    assert against(olu, draft) == ""


def test_a_draft_is_brought_up_to_date_file_by_file(olu: Viewer, maya: Viewer) -> None:
    mine = changed(olu, "Mine")
    drafts.put(olu, mine, "landlord.toml", small.LANDLORD.replace("1 Small", "2 Small").encode())
    theirs = drafts.begin(olu, "Theirs")
    drafts.put(olu, theirs, "letters/answer.md", small.LETTER.replace("Dear", "Hello").encode())
    drafts.put(olu, theirs, "stories/second.toml", story(title="A second"))
    approve(maya, proposed(olu, theirs))
    proposed(olu, mine)
    assert "Version 2 was published since" in against(maya, mine)
    publishing.take_back(olu, mine)
    since = merging.meanwhile(drafts.get(olu, mine))
    assert since is not None
    assert (since.taken_over, since.both) == (["stories/second.toml"], ["letters/answer.md"])
    with pytest.raises(BadInput, match=r"letters/answer\.md"):
        merging.bring_up_to_date(olu, mine, {})
    merging.bring_up_to_date(olu, mine, {"letters/answer.md": "mine"})
    found = drafts.get(olu, mine)
    assert found.base.number == 2 and "stories/second.toml" in found.files
    assert found.changed == {"landlord.toml": "changed", "letters/answer.md": "changed"}
    assert b"Good morning" in found.files["letters/answer.md"]
    approve(maya, proposed(olu, mine))


def test_theirs_is_taken_where_that_was_decided(olu: Viewer, maya: Viewer) -> None:
    mine = changed(olu, "Mine")
    theirs = drafts.begin(olu, "Theirs")
    drafts.put(olu, theirs, "letters/answer.md", small.LETTER.replace("Dear", "Hello").encode())
    approve(maya, proposed(olu, theirs))
    merging.bring_up_to_date(olu, mine, {"letters/answer.md": "theirs"})
    assert drafts.get(olu, mine).changed == {}
    with pytest.raises(NotOffered):
        merging.bring_up_to_date(olu, mine, {})


def test_an_earlier_version_comes_back_as_a_draft(olu: Viewer, maya: Viewer) -> None:
    first = deployments.live(SMALL).files
    approve(maya, proposed(olu))
    again = drafts.begin(olu, "As it was", 1)
    assert drafts.get(olu, again).changed == {"letters/answer.md": "changed"}
    approve(maya, proposed(olu, again))
    assert deployments.history(SMALL)[0].number == 3
    assert deployments.live(SMALL).files == first


def test_every_step_is_in_the_history(olu: Viewer, maya: Viewer, clock: SetClock) -> None:
    draft = changed(olu)
    for act in (
        lambda: proposed(olu, draft),
        lambda: publishing.send_back(maya, draft, "Too friendly."),
        lambda: proposed(olu, draft),
        lambda: publishing.take_back(olu, draft),
        lambda: proposed(olu, draft),
        lambda: approve(maya, draft),
    ):
        clock.move_to(clock() + timedelta(minutes=1))
        act()
    ruth = make_user(SMALL, "ruth", "auditor")
    told = [(line.action, line.who, line.version) for line in records.history(ruth)]
    assert told == [
        ("approved", "Maya", 2),
        ("proposed", "Olu", None),
        ("taken_back", "Olu", None),
        ("proposed", "Olu", None),
        ("sent_back", "Maya", None),
        ("proposed", "Olu", None),
        ("from_disk", "", 1),
    ]
