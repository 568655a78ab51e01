"""The kinds of case of a landlord, in the words that pages use for them.

All words come from the name that the owner gave the process: "A compliment", "Service request".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.engine import ROOT, Procedure
from app.models import Case
from app.services import deployments
from app.services.deployments import Deployed

NAMES = ("Ombudsman", "Awaab", "Code ", "Board", "Council")  # whoever or whatever has a capital
ARTICLE = re.compile(r"(?i)^(a|an|the)\s+")


@dataclass(frozen=True)
class Kind:
    """One kind of case. noun: "compliment", for the middle of a sentence.

    asks_who: staff are asked for the resident; a kind that does not ask begins about a case only.
    about: what the owner wrote about its beginning.
    """

    id: str
    noun: str
    about: str = ""
    asks_who: bool = True
    may_become_complaint: bool = False

    @property
    def is_complaint(self) -> bool:
        return self.id == ROOT

    @property
    def title(self) -> str:
        """ "Compliment", for the beginning of a line."""
        return _capital(self.noun)

    @property
    def one(self) -> str:
        """ "a compliment"."""
        return f"{'an' if self.noun[:1].lower() in 'aeiou' else 'a'} {self.noun}"

    @property
    def invites(self) -> str:
        """What the public does: "Make a complaint", "Send a compliment"."""
        return f"{'Make' if self.is_complaint else 'Send'} {self.one}"

    @property
    def has_ombudsman(self) -> bool:
        """Somebody outside helps with a complaint, with what may become one, and with what the
        landlord decides about a resident."""
        return self.is_complaint or self.may_become_complaint or not self.asks_who


def kinds_of(landlord_id: str, public: bool = False) -> list[Kind]:
    """What can be recorded, or sent in by the public; the complaint first."""
    live = deployments.live(landlord_id)
    return [
        _kind(live, procedure)
        for procedure in live.contents.procedures.values()
        if procedure.public_form or not public
    ]


def kind_named(landlord_id: str, kind: str = ROOT) -> Kind:
    """One kind of the live procedure; one that it no longer has is called by its id."""
    live = deployments.live(landlord_id)
    procedure = live.contents.procedures.get(kind)
    return _kind(live, procedure) if procedure else Kind(kind, kind.replace("_", " "))


def kind_of(case: Case) -> Kind:
    """The kind of a case."""
    return kind_named(case.landlord_id, case.kind)


def noun_of(procedure: Procedure) -> str:
    """The name of a procedure for the middle of a sentence: no article, no capital."""
    if procedure.root == ROOT:
        return "complaint"  # as the law calls it, whatever its process is called
    noun = ARTICLE.sub("", procedure.name, count=1)
    is_name = noun[1:2].isupper() or noun[1:2] == "."  # an abbreviation stays as it is: ASB
    is_name = is_name or noun.startswith(NAMES)
    return noun if is_name else noun[:1].lower() + noun[1:]


def title_of(procedure: Procedure) -> str:
    """The same for the beginning of a line."""
    return _capital(noun_of(procedure))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _kind(deployed: Deployed, procedure: Procedure) -> Kind:
    asked = {field.key for field in deployed.forms[procedure.start_form or ""].fields}
    ends = (element.properties.get("continues_as") for element in procedure.elements.values())
    return Kind(
        procedure.root,
        noun_of(procedure),
        procedure.start.documentation,
        procedure.root == ROOT or "resident_name" in asked,
        ROOT in ends,
    )
