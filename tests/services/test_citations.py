"""Which paragraph of the policy is carried by what, told by a landlord of one diagram."""

from __future__ import annotations

import json

import pytest

from app.engine import Problem
from app.paragraphs import whole_paragraphs
from app.services import checking
from app.services.contents import Contents
from app.services.coverage import Row, coverage
from app.services.deployments import Deployed

BPMN = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="x">
<bpmn:process id="complaint" isExecutable="true">
<bpmn:laneSet><bpmn:lane id="lane" name="Complaints team"><bpmn:flowNodeRef>begun</bpmn:flowNodeRef>
<bpmn:flowNodeRef>check</bpmn:flowNodeRef><bpmn:flowNodeRef>answer</bpmn:flowNodeRef>
<bpmn:flowNodeRef>due</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>
<bpmn:startEvent id="begun" camunda:formKey="record"><bpmn:extensionElements><camunda:properties>
<camunda:property name="sets" value="raised_on"/></camunda:properties></bpmn:extensionElements>
</bpmn:startEvent>
<bpmn:businessRuleTask id="check" name="Check the grounds" camunda:decisionRef="grounds"/>
<bpmn:userTask id="answer" name="Write the answer" camunda:formKey="answer">
<bpmn:extensionElements><camunda:properties><camunda:property name="writes" value="answer"/>
<camunda:property name="policy" value="STEP"/></camunda:properties></bpmn:extensionElements>
</bpmn:userTask>
<bpmn:boundaryEvent id="due" name="10 working days" attachedToRef="answer" cancelActivity="false">
<bpmn:extensionElements><camunda:properties><camunda:property name="policy" value="DEADLINE"/>
</camunda:properties></bpmn:extensionElements>
<bpmn:timerEventDefinition><bpmn:timeDate>working_days(10, raised_on)</bpmn:timeDate>
</bpmn:timerEventDefinition></bpmn:boundaryEvent>
<bpmn:sendTask id="send" name="Send the answer"><bpmn:extensionElements><camunda:properties>
<camunda:property name="letter" value="answer"/></camunda:properties></bpmn:extensionElements>
</bpmn:sendTask>
<bpmn:endEvent id="done"/><bpmn:endEvent id="late"/>
<bpmn:sequenceFlow id="a" sourceRef="begun" targetRef="check"/>
<bpmn:sequenceFlow id="b" sourceRef="check" targetRef="answer"/>
<bpmn:sequenceFlow id="c" sourceRef="answer" targetRef="send"/>
<bpmn:sequenceFlow id="d" sourceRef="send" targetRef="done"/>
<bpmn:sequenceFlow id="e" sourceRef="due" targetRef="late"/>
</bpmn:process></bpmn:definitions>"""
DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="d" namespace="x">
<decision id="grounds" name="Grounds"><decisionTable hitPolicy="FIRST">
<input><inputExpression><text>in_court</text></inputExpression></input><output name="refuse"/>
<rule id="court"><description>ROW A claim is filed</description>
<inputEntry><text>true</text></inputEntry><outputEntry><text>true</text></outputEntry></rule>
</decisionTable></decision></definitions>"""
LETTER = """+++
title = "Our answer"
requires = ["part_answer"]
policy = "LETTER"
+++
{{part_answer}}
"""
LANDLORD = """
name = "Oak Homes"
slug = "oak-homes"
reference_prefix = "OH"
nation = "ENG"
alert_team_hazard = "complaints"
[contact_person]
name = "Ann"
phone = "1"
[teams.complaints]
name = "Complaints team"
policy = "TEAM"
[ombudsman]
name = "Housing Ombudsman Service"
[[policies]]
name = "Compensation Policy"
about = "How much is paid."
policy = "NEIGHBOUR"
"""
FACTS = """
[raised_on]
type = "date"
[in_court]
type = "bool"
label = "A claim is filed at court"
policy = "FACT"
[refuse]
type = "bool"
"""
STORY = 'landlord = "oak-homes"\ntitle = "Ten days"\npolicy = "STORY"\nstep = []\n'


