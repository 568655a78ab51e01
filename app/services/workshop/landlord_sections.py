"""Which fields of landlord.toml stand on which page, and what they are called there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "lines", "list", "whole", "percent", "date", "months",
    "team", "nation", "clock", "day_fact", "days_fact", "email", "phone", "kinds",
    "stage", "kind", "stage_or_kind", "question",
]  # fmt: skip
Shape = Literal["one", "named", "listed"]
NATIONS = {"ENG": "England", "WLS": "Wales", "SCT": "Scotland", "NIR": "Northern Ireland"}


@dataclass(frozen=True)
class Ask:
    """One field. name: its key in landlord.toml."""

    name: str
    label: str
    hint: str = ""
    kind: Kind = "text"


@dataclass(frozen=True)
class Part:
    """A table of landlord.toml: one, several by an id of their own, or a list.

    key: "code.facts"; empty for what stands at the top of the file. word: what one entry is called.
    """

    key: str
    shape: Shape
    word: str
    asks: tuple[Ask, ...]
    about: str = ""

    @property
    def where(self) -> tuple[str, ...]:
        """The keys that lead to it."""
        return tuple(self.key.split(".")) if self.key else ()


@dataclass(frozen=True)
class Section:
    """A page of landlord.toml."""

    title: str
    about: str
    parts: tuple[Part, ...]


NAME = Ask("name", "Name")
PHONE, EMAIL = Ask("phone", "Phone", kind="phone"), Ask("email", "E-mail", kind="email")
WEBSITE, ADDRESS = Ask("website", "Website"), Ask("address", "Postal address")
ABOUT = Ask("about", "What people should know", kind="lines")
POLICY = Ask("policy", "Paragraphs of the policy", "Such as 3.3a, 4.2a")
PLACE = (NAME, ABOUT, PHONE, EMAIL, WEBSITE, Ask("form", "Page to complain on"), ADDRESS, POLICY)


def _ours(name: str, label: str, kind: Kind = "day_fact") -> Ask:
    return Ask(name, label, f"The Code’s rules call it {name}.", kind)


SECTIONS: Mapping[str, Section] = {
    "teams": Section(
        "Teams",
        "Who works on cases. People are put into teams by the administrator, on the page People.",
        (
            Part(
                "teams",
                "named",
                "team",
                (
                    Ask("name", "Name", "The lane in a diagram has this name, letter for letter."),
                    Ask("also", "Also called", "Other names in diagrams, with commas", "list"),
                    Ask("rank", "Rank", "A higher number is more senior.", "whole"),
                    PHONE,
                    EMAIL,
                    POLICY,
                ),
            ),
        ),
    ),
    "contacts": Section(
        "Contacts",
        "How people reach us, and who signs a letter that nobody wrote.",
        (
            Part(
                "",
                "one",
                "us",
                (
                    NAME,
                    Ask("short_name", "Short name"),
                    Ask("reference_prefix", "References begin with", "2 to 4 capital letters"),
                    PHONE,
                    Ask("phone_hours", "When the phone is answered"),
                    EMAIL,
                    ADDRESS,
                    WEBSITE,
                    Ask("emergency_phone", "Emergency phone", kind="phone"),
                    Ask("emergency_about", "What the emergency phone is for", kind="lines"),
                    Ask("leave_to", "Where “Clear and leave” goes", "A page of no meaning"),
                    POLICY,
                ),
            ),
            Part(
                "contact_person",
                "one",
                "contact person",
                (NAME, Ask("job", "Job"), PHONE, POLICY),
                "Whom a letter names while nobody works on the case.",
            ),
            Part(
                "danger_lines", "listed", "number to ring in danger", (NAME, PHONE, ABOUT, POLICY)
            ),
            Part(
                "channels",
                "listed",
                "way in",
                (Ask("id", "Code", "Left empty, it is made from the name."), NAME, POLICY),
            ),
        ),
    ),
    "calendar": Section(
        "Calendar and alerts",
        "Which bank holidays count, and who hears at once of a danger. A one-off bank holiday is "
        "entered by the administrator, on the page Days off: it may move dates of open cases, "
        "which a manager must see first.",
        (
            Part(
                "",
                "one",
                "calendar",
                (
                    Ask("nation", "Nation", "Its bank holidays are no working days.", "nation"),
                    Ask("alert_team_hazard", "Who hears of a hazard", kind="team"),
                    Ask("alert_team_safeguarding", "Who hears of a safeguarding worry", "", "team"),
                    Ask("alert_team_blocked_post", "Who hears of a letter held back", "", "team"),
                    Ask("shared_kinds", "Shared diagrams in use", "With commas", "kinds"),
                ),
            ),
            Part(
                "closures",
                "listed",
                "closure of our offices",
                (
                    NAME,
                    Ask("first", "First day", kind="date"),
                    Ask("last", "Last day", "31 days at most", "date"),
                    Ask(
                        "policy",
                        "Paragraphs of the policy",
                        "Only if they say that it does not count",
                    ),
                ),
                "These days count, and pages warn that nobody is in. They move dates only where a "
                "paragraph of the policy says that they are no working days.",
            ),
        ),
    ),
    "outside": Section(
        "Ombudsman and others",
        "Where residents can go next, and whom we write to.",
        (
            Part("ombudsman", "one", "Ombudsman", PLACE),
            Part("ombudsmen", "named", "other place to go next", PLACE),
            Part(
                "bodies",
                "named",
                "body that gets letters",
                (NAME, Ask("contact", "For whom there"), PHONE, EMAIL, WEBSITE, ADDRESS, POLICY),
            ),
            Part("policies", "listed", "policy beside this one", (NAME, ABOUT, POLICY)),
        ),
    ),
    "targets": Section(
        "Targets and reports",
        "What the policy aims for, who answers for it, and who is told.",
        (
            Part(
                "targets",
                "listed",
                "target",
                (
                    NAME,
                    Ask("clock", "The limit of this clock is kept", kind="clock"),
                    Ask("stage", "Or: how many reach this stage", kind="stage"),
                    Ask("kind", "Or: how many cases of this kind", kind="kind"),
                    Ask("of", "beside those of this stage or kind", kind="stage_or_kind"),
                    Ask(
                        "satisfied", "Or: how many are satisfied", "By their answers to", "question"
                    ),
                    Ask("at_least", "At least, in percent", kind="percent"),
                    Ask("below", "Or below, in percent", kind="percent"),
                    POLICY,
                ),
            ),
            Part(
                "reports",
                "listed",
                "report",
                (
                    NAME,
                    Ask("to", "Who gets it"),
                    Ask("months", "Due by the end of", "Numbers of months: 4, 10", "months"),
                    ABOUT,
                    POLICY,
                ),
            ),
            Part(
                "report",
                "one",
                "report’s counts",
                (
                    Ask("counts", "Facts that are counted", "With commas", "list"),
                    Ask("year_begins", "The year begins in month", "1, 4, 7 or 10", "whole"),
                    POLICY,
                ),
            ),
            Part(
                "governance",
                "one",
                "governance",
                (
                    Ask("owner", "Owner of the policy"),
                    Ask("operational_owner", "Who runs it"),
                    Ask("approved_by", "Approved by"),
                    Ask("review_on", "To be reviewed by", kind="date"),
                    Ask("cycle", "How often it is reviewed", "Such as every three years"),
                    POLICY,
                ),
            ),
        ),
    ),
    "code": Section(
        "The Ombudsman’s Code",
        "In England the dates of the Complaint Handling Code stand beside ours. Here stands which "
        "of our facts and clocks are meant, and where our policy departs from the Code.",
        (
            Part(
                "code.facts",
                "one",
                "facts for those of the Code",
                (
                    _ours("received_on", "When the complaint was received"),
                    _ours("acknowledged_on", "When it was acknowledged"),
                    _ours("stage_1_extension", "Days added to Stage 1", "days_fact"),
                    _ours("stage_1_responded_on", "When Stage 1 was answered"),
                    _ours("stage_2_requested_on", "When Stage 2 was asked for"),
                    _ours("stage_2_acknowledged_on", "When Stage 2 was acknowledged"),
                    _ours("stage_2_extension", "Days added to Stage 2", "days_fact"),
                    _ours("stage_2_responded_on", "When Stage 2 was answered"),
                ),
                "The dates are worked out from these facts.",
            ),
            Part(
                "code.beside",
                "one",
                "clocks beside those of the Code",
                tuple(
                    Ask(f"code_{clock}", words, f"If none is chosen: {usual}", "clock")
                    for clock, words, usual in (
                        ("acknowledge_due", "Acknowledge", "acknowledge_due"),
                        ("stage_1_due", "Answer at Stage 1", "stage_1_due"),
                        ("stage_2_acknowledge_due", "Acknowledge Stage 2", "stage_2_due"),
                        ("stage_2_due", "Answer at Stage 2", "stage_2_due"),
                    )
                ),
                "Our clock over the same work, so that one late answer is told of once.",
            ),
            Part(
                "code.departures",
                "listed",
                "departure from the Code",
                (
                    Ask("rule", "Paragraph of the Code", "Such as 2.3"),
                    Ask("says", "What is different", kind="lines"),
                    Ask("ours", "Paragraph of our policy", "Such as 3.5"),
                ),
            ),
        ),
    ),
}
