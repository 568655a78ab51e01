"""What an owner is told before a procedure is deployed: one rule, one function.

    problems = lint(files, facts, known)

Errors stop a deployment, warnings do not. The rules look at the files as they are drawn; when no
rule finds an error, a trial run (trial.py) walks the procedure and warns of what it met. That takes
seconds: whoever lints while somebody draws goes without, and finds the same errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from app.engine.checks import events, limits, references, shape, wording
from app.engine.checks.draft import Draft, Known
from app.engine.checks.references import everything_is_called
from app.engine.checks.trial import trial_run
from app.engine.decisions import read_tables
from app.engine.facts import FactSpec
from app.engine.problems import DiagramRefused, Problem
from app.engine.procedure import Procedure, read_files, roots_of
from app.engine.vocabulary import refusals
from app.engine.xml import XmlRefused

__all__ = ["RULES", "Known", "lint", "lint_table"]

Rule = Callable[[Draft], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    references.forms_exist,
    references.messages_are_dated,
    references.messages_are_named,
    references.letters_exist,
    references.promises_are_written,
    references.send_tasks_send,
    references.lanes_are_teams,
    references.decisions_exist,
    references.calls_exist,
    references.people_see_names,
    references.properties_are_known,
    references.offers_are_to_people,
    references.the_public_sees_no_colleagues,
    references.repeats_are_alerts,
    references.dates_are_facts,
    references.pauses_are_lists,
    references.colleagues_are_tasks,
    references.arrangements_are_decided,
    shape.each_scope_starts_once,
    shape.arrows_stay_inside,
    shape.gateways_join_ways,
    shape.gateways_split_ways,
    shape.choices_are_complete,
    shape.other_gateways_have_no_conditions,
    shape.gateways_do_one_thing,
    shape.everything_is_reached,
    shape.everything_leads_on,
    shape.loops_wait,
    shape.calls_do_not_circle,
    shape.diagrams_can_be_read,
    shape.joins_can_be_reached,
    shape.branches_do_not_end,
    shape.inclusive_blocks_are_closed,
    events.events_sit_on_activities,
    events.one_limit_ends_an_activity,
    events.one_message_one_place,
    events.messages_do_not_overlap,
    events.events_follow_event_gateways,
    events.side_ways_do_not_ask,
    events.parallel_ways_write_apart,
    events.letters_follow_a_wait,
    events.panels_are_lists_of_people,
    wording.conditions_are_questions,
    wording.timers_are_dates,
    wording.properties_are_expressions,
    wording.panels_come_from_lists,
    wording.tables_read_facts,
    wording.tables_write_facts,
    wording.unique_rows_do_not_overlap,
    limits.names_say_the_limit,
)


def lint(
    files: Mapping[str, bytes],
    facts: Mapping[str, FactSpec],
    known: Known,
    *,
    walks: bool = True,
) -> list[Problem]:
    """Return every problem of a landlord's .bpmn and .dmn files, errors first.

    walks: also what only a trial run meets; those are warnings.
    """
    try:
        diagrams, tables = read_files(files)
    except DiagramRefused as refused:
        return refused.problems
    roots = roots_of(diagrams)
    drafts = [Draft(tuple(diagrams), tables, facts, known, root) for root in roots]
    problems = {found for draft in drafts for rule in RULES for found in rule(draft)}
    problems |= {*refusals(diagrams), *everything_is_called(drafts)}
    if not any(problem.severity == "error" for problem in problems):
        try:
            for root in roots:
                procedure = Procedure.parse(files, facts, root)
                problems |= set(trial_run(procedure, known)) if walks else set()
        except DiagramRefused as refused:
            problems |= set(refused.problems)
    return sorted(problems, key=lambda p: (p.severity, p.file, p.element or "", p.message))


def lint_table(file: str, raw: bytes, facts: Mapping[str, FactSpec]) -> list[Problem]:
    """What is wrong with a .dmn file alone: its rows, its columns, and rows that match together."""
    try:
        tables = {table.id: table for table in read_tables(file, raw)}
    except DiagramRefused as refused:
        return refused.problems
    except XmlRefused as refused:
        return [Problem(file, None, str(refused))]
    alone = Draft((), tables, facts, Known(), "")
    rules = (
        wording.tables_read_facts,
        wording.tables_write_facts,
        wording.unique_rows_do_not_overlap,
    )
    return [found for rule in rules for found in rule(alone)]
