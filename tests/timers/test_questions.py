from __future__ import annotations

from datetime import date

import pytest

from timers.calendar import DayOff, WorkingCalendar, calendar_for
from timers.questions import BadQuestion, Question, answer, answer_csv, read_question

HEADER = "nation,base,n,kind\n"


def test_one_question() -> None:
    question = read_question("ENG", "2026-12-18", "10", "working_days")
    assert question == Question("ENG", date(2026, 12, 18), 10, "working_days")
    assert answer(question) == date(2027, 1, 6)


def test_hand_entered_days_count_if_the_caller_gives_its_calendar() -> None:
    def with_closure(nation: str) -> WorkingCalendar:
        return calendar_for(nation, [DayOff(date(2026, 12, 29), "Closed")])

    question = read_question("ENG", "2026-12-18", "10", "working_days")
    assert answer(question, with_closure) == date(2027, 1, 7)


def test_stream_of_questions_comes_back_with_a_date() -> None:
    asked = [
        HEADER,
        "ENG,2026-12-18,10,working_days\n",
        "SCT,2025-12-31,1,working_days\n",
        "NIR,2026-03-16,1,working_days\r\n",
        "\n",
        "WLS,2027-01-05,84,calendar_days\n",
        "ENG,2022-08-31,6,months\n",
        "ENG,2027-01-06,-10,working_days\n",
    ]
    assert "".join(answer_csv(asked)) == (
        "nation,base,n,kind,date\n"
        "ENG,2026-12-18,10,working_days,2027-01-06\n"
        "SCT,2025-12-31,1,working_days,2026-01-05\n"
        "NIR,2026-03-16,1,working_days,2026-03-18\n"
        "WLS,2027-01-05,84,calendar_days,2027-03-30\n"
        "ENG,2022-08-31,6,months,2023-02-28\n"
        "ENG,2027-01-06,-10,working_days,2026-12-18\n"
    )


def test_other_columns_and_another_order_are_kept() -> None:
    asked = ["\ufeffid,kind,n,base,nation\n", '"a, b",months,12,2024-02-29,ENG\n']
    assert list(answer_csv(asked)) == [
        "id,kind,n,base,nation,date\n",
        '"a, b",months,12,2024-02-29,ENG,2025-02-28\n',
    ]


def test_answers_come_before_the_next_row_is_read() -> None:
    lines = iter([HEADER, "ENG,2026-12-18,10,working_days\n", "wrong\n"])
    answers = answer_csv(lines)
    assert next(answers) == "nation,base,n,kind,date\n"
    assert next(answers) == "ENG,2026-12-18,10,working_days,2027-01-06\n"
    assert next(lines) == "wrong\n"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("FRA,2026-12-18,1,months", "line 3, column nation: 'FRA' is no nation; use ENG, NIR,"),
        ("ENG,18/12/2026,1,months", "line 3, column base: '18/12/2026' is not a date; write it as"),
        ("ENG,2026-02-30,1,months", "line 3, column base: '2026-02-30' is not a date"),
        ("ENG,20261218,1,months", "line 3, column base: '20261218' is not a date"),
        ("ENG,2026-12-18,ten,months", "line 3, column n: 'ten' is not a whole number"),
        ("ENG,2026-12-18,1.5,months", "line 3, column n: '1.5' is not a whole number"),
        ("ENG,2026-12-18,٣,months", "line 3, column n:"),
        ("ENG,2026-12-18,1,weeks", "line 3, column kind: 'weeks' is no kind; use working_days,"),
        ("ENG,2026-12-18,1", "line 3, column kind: 3 columns where the header has 4"),
        ("ENG,2026-12-18,1,months,x", "line 3, column 5: 5 columns where the header has 4"),
        ("ENG,1950-01-01,1,working_days", "line 3, column base: 1950-01-01 is outside 1990 to"),
        ("ENG,2026-01-01,999999,months", "line 3, column base: 999999 months from"),
        ('ENG,"2026-01-01"x,1,months', "line 3: this is not CSV"),
    ],
)
def test_bad_row_is_named_by_line_and_column(row: str, says: str) -> None:
    lines = [HEADER, "ENG,2026-12-18,10,working_days\n", row + "\n"]
    with pytest.raises(BadQuestion) as refused:
        list(answer_csv(lines))
    assert str(refused.value).startswith(says)
    assert refused.value.line == 3


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "line 1, column nation: the first line must be a header"),
        (["ENG,2026-12-18,10,working_days\n"], "line 1, column nation: the first line must be"),
        (["nation,base,n\n"], "line 1, column kind: the first line must be a header"),
        (["nation,base,n,n,kind\n"], "line 1, column n: the first line must be a header"),
        (["nation,base,n,kind,date\n"], "line 1, column date: this column is the answer"),
    ],
)
def test_header_is_required(lines: list[str], says: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        list(answer_csv(lines))
    assert str(refused.value).startswith(says)


def test_question_asked_alone_names_its_column_only() -> None:
    with pytest.raises(BadQuestion, match=r"^column n: 'x' is not a whole number$"):
        read_question("ENG", "2026-12-18", "x", "months")
