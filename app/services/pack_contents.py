"""What a hearing pack says: of the case itself, and nothing that a panel need not or may not see.

Left out are the notes of staff, what only serves to reach people, answers on equality and worries
about safety, conflicts, linked cases, and what the panel itself thinks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app import clock
from app.db import db
from app.letters import FilledLetter, to_plain
from app.models import Blob, Case, Letter, Note, Outgoing, User
from app.packs import Bench, Block, Chapter, Heading, Pages, Paragraph, Rows, Table
from app.services import (
    cases,
    deadlines,
    history,
    letters,
    paper,
    points,
    representatives,
    rows,
    safe_contact,
    tasks,
)
from app.services.code_clocks import of_code
from app.services.deployments import Deployed
from app.services.letters import full_date
from app.services.pack_subject import Subject
from forms import FormDefinition, readable_answers, said_answer
from timers.calendar import london_date

NOT_SHOWN = re.compile(  # keys of answers
    r"equality_|satisfied_|triage_safeguarding$|contact_"
    r"|(resident|representative)_(email|phone|address|postcode)$"
)
TOLD = frozenset(  # lines of history that a panel needs
    {"started", "submitted", "received", "due", "moved", "letter_sent", "point_added"}
    | {"information_added", "document_added", "closed", "reopened", "resident_added"}
    | {"representative_named", "permission", "promise_made", "promise_kept", "promise_moved"}
)
MOST_LINES = 1000  # of history
MOST_TYPED = 600_000  # characters of forms and of what was added: some 250 pages
TOO_LONG = "There is no room for this in the pack. It can be read on the page of the case."
CONFIDENTIAL = "Confidential. For the panel and whoever prepares the hearing. Pass it to nobody."
WAYS = {"email": "by e-mail", "post": "by post", "portal": "on their own page"}
NOT_ANSWERED = "Not answered"
NOT_IN_IT = (
    "Notes and calls that staff logged, what they told each other, and lines of an older record.",
    "Who may not work on the case, and why.",
    "Answers about equality and satisfaction, worries about somebody’s safety, and old addresses "
    "and numbers.",
    "What the panel was told or thought once it had been chosen, but for what the resident said.",
    "Linked cases, and points that became a case of their own.",
)


def cover(subject: Subject) -> list[tuple[str, str]]:
    """Who complains, who hears it, when, by which limits, and what they need."""
    case, today = subject.case, clock.today()
    speaks = [
        f"{party.person.name}{f', {party.relation}' if party.relation else ''}, for "
        f"{case.resident.name}. {representatives.in_words(party, today)} "
        f"{representatives.may_be_told(party, today, case.resident.name)}".strip()
        for party in case.representatives
    ]
    seats = [f"{seat}: {name}" for seat, name in subject.panel]
    pairs = [
        ("Who complains", "\n".join(person.name for person in case.residents)),
        ("Who speaks for them", "\n".join(speaks)),
        ("Received", full_date(case.received_on)),
        ("Stage", case.stage_name),
        ("The panel", "\n".join(seats) or "Not chosen yet"),
        *_dates(subject),
        *_arranged(subject),
        *_limits(subject),
        *_needs(case),
    ]
    return [(label, text) for label, text in pairs if text]


def _dates(subject: Subject) -> Iterator[tuple[str, str]]:
    """The dates that the forms of the panel's diagrams ask for, as far as they are known."""
    specs, facts = subject.deployed.facts, subject.instance.facts
    elements = subject.deployed.procedure.elements.values()
    asked = (
        field.key
        for element in elements
        if element.process in subject.seats.processes
        for field in _fields(subject.deployed, element.form)
    )
    for key in dict.fromkeys(asked):
        if key in specs and specs[key].type == "date" and facts.get(key):
            yield specs[key].label, full_date(date.fromisoformat(str(facts[key])))


def _fields(deployed: Deployed, form: str | None) -> Sequence[Any]:
    found = deployed.forms.get(form or "")
    return found.fields if found else ()


def _arranged(subject: Subject) -> Iterator[tuple[str, str]]:
    """What the invitation says of the hearing, where it was written as the panel was chosen."""
    for answer in subject.chosen[-1:]:
        for field in _fields(subject.deployed, answer.form):
            if field.properties.get("letter_part") and answer.values.get(field.key):
                yield field.label, said_answer(field, answer.values[field.key])