def field(key: str, **more: object) -> dict[str, object]:
    return {"type": "textarea", "id": key, "key": key, "label": key.capitalize(), **more}


def form(*components: dict[str, object]) -> str:
    whole = {"type": "default", "schemaVersion": 18, "title": "A form", "components": components}
    return json.dumps(whole)


TEXTS = {
    "landlord.toml": LANDLORD,
    "facts.toml": FACTS,
    "complaint.bpmn": BPMN,
    "grounds.dmn": DMN,
    "letters/answer.md": LETTER,
    "stories/ten_days.toml": STORY,
    "forms/record.form": form(field("story")),
    "forms/answer.form": form(
        field("answer", properties={"letter_part": "answer", "policy": "FIELD"}),
        {"type": "text", "id": "t", "text": "Say sorry once.", "properties": {"policy": "TEXT"}},
        {
            "type": "group",
            "id": "g",
            "label": "Learning",
            "components": [field("learning")],
            "properties": {"policy": "GROUP"},
        },
    ),
}
ALL = {  # word in the files above: kind, file, element that cites it
    "STEP": ("step", "complaint.bpmn", "answer"),
    "DEADLINE": ("deadline", "complaint.bpmn", "due"),
    "ROW": ("decision row", "grounds.dmn", "court"),
    "FIELD": ("form question", "forms/answer.form", "Answer"),
    "TEXT": ("form question", "forms/answer.form", "Say sorry once."),
    "GROUP": ("form question", "forms/answer.form", "Learning"),
    "LETTER": ("letter", "letters/answer.md", ""),
    "TEAM": ("setting", "landlord.toml", "teams.complaints"),
    "NEIGHBOUR": ("setting", "landlord.toml", "policies.1"),
    "FACT": ("fact", "facts.toml", "in_court"),
}


def files(policy: str, **cites: str) -> dict[str, bytes]:
    """The landlord’s files, with these citations; whatever is not named cites 1."""
    filled = {}
    for path, text in TEXTS.items():
        for word in (*ALL, "STORY"):
            cited = cites.get(word, "1")
            text = text.replace(word, f"[{cited}]" if word == "ROW" else cited)
        filled[path] = text.encode()
    return filled | {"policy.toml": policy.encode()}


def policy(**paragraphs: str) -> str:
    """A policy.toml in which 1 is cited by everything; the others as policy(_2=…, _3a=…)."""
    told = {"_1": 'says = "Everything."'} | paragraphs
    tables = [f'["{number[1:]}"]\n{body}' for number, body in told.items()]
    return "\n".join(['title = "The policy"', *tables])


def problems(made: dict[str, bytes]) -> list[Problem]:
    return checking.check(made)


def rows(made: dict[str, bytes]) -> dict[str, Row]:
    return {row.number: row for row in coverage(Deployed("oak-homes", "", Contents(made)))}


SAYS = 'says = "Answer in ten days."'
REASON = SAYS + '\nnothing_because = "An aim."'


def test_a_landlord_whose_citations_and_paragraphs_fit_has_no_problem() -> None:
    assert problems(files(policy())) == []


@pytest.mark.parametrize("word", ALL)
def test_everything_that_can_cite_a_paragraph_carries_it(word: str) -> None:
    made = files(policy(_2=SAYS), **{word: "1, 2"})

    assert problems(made) == []
    (carrier,) = rows(made)["2"].carried_by
    assert (carrier.kind, carrier.file, carrier.element) == ALL[word]


@pytest.mark.parametrize("word", [*ALL, "STORY"])
def test_a_citation_of_no_paragraph_is_an_error_that_names_the_place(word: str) -> None:
    (found,) = problems(files(policy(), **{word: "1, 9.9"}))

    _, file, element = ALL.get(word, ("", "stories/ten_days.toml", ""))
    assert (found.severity, found.file, found.element or "") == ("error", file, element)
    assert "“9.9”" in found.message


