"""The process owner's workshop: the procedure as it is, drafts of a new one, and publishing it."""

from __future__ import annotations

from app.web.workshop.bringing import bp as bringing
from app.web.workshop.comparing import bp as comparing
from app.web.workshop.drafts import bp as drafting
from app.web.workshop.drafts import must_be_own
from app.web.workshop.folders import bp as folders
from app.web.workshop.forms import bp as forms
from app.web.workshop.landlord import bp as landlord
from app.web.workshop.landlords import bp as new_landlord
from app.web.workshop.letters import bp as letters
from app.web.workshop.modeller import bp as modeller
from app.web.workshop.moving import bp as moving
from app.web.workshop.outline import bp as outlining
from app.web.workshop.playing import bp as playing
from app.web.workshop.procedures import bp as procedures
from app.web.workshop.publishing import bp as publishing
from app.web.workshop.stories import bp as stories
from app.web.workshop.tables import bp as tables

BLUEPRINTS = (
    procedures,
    drafting,
    modeller,
    outlining,
    letters,
    landlord,
    tables,
    forms,
    bringing,
    playing,
    stories,
    moving,
    comparing,
    folders,
    publishing,
    new_landlord,
)

for blueprint in BLUEPRINTS:
    blueprint.before_request(must_be_own)
