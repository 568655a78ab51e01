"""Rules about names: what a diagram names must exist and be of the right kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from app.engine.checks.draft import Draft, at
from app.engine.diagram import Element
from app.engine.facts import NAME
from app.engine.problems import Problem

EVERYWHERE = frozenset({"policy"})
PROPERTIES = {
    "startEvent": {"public_form", "sets"},
    "endEvent": {"outcome", "continues_as", "counted_from"},
    "userTask": {
        "writes",
        "approves",
        "sets",
        "pauses",
        "resumes",
        "not_the_handler_of",
        "senior_to",
        "assigned_in",
    },
    "sendTask": {
        "letter",
        "alert",
        "says",
        "sets",
        "pauses",
        "resumes",
        "closes",
        "arranges",
        "approved_in",
    },
    "businessRuleTask": set(),
    "callActivity": {"stage", "keeps_open"},
    "subProcess": set(),
    "timer": {"kind", "met_by", "prints", "repeat", "closes", "label"},
    "message": {"form", "offered_to", "offered_when", "sets", "pauses", "resumes", "label"},
}
VALUES = {
    "kind": {"duty", "window", "reminder"},
    "repeat": {"working_day"},
    "keeps_open": {"no"},
    "arranges": {"begins", "ends"},
}
FIELDS = {  # what the modeller calls them
    "approves": "Approves the payment of",
    "assigned_in": "Chosen in",
    "closes": "Closes the case as",
    "keeps_open": "Keeps the case open",
    "kind": "What it is",
    "met_by": "Met by the date",
    "not_the_handler_of": "Not for whoever did",
    "offered_to": "Offered to",
    "outcome": "Counted as",
    "pauses": "A pause begins in",
    "prints": "The date that letters print",
    "repeat": "Comes again",
    "resumes": "A pause ends in",
    "senior_to": "More senior than whoever did",
    "sets": "Dates that become today",
    "writes": "Writes the letter",
}
ARRANGED = ("arrangement_from_on", "arrangement_review_on", "arrangement_ends_on")
ARRANGED_WORDS = "arrangement_says"  # the form field with the words of a contact arrangement
CODES = frozenset({"closes", "outcome"})  # under which a case is reported
AUDIENCE = {"staff", "resident"}


def forms_exist(draft: Draft) -> Iterator[Problem]:
    """Every user task and every message is a form to fill in; so is the beginning."""
    for element in draft.of_kind("userTask", "message", "startEvent"):
        starts = element.kind == "startEvent"
        if starts and (element.process != draft.root or element.parent):
            continue
        if not element.form:
            how = "camunda:formKey" if element.kind != "message" else "the property form"
            yield at(element, f"has no form; choose one ({how})")
        for form in filter(None, (element.form, element.properties.get("public_form"))):
            if form not in draft.known.forms:
                yield at(element, f"there is no form {form!r}; make it, or name another")


def messages_are_dated(draft: Draft) -> Iterator[Problem]:
    """Clocks count from the day something came, so every message's form asks for it."""
    for event in draft.of_kind("message"):
        keys = draft.known.form_keys.get(event.form or "")
        if keys is not None and "received_on" not in keys:
            yield at(
                event,
                f"the form {event.form!r} does not ask for received_on; add that date",
            )


def messages_are_named(draft: Draft) -> Iterator[Problem]:
    """An event waits for a message by its name."""
    for event in draft.of_kind("message"):
        if not event.message:
            yield at(event, "has no name of a message; give it one of its own (messageRef)")


def letters_exist(draft: Draft) -> Iterator[Problem]:
    """A letter is written and approved in user tasks and sent by a send task."""
    for element in draft.of_kind("userTask", "sendTask"):
        for name in ("writes", "approves", "letter"):
            letter = element.properties.get(name)
            if letter and letter not in draft.known.letters:
                yield at(element, f"there is no letter {letter!r}; write it, or name another")


def promises_are_written(draft: Draft) -> Iterator[Problem]:
    """What a form promises counts when its letter goes, so its task writes one."""
    for element in draft.of_kind("userTask", "message", "startEvent"):
        for form in filter(None, (element.form, element.properties.get("public_form"))):
            if form in draft.known.promise_forms and not element.properties.get("writes"):
                yield at(
                    element,
                    f"the form {form!r} promises something, but no letter says it; choose it",
                )