def test_a_paragraph_that_nothing_carries_is_a_hole_and_a_warning() -> None:
    made = files(policy(_2=SAYS))

    (found,) = problems(made)
    assert (found.severity, found.file, found.element) == ("warning", "policy.toml", "2")
    assert rows(made)["2"].hole and not rows(made)["1"].hole


def test_a_reason_fills_a_hole() -> None:
    made = files(policy(_2=REASON))

    assert problems(made) == []
    assert rows(made)["2"].way == "nothing"


def test_a_reason_on_a_paragraph_that_is_carried_is_an_error() -> None:
    (found,) = problems(files(policy(_2=REASON), DEADLINE="2"))

    assert (found.severity, found.file, found.element) == ("error", "policy.toml", "2")
    assert "10 working days" in found.message and "complaint.bpmn due" in found.message


def test_a_story_proves_a_paragraph_but_does_not_carry_it() -> None:
    made = files(policy(_2=SAYS), STORY="2")

    row = rows(made)["2"]
    assert [story.name for story in row.proved_by] == ["Ten days"]
    assert row.hole


def test_who_cites_a_whole_paragraph_fills_none_of_its_parts() -> None:
    made = files(policy(_2=SAYS, _2a=SAYS, _2b=SAYS), STEP="2", LETTER="2b")

    found = rows(made)
    assert [number for number, row in found.items() if row.hole] == ["2a"]
    assert found["2"].way == "whole" and found["2"].parts == ("2a", "2b")
    assert [p.element for p in problems(made)] == ["2a"]


def test_a_paragraph_with_parts_has_no_reason_of_its_own() -> None:
    (found,) = problems(files(policy(_2=REASON, _2a=REASON)))

    assert (found.severity, found.element) == ("error", "2")


def test_steps_come_before_settings_and_a_paragraph_that_a_diagram_carries_is_drawn() -> None:
    made = files(policy(_2=SAYS, _3=SAYS), TEAM="2, 3", DEADLINE="2")

    found = rows(made)
    assert [carrier.kind for carrier in found["2"].carried_by] == ["deadline", "setting"]
    assert (found["2"].way, found["3"].way) == ("diagram", "other")


def test_questions_and_letters_are_shown_where_the_diagram_uses_them() -> None:
    carriers = {c.kind: (c.page, c.anchor) for c in rows(files(policy()))["1"].carried_by}

    assert carriers["form question"] == ("complaint", "answer")
    assert carriers["letter"] == ("complaint", "send")
    assert carriers["decision row"] == ("grounds", "")
    assert carriers["deadline"] == ("complaint", "due")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("title = 'The policy'", "paragraphs"),
        ("title =", "cannot be read"),
        (policy(_2='says = "a"\nreason = "b"'), "reason"),
        (policy(_2='nothing_because = "b"'), "says"),
        (policy() + '\n["2, 3"]\nsays = "a"', "cannot be a paragraph's number"),
        ('titel = "x"\n' + policy(), "titel"),
    ],
)
def test_a_policy_that_cannot_be_read_is_an_error(body: str, says: str) -> None:
    found = problems(files(body))

    assert {p.severity for p in found} == {"error"}
    assert {p.file for p in found} == {"policy.toml"}
    assert says in found[0].message


def test_a_landlord_without_the_list_is_told_so() -> None:
    made = files("")
    del made["policy.toml"]

    (found,) = problems(made)
    assert (found.severity, found.file) == ("warning", "policy.toml")
    assert coverage(Deployed("oak-homes", "", Contents(made))) == []


def test_a_story_that_cannot_be_read_is_named() -> None:
    (found,) = problems(files(policy()) | {"stories/broken.toml": b"title ="})

    assert "stories/broken.toml" in found.message


@pytest.mark.parametrize(
    ("cited", "read"),
    [("4.1b, 4.1c, 3.2i", "4.1, 3.2"), ("3.4", "3.4"), ("3.1.1A", "3.1.1A"), ("", "")],
)
def test_on_pages_about_cases_the_numbers_are_the_policys_own(cited: str, read: str) -> None:
    assert whole_paragraphs(cited) == read
