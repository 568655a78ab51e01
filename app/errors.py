"""What can go wrong, in the words of the people who will read it."""

from __future__ import annotations


class PutrightError(Exception):
    """Base of every error this project raises on purpose.

    `message` is safe to show to the signed-in user; only app/web/errors.py reads `http_status`.
    """

    message = "Something went wrong. Nothing was saved."
    http_status = 500

    def __init__(self, message: str | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.message)


class NotFound(PutrightError):
    """Nothing of that name that this viewer may know of: also another landlord's."""

    message = "We cannot find that page. It may have been moved, or it is not yours to see."
    http_status = 404


class NotYetLive(NotFound):
    """A new landlord, whose procedure nobody has published."""

    title = "Nothing is published yet"
    message = (
        "This landlord’s procedure is still being drawn. Once its first version is published, "
        "complaints can be made and this page works."
    )


class NotAllowed(PutrightError):
    """The viewer may know of the thing, but not do this to it."""

    message = "Your role does not let you do this."
    http_status = 403


class NotForYou(PutrightError):
    """Independence: the task is not for this person. `rule` is the property that says so."""

    http_status = 403

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)


class ChangedMeanwhile(PutrightError):
    """Another person or a deadline moved the same case first."""

    message = "Someone else changed this case at the same moment. Nothing of yours was saved."
    http_status = 409


class Busy(ChangedMeanwhile):
    """Another transaction keeps what this one needs, for longer than anybody should wait."""

    title = "Somebody else is working on this just now"
    message = "Nothing was saved. Wait a moment, then try again."
    http_status = 503


class TaskIsOver(ChangedMeanwhile):
    """The task is no longer open: who ended it, and when, are in the message."""

    def __init__(self, message: str, task_id: str | None = None) -> None:
        self.task_id = task_id
        super().__init__(message)


class NotOffered(PutrightError):
    """The procedure does not offer this action now."""

    title = "Not offered now"
    message = "The procedure does not offer this now. It may already have been done."
    http_status = 409


class BadInput(PutrightError):
    """What was sent does not fit. `errors` maps field names to sentences."""

    http_status = 422

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(" ".join(errors.values()))


class PanelRefused(BadInput):
    """Somebody may not sit on a panel, or too many or too few were chosen. `rule` says why."""

    def __init__(self, rule: str, field: str, message: str) -> None:
        self.rule = rule
        super().__init__({field: message})


class Stopped(PutrightError):
    """The case is held as an incident: the engine could not take this step."""

    title = "This case is held"
    message = (
        "The procedure of this case cannot go on, and a manager has been told. "
        "What you typed is kept as your draft."
    )
    http_status = 409


class DeploymentRefused(PutrightError):
    """The procedure has problems; `problems` says what and where, in the owner's words."""

    http_status = 422

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("This procedure cannot be used yet: " + "; ".join(problems))
