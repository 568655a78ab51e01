from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.letters import LetterRefused, LetterTemplate, parse_letter
from app.letters.nodes import Bullets, Conditional, Field, Heading, Paragraph, Text

FACTS = frozenset({"acknowledged_on", "stage_1_extension", "next_place"})
CHOICES = {"next_place": ("ombudsman", "none")}
FRONT = '+++\ntitle = "Our answer"\n+++\n'


def parse(body: str, front: str = FRONT, name: str = "stage_1_response") -> LetterTemplate:
    return parse_letter(front + body, name, FACTS, CHOICES)


def problems_of(body: str, front: str = FRONT, name: str = "stage_1_response") -> list[str]:
    with pytest.raises(LetterRefused) as refused:
        parse(body, front, name)
    return refused.value.problems


def test_front_matter_is_read() -> None:
    letter = parse(
        "{{part_findings}}",
        '+++\ntitle = "Our answer: Stage One"\nto = "resident"\nrequires = ["part_findings"]\n'
        'valid_from = 2022-10-01\npolicy = "4.1, 3.2"\n+++\n',
        "stage_1_response@2022-10-01",
    )
    assert letter.id == "stage_1_response"
    assert letter.title == "Our answer: Stage One"
    assert letter.to == "resident"
    assert letter.requires == ("part_findings",)
    assert letter.valid_from == date(2022, 10, 1)
    assert letter.policy == "4.1, 3.2"
    assert letter.fields == {"part_findings"}


def test_settings_have_defaults_and_the_name_may_give_the_date() -> None:
    assert parse("Text").to == "resident"
    assert parse("Text").valid_from is None
    assert parse("Text", name="refusal@2024-04-01").valid_from == date(2024, 4, 1)
    dated = '+++\ntitle = "T"\nvalid_from = "2024-04-01"\n+++\n'
    assert parse("Text", dated).valid_from == date(2024, 4, 1)


def test_markdown_of_letters_is_read_into_a_tree() -> None:
    letter = parse(
        "Dear {{resident_name}}\n\n## What **we** found\n\n- One\n- Two **{{today}}**\n\n"
        "3. Three\n4. Four\n\n### Small\n\nLast line\nand **another**\n"
    )
    assert letter.body == (
        Paragraph((Text("Dear "), Field("resident_name"))),
        Heading(2, (Text("What "), Text("we", True), Text(" found"))),
        Bullets(None, ((Text("One"),), (Text("Two "), Field("today", True)))),
        Bullets(3, ((Text("Three"),), (Text("Four"),))),
        Heading(3, (Text("Small"),)),
        Paragraph((Text("Last line"), Text("\n"), Text("and "), Text("another", True))),
    )


def test_condition_on_whole_paragraphs_stands_on_lines_of_its_own() -> None:
    letter = parse("{{#if part_points}}\n## Points\n{{part_points}}\n{{/if}}\nAfter")
    assert letter.body == (
        Conditional(
            "part_points", (Heading(2, (Text("Points"),)), Paragraph((Field("part_points"),)))
        ),
        Paragraph((Text("After"),)),
    )


def test_condition_within_a_paragraph_may_hold_bold_and_a_line_end() -> None:
    letter = parse("**{{officer_name}}**{{#if officer_job}}\n**{{officer_job}}**!{{/if}}.")
    assert letter.body == (
        Paragraph(
            (
                Field("officer_name", True),
                Conditional("officer_job", (Text("\n"), Field("officer_job", True), Text("!"))),
                Text("."),
            )
        ),
    )


def test_a_choice_is_compared_and_a_condition_may_have_an_else() -> None:
    letter = parse(
        '{{#if next_place == "none"}}\nA\n{{#else}}\nB {{today}}\n{{/if}}\n\n'
        'x{{#if next_place!="ombudsman"}}y{{ #else }}z{{/if}}'
    )
    assert letter.body == (
        Conditional(
            "next_place",
            (Paragraph((Text("A"),)),),
            (Paragraph((Text("B "), Field("today"))),),
            "none",
        ),
        Paragraph(
            (Text("x"), Conditional("next_place", (Text("y"),), (Text("z"),), "ombudsman", False))
        ),
    )
    assert letter.fields == {"next_place", "today"}