def _limits(subject: Subject) -> Iterator[tuple[str, str]]:
    """The duties that hang over the panel's work, with the policy's paragraph."""
    deployed, seats = subject.deployed, subject.seats
    over = [deadlines.over_task(deployed, task) for task in (*seats.choosing, *seats.own)]
    for row, state in cases.deadlines_of(subject.case, deployed):
        if row.kind != "duty" or not any(row.element in clocks for clocks in over):
            continue
        due = f"By {full_date(row.due_on)}" if row.due_on else state.words
        met = f"; met on {full_date(row.met_on)}" if row.met_on else ""
        cited = row.policy if of_code(row) or not row.policy else f"policy {row.policy}"
        why = f"{row.why[:1].upper()}{row.why[1:]}." if row.why else ""
        yield (
            f"Limit: {row.name}",
            "\n".join(filter(None, (f"{due}{met}{f' ({cited})' if cited else ''}.", why))),
        )


def _needs(case: Case) -> Iterator[tuple[str, str]]:
    everybody = [*case.residents, *(p.person for p in case.representatives)]
    for person in everybody:
        yield f"What {person.name} needs", "\n".join(safe_contact.at_a_hearing(person))


def complaint(subject: Subject) -> Chapter:
    """The resident's own words, then each point with what letters have answered to it."""
    case = subject.case
    blocks: list[Block] = [
        Rows(
            _said(
                ("What they told us", case.story),
                ("Since when", case.since_when),
                ("What would put it right", case.desired_outcome),
            )
        )
    ]
    for point in points.of_case(db.session(), case):
        blocks.append(Heading(f"Point {point.n}: {point.text}"))
        if point.moved_to:
            blocks.append(Paragraph("This point became a case of its own. It is not heard here."))
        elif point.ours == "no":
            helps = f" Who can help: {point.whose}." if point.whose else ""
            blocks.append(Paragraph(f"This is not ours to answer.{helps}"))
        else:
            answered = list(_answered(subject, point.n))
            blocks.append(Rows(answered) if answered else Paragraph("Not answered yet."))
    return Chapter("What is complained about, and what was answered", blocks)


