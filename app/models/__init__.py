"""The tables. The engine's state is the truth; the other rows of a case are its index."""

from app.models.cases import Alert, CarriedOn, Case, CaseLink, Note, Party, Point
from app.models.deployments import CalendarRow, DayOffRow, Deployment, DeploymentFile
from app.models.equality import EqualityCount
from app.models.operations import Beat, Flood, Job, Quarantine
from app.models.people import (
    Conflict,
    ContactArrangement,
    Death,
    EndedSession,
    Home,
    Landlord,
    Membership,
    Person,
    User,
)
from app.models.post import AccessibleCopy, Blob, HearingPack, Letter, Outgoing
from app.models.remedies import Lesson, Promise
from app.models.reports import ReportPresented
from app.models.returns import Return
from app.models.running import (
    Answer,
    Deadline,
    Draft,
    Event,
    Incident,
    Instance,
    Payload,
    Task,
)
from app.models.workshop import (
    CaseMove,
    PlayedCase,
    ProcedureDraft,
    ProcedureDraftFile,
    ProcedureEvent,
    StoriesPlayed,
)

__all__ = [
    "AccessibleCopy",
    "Alert",
    "Answer",
    "Beat",
    "Blob",
    "CalendarRow",
    "CarriedOn",
    "Case",
    "CaseLink",
    "CaseMove",
    "Conflict",
    "ContactArrangement",
    "DayOffRow",
    "Deadline",
    "Death",
    "Deployment",
    "DeploymentFile",
    "Draft",
    "EndedSession",
    "EqualityCount",
    "Event",
    "Flood",
    "HearingPack",
    "Home",
    "Incident",
    "Instance",
    "Job",
    "Landlord",
    "Lesson",
    "Letter",
    "Membership",
    "Note",
    "Outgoing",
    "Party",
    "Payload",
    "Person",
    "PlayedCase",
    "Point",
    "ProcedureDraft",
    "ProcedureDraftFile",
    "ProcedureEvent",
    "Promise",
    "Quarantine",
    "ReportPresented",
    "Return",
    "StoriesPlayed",
    "Task",
    "User",
]
