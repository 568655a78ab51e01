"""Where a case is in its diagrams, and the numbers of the way it took."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.datastructures import MultiDict

from app.errors import NotFound
from app.models import Case
from app.services import actions, picture
from app.services.access import instance_of
from app.services.deployments import pinned
from app.services.picture import Picture
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded
from tests.web.filling import finish, until_letter

Make = Callable[..., Viewer]


def drawn(case: Case) -> list[Picture]:
    instance = instance_of(case)
    return picture.pictures(case, instance, pinned(case.landlord_id, instance.deployment_id))


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


def test_the_whole_comes_first_then_what_is_open_inside_it(landlord: str) -> None:
    case = recorded(landlord)
    found = drawn(case)
    deployed = pinned(landlord, instance_of(case).deployment_id)
    task = deployed.procedure.elements[open_task(case).element]
    assert found[0].process == deployed.procedure.main
    assert found[-1].process == task.process
    assert task.id in {place.element for place in found[-1].now}
    calls = [e for e in deployed.procedure.elements.values() if e.calls]
    for n, inner in enumerate(found[1:], 1):
        outer = {call.process for call in calls if call.calls == inner.process}
        assert outer & {deployed.procedure.root, *(p.process for p in found[:n])}


def test_an_open_task_is_now_and_a_finished_one_has_a_number(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord)
    task = open_task(case)
    assert drawn(case)[-1].done.get(task.element) is None
    finish(officer, task)
    instance = instance_of(case)
    deployed = pinned(landlord, instance.deployment_id)
    process = deployed.procedure.elements[task.element].process
    found = picture.picture_of(case, instance, deployed, process)
    assert found.done[task.element] == [len(found.steps)]
    assert (found.steps[-1].name, found.steps[-1].who) == (task.name, "Grace")


def test_numbers_count_on_and_each_belongs_to_one_step(landlord: str, officer: Viewer) -> None:
    case = recorded(landlord)
    finish(officer, until_letter(officer, case))
    instance = instance_of(case)
    deployed = pinned(landlord, instance.deployment_id)
    for process, _ in picture.entered(case, instance, deployed):
        found = picture.picture_of(case, instance, deployed, process)
        numbers = sorted(n for places in found.done.values() for n in places)
        assert numbers == [step.number for step in found.steps] == list(range(1, len(numbers) + 1))


def test_a_stage_that_an_event_ended_was_entered_and_says_so(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord)
    instance = instance_of(case)
    deployed = pinned(landlord, instance.deployment_id)
    elements = deployed.procedure.elements
    ending = next(
        offer
        for offer in actions.offered(case, "staff")
        if (event := elements[offer.element]).interrupting
        and elements[event.attached_to or ""].kind == "callActivity"
    )
    _, form = actions.open_action(officer, case, ending.name, MultiDict())
    assert form.check(), form.errors
    actions.act(officer, case, ending.name, form)
    stage = elements[elements[ending.element].attached_to or ""]
    found = picture.picture_of(case, instance_of(case), deployed, stage.process)
    assert found.done[stage.id] and stage.id not in {place.element for place in found.now}
    assert [step.name for step in found.steps if step.ended_early] == [stage.name]


def test_arrows_lead_only_between_what_was_passed(landlord: str, officer: Viewer) -> None:
    case = recorded(landlord)
    finish(officer, open_task(case))
    elements = pinned(landlord, instance_of(case).deployment_id).procedure.elements
    flows = {flow.id: flow for e in elements.values() for flow in e.outgoing}
    for found in drawn(case):
        reached = set(found.done) | {place.element for place in found.now}
        frames = {elements[e].parent for e in reached}
        for flow in found.flows:
            assert flows[flow].source in reached | frames
            assert flows[flow].target in reached | frames


def test_a_process_that_is_not_the_cases_own_is_not_found(landlord: str) -> None:
    case = recorded(landlord)
    instance = instance_of(case)
    deployed = pinned(landlord, instance.deployment_id)
    with pytest.raises(NotFound):
        picture.picture_of(case, instance, deployed, "somebody_elses")
    with pytest.raises(NotFound):
        picture.file_of(deployed, "facts.toml")
