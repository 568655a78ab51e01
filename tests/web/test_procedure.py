"""The page on which a landlord tells everybody how it answers complaints."""

from __future__ import annotations

from flask.testing import FlaskClient

from app.services import deployments
from app.services.public_steps import public_stages
from tests import small
from tests.engine.drawing import call, diagram, end, first_of, flows, message, start, timer, user

WHOLE = (
    start(),
    call("first_call", "first", stage="stage_1"),
    timer("first_due", "working_days(10, answered_on)", on="first_call", label="Answer you"),
    timer("nudge", "working_days(8, answered_on)", on="first_call", kind="reminder"),
    end("late"),
    end("nudged"),
    first_of("wait"),
    message("asks", form="asks", offered_to="resident, staff"),
    timer("window", "working_days(20, answered_on)", label="Ask for the next stage"),
    call("second_call", "second", stage="stage_2"),
    end("over", outcome="over"),
    end("lapsed", outcome="lapsed"),
    flows(
        "begun > first_call > wait > asks > second_call > over",
        "wait > window > lapsed",
        "first_due > late",
        "nudge > nudged",
    ),
)


def stage(name: str) -> bytes:
    parts = start(f"{name}_begun", form=""), user(f"{name}_work", form="asks"), end(f"{name}_over")
    way = flows(f"{name}_begun > {name}_work > {name}_over")
    return diagram(*parts, way, process=name)


def deploy() -> None:
    files = small.files(*WHOLE) | {"first.bpmn": stage("first"), "second.bpmn": stage("second")}
    deployments.deploy(small.SMALL, files)


def test_stages_limits_and_the_residents_own_time_come_from_the_diagrams(
    client: FlaskClient,
) -> None:
    deploy()
    first, second = public_stages(deployments.live(small.SMALL))
    assert first.limits == ("Answer you: 10 working days after it is answered",)
    assert first.yours == ("Ask for the next stage: 20 working days after it is answered",)
    assert (second.limits, second.yours) == ((), ())


def test_the_page_says_how_to_complain_and_who_helps(client: FlaskClient) -> None:
    deploy()
    html = client.get(f"/{small.SMALL}").get_data(as_text=True)
    for words in (
        "How we answer complaints",
        "Ask for the next stage: 20 working days",
        f"/{small.SMALL}/complain",
        "tel:01614960900",
        "First Ombudsman",
        "Council Ombudsman",
        "Nothing is published yet",
    ):
        assert words in html, words
    assert "nudge" not in html


def test_a_landlord_that_is_not_here_has_no_page(client: FlaskClient) -> None:
    assert client.get("/no-such-homes").status_code == 404