def test_a_letter_that_decides_must_say_where_to_go_next() -> None:
    front = '+++\ntitle = "T"\ndecides = true\n+++\n'
    assert parse("{{#if ombudsman_name}}x{{/if}}", front).decides
    assert not parse("x").decides
    assert problems_of("x", front)[0].startswith("This letter decides something, so it must say")


def test_bold_works_however_close_letters_stand_to_a_field() -> None:
    (paragraph,) = parse("the **{{stage_1_extension}}**th and x**{{today}}**x").body
    assert isinstance(paragraph, Paragraph)
    assert Field("stage_1_extension", True) in paragraph.inlines
    assert Field("today", True) in paragraph.inlines


def test_fields_are_facts_parts_deadlines_and_closed_lists() -> None:
    letter = parse(
        "{{acknowledged_on}} {{part_any_thing}} {{deadline_stage_1_due_due}} {{ case_story }}\n"
        "{{#if ombudsman_name}}{{landlord_phone}}{{/if}} {{officer_job}} {{today}}"
    )
    assert letter.fields == {
        *("acknowledged_on", "part_any_thing", "deadline_stage_1_due_due", "case_story"),
        *("ombudsman_name", "landlord_phone", "officer_job", "today"),
    }


def test_plain_addresses_and_signs_are_text() -> None:
    text = "www.example.org, https://example.org/a_b?c=1 a@b.org 5 * 3 snake_case_word { } £1 & co"
    assert parse(text).body == (Paragraph((Text(text),)),)


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm() -> None:
    letter = parse_letter("\ufeff" + (FRONT + "One\n\nTwo").replace("\n", "\r\n"), "x", FACTS)
    assert letter.body == (Paragraph((Text("One"),)), Paragraph((Text("Two"),)))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        # fields
        (
            "{{resident_nam}}",
            "{{resident_nam}} is not a field of letters, nor a declared fact; did",
        ),
        ("{{secret_key}}", "{{secret_key}} is not a field of letters, nor a declared fact."),
        ("{{#if nothing}}x{{/if}}", "{{nothing}} is not a field of letters"),
        ("{{Part_x}}", "{{Part_x}} is not a field"),
        ("{{deadline__due}}", "{{deadline__due}} is not a field"),
        ("{{__class__}}", "{{__class__}} is not a field"),
        # tags
        ("{{#each part_points}}x{{/each}}", "Line 4: {{#each part_points}} is not known; a letter"),
        ("{{else}}", "{{else}} is not a field"),
        ("{{today|safe}}", "Line 4: {{today|safe}} is not known"),
        ("{{today.year}}", "Line 4: {{today.year}} is not known"),
        ("{{config['x']}}", "Line 4: {{config['x']}} is not known"),
        ("{{7*7}}", "Line 4: {{7*7}} is not known"),
        ("{{{today}}}", "Line 4: {{{today}} is not known"),
        ("{{> partial}}", "Line 4: {{> partial}} is not known"),
        ("{{}}", "Line 4: {{}} is not known"),
        ("{{ todây }}", "Line 4: {{ todây }} is not known"),
        ("{{#if}}", "Line 4: {{#if}} is not known"),
        ("{{#if a b}}", "Line 4: {{#if a b}} is not known"),
        ("{{today", "Line 4: {{ and }} must stand round one name, on one line."),
        ("today}}", "Line 4: {{ and }} must stand round one name, on one line."),
        ("a\n\n{{\ntoday\n}}", "Line 6: {{ and }} must stand round one name, on one line."),
        # conditions
        ("{{#if today}}", "Line 4: {{#if today}} has no {{/if}} on a line of its own."),
        ("x {{#if today}} y", "Line 4: {{#if today}} is not closed in its paragraph."),
        ("x {{/if}}", "Line 4: this {{/if}} has no {{#if}} in its paragraph."),
        ("{{/if}}", "Line 4: this {{/if}} has no {{#if}} on a line of its own."),
        ("{{#if today}}\nx {{/if}}", "Line 5: this {{/if}} has no {{#if}} in its paragraph."),
        ("x {{#if today}}\n\ny {{/if}}", "Line 4: {{#if today}} is not closed in its paragraph."),
        (
            "x {{#if today}}{{#if case_story}}y{{/if}}{{/if}}",
            "Line 4: {{#if}} within {{#if}} is not possible.",
        ),
        (
            "{{#if today}}\n\n{{#if case_story}}\ny\n{{/if}}\n\n{{/if}}",
            "Line 6: {{#if}} within {{#if}} is not possible.",
        ),
        (
            "{{#if today}}\nx{{#if case_story}}y{{/if}}\n{{/if}}",
            "Line 5: {{#if}} within {{#if}} is not possible.",
        ),
        ("{{#else}}", "Line 4: this {{#else}} has no {{#if}} on a line of its own."),
        ("x {{#else}}", "Line 4: this {{#else}} has no {{#if}} in its paragraph."),
        (
            "{{#if today}}\na\n{{#else}}\nb\n{{#else}}\nc\n{{/if}}",
            "Line 8: an {{#if}} has one {{#else}} at most.",
        ),
        (
            '{{#if next_place == "none"}}',
            'Line 4: {{#if next_place == "none"}} has no {{/if}} on a line of its own.',
        ),
        (
            '{{#if next_place == "none"}}\n{{#if today}}x{{/if}}\n{{/if}}',
            "Line 5: {{#if}} within {{#if}} is not possible.",
        ),
        # comparisons
        (
            '{{#if next_place == "court"}}x{{/if}}',
            "“court” is no choice of next_place; its choices are ombudsman, none.",
        ),
        (
            '{{#if next_place == ""}}x{{/if}}',
            "“” is no choice of next_place; its choices are ombudsman, none.",
        ),
        (
            '{{#if acknowledged_on == "none"}}x{{/if}}',
            '{{#if acknowledged_on == "none"}}: acknowledged_on is no declared fact of the type',
        ),
        ('{{#if other != "none"}}x{{/if}}', "{{other}} is not a field of letters"),
        ("{{#if next_place == none}}x{{/if}}", "Line 4: {{#if next_place == none}} is not known"),
        ("{{#if next_place == 'none'}}x{{/if}}", "Line 4: {{#if next_place == 'none'}} is not"),
        ('{{#if next_place = "none"}}x{{/if}}', 'Line 4: {{#if next_place = "none"}} is not'),
        ('{{#if "none" == next_place}}x{{/if}}', 'Line 4: {{#if "none" == next_place}} is not'),
        ('{{#if next_place == "a" or today}}x{{/if}}', "Line 4: {{#if next_place =="),
        ('{{#if stage_1_extension > "1"}}x{{/if}}', "Line 4: {{#if stage_1_extension >"),
        # what a letter cannot hold
        ("<b>x</b>", "Line 4: HTML is not possible in a letter."),
        ("a <br> b", "Line 4: HTML is not possible in a letter."),
        ("<!-- note -->", "Line 4: HTML is not possible in a letter."),
        ("<script>alert(1)</script>", "Line 4: HTML is not possible in a letter."),
        ("[us](https://example.org)", "Line 4: links are not possible in a letter; write"),
        ("[us][1]\n\n[1]: https://example.org", "Links are not possible in a letter; write"),
        ("<https://example.org>", "Line 4: links are not possible in a letter; write"),
        ("![x](y.png)", "Line 4: pictures are not possible in a letter."),
        ("a\n\n> b", "Line 6: quotations with > are not possible in a letter."),
        ("`x`", "Line 4: code between ` signs is not possible in a letter."),
        ("```\nx\n```", "Line 4: code is not possible in a letter."),
        ("a\n\n    x", "Line 6: this begins with four spaces or more; take them away."),
        ("a\n\n***", "Line 6: a line across the page is not possible in a letter."),
        ("*x*", "Line 4: slanted text is not possible in a letter; use **bold**."),
        ("_x_", "Line 4: slanted text is not possible in a letter; use **bold**."),
        ("# x", "Line 4: headings begin with ## or ###; the title is set at the top."),
        ("x\n===", "Line 4: headings begin with ## or ###; the title is set at the top."),
        ("#### x", "Line 4: headings begin with ## or ###; the title is set at the top."),
        ("- a\n  - b", "Line 5: a point of a list is plain text, without lists in it."),
        ("- a\n\n  b", "Line 6: a point of a list is one paragraph."),
        ("- > b", "Line 4: a point of a list is plain text, without lists in it."),
        ("a ** b", "Line 4: ** here does not make bold; check its partner."),
        ("**a", "Line 4: ** here does not make bold; check its partner."),
        ("a \U000f0000 b", "Line 4: a character here is not text."),
        ("a \x00 b", "Line 4: a character here is not text."),
        ("{{today}} " * 2001, "Line 4: {{today}} is not known"),
    ],
)
def test_anything_else_is_refused_with_its_line(body: str, says: str) -> None:
    problems = problems_of(body)
    assert any(problem.startswith(says) for problem in problems), problems


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ("", "A letter begins with a line +++"),
        ('+++\ntitle = "T"\n', "A letter begins with a line +++"),
        ("+++\n+++\n", "A letter needs a title"),
        ('+++\ntitle = ""\n+++\n', "A letter needs a title"),
        (f'+++\ntitle = "{"x" * 201}"\n+++\n', "A letter needs a title"),
        ('+++\ntitle = "For {{resident_name}}"\n+++\n', "A title is plain text on one line"),
        ("+++\ntitle = x\n+++\n", "The part between the +++ lines is not TOML"),
        (
            '+++\ntitle = "T"\nsubject = "S"\n+++\n',
            "“subject” is not a setting of letters; they are",
        ),
        ('+++\ntitle = "T"\nto = "The Resident"\n+++\n', "to = 'The Resident': name who gets"),
        ('+++\ntitle = "T"\nrequires = "part_x"\n+++\n', "requires is a list"),
        ('+++\ntitle = "T"\nrequires = ["today"]\n+++\n', "requires names today; only what staff"),
        ('+++\ntitle = "T"\nrequires = ["part_x"]\n+++\n', "requires names part_x, but the text"),
        ('+++\ntitle = "T"\nvalid_from = "soon"\n+++\n', "valid_from = 'soon' is not a date"),
        ('+++\ntitle = "T"\npolicy = 4.1\n+++\n', "policy cites paragraphs as text"),
        ('+++\ntitle = "T"\ndecides = "yes"\n+++\n', "decides is true or false"),
    ],
)
def test_front_matter_that_is_wrong_is_refused(front: str, says: str) -> None:
    problems = problems_of("Text", front)
    assert any(problem.startswith(says) for problem in problems), problems


def test_required_part_that_is_only_asked_about_is_refused() -> None:
    front = '+++\ntitle = "T"\nrequires = ["part_x"]\n+++\n'
    assert problems_of("{{#if part_x}}Yes{{/if}}", front) == [
        "requires names part_x, but the text never prints {{part_x}}."
    ]


def test_two_dates_that_differ_are_refused() -> None:
    front = '+++\ntitle = "T"\nvalid_from = 2023-10-01\n+++\n'
    assert problems_of("Text", front, "refusal@2022-10-01") == [
        "The file's name says @2022-10-01, but valid_from says 2023-10-01."
    ]


def test_all_problems_are_told_at_once() -> None:
    assert len(problems_of("{{a}} {{b}}\n\n<br>\n\n# X")) == 4


def test_huge_file_is_refused() -> None:
    assert problems_of("x" * 100_001) == ["A letter may have at most 100,000 characters."]


@settings(deadline=None)
@given(st.text(st.sampled_from("{}#/if today*-_<>[]()`!&;\n\\12.|~=+\t"), max_size=80))
def test_no_text_makes_the_reader_stumble(body: str) -> None:
    try:
        letter = parse(body)
    except LetterRefused as refused:
        assert refused.problems
    else:
        assert letter.fields <= {"today"}