def _said(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return [(label, text) for label, text in pairs if text] or [(pairs[0][0], NOT_ANSWERED)]


def _answered(subject: Subject, n: int) -> Iterator[tuple[str, str]]:
    """What each letter that was sent says to a point."""
    for _, letter, outgoing, _ in _sent(subject):
        for said in letter.typed.get("points", ()):
            if said["title"].startswith(f"{n}. ") and (said["text"] or said["decision"]):
                on = full_date(letters.sent_on(outgoing))
                yield f"{letter.title}\n{on}", f"{said['decision']}\n{said['text']}".strip()


Sent = tuple[date, Letter, Outgoing, list[str]]


def _sent(subject: Subject) -> list[Sent]:
    """Each letter once, in the order of sending, with who else got the same one."""
    together: dict[Any, list[tuple[date, Letter, Outgoing]]] = {}
    for letter, outgoing in subject.letters:
        if outgoing is not None and (on := letters.sent_on(outgoing)):
            at = (letter.template, letter.to, outgoing.queued_at)
            together.setdefault(at, []).append((on, letter, outgoing))
    found = []
    for copies in together.values():
        copies.sort(key=lambda copy: copy[1].person_id != subject.case.resident.id)
        others = [f"{_to(subject, letter)}, {full_date(on)}" for on, letter, _ in copies[1:]]
        found.append((*copies[0], others))
    return sorted(found, key=lambda one: (one[0], one[2].queued_at))


def _to(subject: Subject, letter: Letter) -> str:
    return letters.recipient_of(db.session(), subject.case, letter).name


def sent_letters(subject: Subject, bench: Bench) -> Chapter:
    """Each letter, as it was sent; of those that several got, the contact's."""
    blocks: list[Block] = []
    for on, letter, outgoing, others in _sent(subject):
        bound = bench.letter(paper.pdf_of(subject.case, letter))
        way = WAYS.get(outgoing.channel, "")
        note = f"Sent to {_to(subject, letter)} {way} on {full_date(on)}."
        if others:
            note += f" The same letter went to {'; '.join(others)}."
        words = to_plain(FilledLetter.from_json(letter.blocks))
        blocks.append(Pages(letter.title, note, bound.file, bound.pages, words))
    waiting = [
        f"“{letter.title}” to {_to(subject, letter)}"
        for letter, outgoing in subject.letters
        if letter.status in {"queued", "blocked"} and not letters.sent_on(outgoing)
    ]
    if waiting:
        blocks.insert(0, Paragraph(f"Not sent when this pack was made: {'; '.join(waiting)}."))
    return Chapter("Letters, as they were sent", blocks or [Paragraph("No letter was sent yet.")])


def forms_answered(subject: Subject) -> tuple[Chapter, int]:
    """Each form that a panel reads, and what the resident added; how many had no room."""
    typed, left_out = 0, 0
    blocks: list[Block] = []
    for title, note, pairs in _forms(subject):
        typed += sum(len(label) + len(text) for label, text in pairs)
        fits = typed <= MOST_TYPED
        left_out += not fits
        blocks += [Heading(title, note), Rows(pairs) if fits else Paragraph(TOO_LONG)]
    return Chapter("Forms that were filled in", blocks), left_out


def _forms(subject: Subject) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Title, who and when, and the questions with their answers, oldest first."""
    known = rows.ever_asked(db.session(), subject.case)
    colleagues = select(User.id, User.name).where(User.landlord_id == subject.case.landlord_id)
    everybody = [(id, name) for id, name in db.session.execute(colleagues)]
    people = dict.fromkeys([*subject.deployed.landlord.teams, "*"], everybody)
    found = []
    for answer in filter(subject.is_told, subject.answers):
        form = subject.deployed.forms[answer.form]
        said = readable_answers(form, _shown(form, answer.values), rows=known, people=people)
        pairs = [(label, text) for label, text in said if text != NOT_ANSWERED]
        if pairs:
            name = subject.deployed.elements[answer.element].name
            who = tasks.name_of(answer.by) or "The resident"
            found.append((answer.at, name or form.title, f"{who}, {moment(answer.at)}", pairs))
    for note in cases.notes_of(subject.case):
        if note.kind == "resident" and note.by is None:
            found.append((note.at, *_added(note)))
    return [(title, who, pairs) for _, title, who, pairs in sorted(found, key=lambda one: one[0])]


def _shown(form: FormDefinition, values: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {field.key for field in form.fields if field.keeps_out}
    return {k: v for k, v in values.items() if k not in hidden and not NOT_SHOWN.match(k)}


def _added(note: Note) -> tuple[str, str, list[tuple[str, str]]]:
    words = "What the resident added"
    return words, f"The resident, {moment(note.at)}", [(words, note.text)]


def moment(at: datetime) -> str:
    """Friday 27 November 2026, 2:05pm."""
    local = at.astimezone(clock.LONDON)
    return f"{full_date(local.date())}, {clock.time_words(local)}"


def timeline(subject: Subject) -> Chapter:
    """What happened, oldest first, without what staff did among themselves."""
    lines = [
        line
        for line in history.lines_of(subject.case, subject.instance, subject.deployed)
        if line.action in TOLD and not _is_private(subject, line)
    ][:MOST_LINES]
    return Chapter("What happened", [Rows([_happened(line) for line in reversed(lines)])])


def _is_private(subject: Subject, line: history.Line) -> bool:
    """Who of the panel has given a view, and what only starts work of staff."""
    element = subject.deployed.elements.get(line.element)
    reminds = element is not None and element.properties.get("kind") == "reminder"
    return reminds or line.element in subject.seats.own


def _happened(line: history.Line) -> tuple[str, str]:
    """How a letter went is told with the letter."""
    text = "" if line.action == "letter_sent" else line.text
    return full_date(london_date(line.at)), f"{line.title}\n{text}".strip()


def files(subject: Subject) -> list[Blob]:
    """The files of the case, oldest first, but for those of a form that a panel does not read."""
    hidden = {
        str(id)
        for answer in subject.answers
        if not subject.is_told(answer)
        for field in _fields(subject.deployed, answer.form)
        if field.kind == "files"
        for id in answer.values.get(field.key) or ()
    }
    return [blob for blob in cases.documents_of(subject.case)[::-1] if blob.id not in hidden]


def evidence(bound: list[Pages]) -> Chapter:
    """The files that are bound in."""
    return Chapter("Evidence", [*bound] or [Paragraph("No file is bound in.")])


def notice(separate: int, too_long: int) -> list[str]:
    """What stands in the box on the cover."""
    said = [CONFIDENTIAL]
    if separate:
        several = "1 file is" if separate == 1 else f"{separate} files are"
        said.append(f"{several} not bound in. The last chapter says which, and why.")
    if too_long:
        several = "1 form has" if too_long == 1 else f"{too_long} forms have"
        said.append(f"{several} no room in this pack. They can be read in Putright.")
    return [*said, "At the hearing, find a page by the number at its foot."]


def last_chapter(separate: list[list[str]]) -> Chapter:
    """What is not bound in, and why."""
    blocks: list[Block] = []
    if separate:
        blocks += [
            Heading("Files that are kept separately"),
            Paragraph("They belong to the case, and the panel gets them on their own."),
            Table(["File", "Size", "Why it is separate", "SHA-256"], separate),
        ]
    blocks.append(Heading("What never is in a pack"))
    blocks += [Paragraph(words) for words in NOT_IN_IT]
    return Chapter("What is not in this pack", blocks)
