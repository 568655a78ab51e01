"""The facts of a row: its columns that are named as facts of the procedure, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.engine import FactRefused, FactSpec
from app.engine.facts import as_json
from app.services.deployments import Deployed
from app.services.importing.reading import CaseRow, RowRefused, read_day

YES, NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0"}


def facts_of(deployed: Deployed, row: CaseRow) -> dict[str, Any]:
    """The facts that a row gives, by name. Raises RowRefused naming all that do not fit."""
    facts, wrong = {}, []
    for name, text in row.facts.items():
        spec = deployed.facts.get(name)
        try:
            if spec is None:
                raise ValueError(f"is no fact of the kind {deployed.kind}")
            facts[name] = as_json(spec, _value(spec, text))
        except FactRefused as refused:
            wrong.append(f"‘{name}’ {refused.reason}")
        except ValueError as problem:
            wrong.append(f"‘{name}’: {problem}")
    if wrong:
        raise RowRefused("; ".join(wrong))
    return facts


def _value(spec: FactSpec, text: str) -> Any:
    match spec.type:
        case "date":
            return read_day(text)
        case "bool" if text.casefold() in YES | NO:
            return text.casefold() in YES
        case "int":
            return int(text)
        case "money":
            return text.lstrip("£").replace(",", "")
        case "list":
            return [part.strip() for part in text.split(";") if part.strip()]
        case "choice":
            words = text.casefold().replace(" ", "_")
            return words if words in spec.choices else text
    return text


def in_words(deployed: Deployed, facts: Mapping[str, Any]) -> str:
    """ "Accepted or not: accept"."""
    return ", ".join(
        f"{deployed.facts[name].label}: {'yes' if value is True else value}"
        for name, value in facts.items()
    )