def send_tasks_send(draft: Draft) -> Iterator[Problem]:
    """A send task sends one letter, or tells one team."""
    for task in draft.of_kind("sendTask"):
        letter, team = task.properties.get("letter"), task.properties.get("alert")
        if bool(letter) == bool(team):
            yield at(
                task,
                "sends either a letter or an alert to a team; choose one of them (letter, alert)",
            )
        if team and team not in {*draft.known.teams, *_team_names(draft)}:
            yield at(task, f"there is no team {team!r} in landlord.toml; add it, or name another")
        if "says" in task.properties and not team:
            yield at(task, "says something, but tells no team; choose the team (alert)")


def lanes_are_teams(draft: Draft) -> Iterator[Problem]:
    """The lane says who does a task."""
    names = _team_names(draft)
    for task in draft.of_kind("userTask"):
        if not task.lane:
            yield at(task, "stands in no lane, so no team would see it; move it into a lane")
        elif task.lane not in names:
            yield at(task, f"the lane {task.lane!r} is no team's name in landlord.toml; rename it")


def _team_names(draft: Draft) -> set[str]:
    return {*draft.known.teams.values(), *draft.known.also}


def decisions_exist(draft: Draft) -> Iterator[Problem]:
    """A rule task asks a decision table."""
    for task in draft.of_kind("businessRuleTask"):
        if not task.decision:
            yield at(task, "asks no decision table; choose one (camunda:decisionRef)")
        elif task.decision not in draft.tables:
            yield at(task, f"there is no decision table {task.decision!r}; add it, or name another")


def calls_exist(draft: Draft) -> Iterator[Problem]:
    """A call activity runs another process of the same procedure."""
    if draft.root not in draft.processes:
        yield Problem(
            f"{draft.root}.bpmn",
            None,
            f"there is no process {draft.root!r} to start in; give one that id",
        )
    for call in draft.of_kind("callActivity"):
        if not call.calls:
            yield at(call, "opens no diagram; choose one (calledElement)")
        elif call.calls not in draft.processes:
            yield at(call, f"there is no process {call.calls!r} to call; draw it, or name another")


def everything_is_called(drafts: Sequence[Draft]) -> Iterator[Problem]:
    """A diagram in which no case begins, and that nothing calls, never runs."""
    reached = {element.process for draft in drafts for element in draft.elements.values()}
    for process, file in drafts[0].processes.items():
        if process not in reached:
            yield Problem(file, process, "nothing calls this process", "warning")


def people_see_names(draft: Draft) -> Iterator[Problem]:
    """The names of tasks, messages, limits and stages are what people see."""
    for element in draft.of_kind("userTask", "message", "timer", "callActivity"):
        if not (element.name or element.properties.get("label")):
            yield at(element, "has no name, and its name is what people see; give it one")


def properties_are_known(draft: Draft) -> Iterator[Problem]:
    """A property with a slip in its name would silently do nothing."""
    for element in draft.elements.values():
        allowed = EVERYWHERE | PROPERTIES.get(element.kind, set())
        for name, value in element.properties.items():
            if name not in allowed:
                yield at(element, f"has an unknown property {name!r}; known: {_some(allowed)}")
            elif not value:
                yield at(element, f"{_field(name)} is empty; fill it in, or take it away")
            elif name in VALUES and value not in VALUES[name]:
                yield at(element, f"{_field(name)} is {_some(VALUES[name])}, not {value!r}")
            elif name in CODES and not NAME.fullmatch(value):
                yield at(element, f"{_field(name)} is a code in small letters, such as lapsed")


def offers_are_to_people(draft: Draft) -> Iterator[Problem]:
    """A message is offered to staff, to the resident or to both."""
    for event in draft.of_kind("message"):
        offered = event.properties.get("offered_to", "staff").split(",")
        if unknown := {who.strip() for who in offered} - AUDIENCE:
            yield at(event, f"is offered to {_some(AUDIENCE)}, not to {_some(unknown)}")


