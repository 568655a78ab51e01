"""What happens to a case beside its procedure: the resident tells more, or has died.

Neither has a form of the landlord's, so each has a short one here, for playing.
"""

from __future__ import annotations

import json
from typing import Any

from app.models import Case
from app.services.workshop.cast import RESIDENT
from forms import FormDefinition


def _form(name: str, title: str, *fields: tuple[str, str, str, bool]) -> FormDefinition:
    """fields: (type of form-js, key, label, whether it must be answered)."""
    components: list[dict[str, Any]] = [
        {"type": kind, "id": key, "key": key, "label": label, "validate": {"required": needed}}
        for kind, key, label, needed in fields
    ]
    whole = {"type": "default", "id": name, "title": title, "schemaVersion": 18}
    return FormDefinition.parse(json.dumps(whole | {"components": components}).encode(), name, ())


FORMS = {
    form.name: form
    for form in (
        _form(
            "add_information",
            "Send more information",
            ("textarea", "text", "What does the resident tell?", True),
        ),
        _form(
            "resident_dies",
            "Record that the resident has died",
            ("textfield", "carried_on_by", "Who carries the case on, if anybody?", False),
            ("textfield", "email", "Their e-mail address", False),
        ),
    )
}


def offered(case: Case) -> list[tuple[FormDefinition, str]]:
    """The forms that can be filled in now, each with who does: RESIDENT, or empty for staff."""
    if case.resident.death:
        return []
    return [(FORMS["add_information"], RESIDENT), (FORMS["resident_dies"], "")]