def the_public_sees_no_colleagues(draft: Draft) -> Iterator[Problem]:
    """A form that lists colleagues by name is for staff only."""
    for element in draft.of_kind("message", "startEvent"):
        public = element.properties.get("public_form")
        if element.kind == "message" and "resident" in element.properties.get("offered_to", ""):
            public = element.form
        if public in draft.known.names_colleagues:
            yield at(
                element,
                f"the form {public!r} lists colleagues by name; residents see it; name another",
            )


def repeats_are_alerts(draft: Draft) -> Iterator[Problem]:
    """Only an alert beside an activity can come again."""
    for timer in draft.of_kind("timer"):
        if "repeat" in timer.properties and (not timer.attached_to or timer.interrupting):
            yield at(timer, "only a timer beside an activity, that does not end it, can repeat")


def dates_are_facts(draft: Draft) -> Iterator[Problem]:
    """`sets` and `met_by` name facts that are dates."""
    for element in draft.elements.values():
        for name in ("sets", "met_by"):
            for fact in element.listed(name):
                spec = draft.facts.get(fact)
                if spec is None:
                    yield at(
                        element,
                        f"{_field(name)} names {fact!r}, which is not a declared fact; declare it",
                    )
                elif spec.type != "date":
                    yield at(
                        element,
                        f"{_field(name)} names {fact!r}, which is not a date; choose one that is",
                    )


def pauses_are_lists(draft: Draft) -> Iterator[Problem]:
    """`pauses` and `resumes` name a list fact of pairs of dates."""
    for element in draft.elements.values():
        for name in ("pauses", "resumes"):
            for fact in element.listed(name):
                spec = draft.facts.get(fact)
                if spec is None or spec.type != "list":
                    said = f"names {fact!r}, which is no declared list fact; choose one"
                    yield at(element, f"{_field(name)} {said}")


def colleagues_are_tasks(draft: Draft) -> Iterator[Problem]:
    """Who may do a task can depend on who did others: they must be user tasks."""
    yield from _tasks_named(draft, "not_the_handler_of", lambda task: None)
    yield from _tasks_named(draft, "senior_to", lambda task: None)

    def chooses_nobody(task: Element) -> str | None:
        form = task.form or ""
        chooses = form not in draft.known.form_keys or draft.known.person_keys.get(form)
        return (
            None
            if chooses
            else f"the form of {task.id!r} has no field that chooses a person; add one"
        )

    yield from _tasks_named(draft, "assigned_in", chooses_nobody)


def arrangements_are_decided(draft: Draft) -> Iterator[Problem]:
    """A contact arrangement has its dates, its words and somebody who has approved it."""
    for send in draft.of_kind("sendTask"):
        if "arranges" not in send.properties:
            if "approved_in" in send.properties:
                yield at(send, "approves a contact arrangement; say with arranges what it does")
            continue
        for fact in ARRANGED:
            spec = draft.facts.get(fact)
            if spec is None or spec.type != "date":
                yield at(send, f"arranges needs the date fact {fact!r} in facts.toml")
        if send.properties.get("arranges") == "begins":
            yield from _approved_and_worded(draft, send)


def _approved_and_worded(draft: Draft, send: Element) -> Iterator[Problem]:
    approval = draft.elements.get(send.properties.get("approved_in", ""))
    if approval is None or approval.kind != "userTask":
        yield at(send, "approved_in names the user task in which the arrangement is approved")
    forms = {e.form for e in draft.elements.values() if e.form}
    asked = [draft.known.form_keys.get(form) for form in forms]
    if not any(keys is None or ARRANGED_WORDS in keys for keys in asked):
        yield at(send, f"no form asks what is arranged: add a field {ARRANGED_WORDS!r}")


def _tasks_named(
    draft: Draft, name: str, refuse: Callable[[Element], str | None]
) -> Iterator[Problem]:
    for element in draft.of_kind("userTask"):
        for other in element.listed(name):
            task = draft.elements.get(other)
            if task is None or task.kind != "userTask":
                yield at(
                    element,
                    f"{_field(name)} names {other!r}, which is no task of a person; choose one",
                )
            elif reason := refuse(task):
                yield at(element, f"{_field(name)}: {reason}")


def _field(name: str) -> str:
    """A property as the modeller calls it, and as Camunda Modeler does."""
    return f"“{FIELDS[name]}” ({name})" if name in FIELDS else name


def _some(words: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(words)) or "none"
