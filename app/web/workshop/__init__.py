"""The process owner's workshop: the procedure as it is, drafts of a new one, and publishing it."""

from __future__ import annotations

from app.web.workshop.comparing import bp as comparing
from app.web.workshop.drafts import bp as drafting
from app.web.workshop.folders import bp as folders
from app.web.workshop.landlords import bp as new_landlord
from app.web.workshop.moving import bp as moving
from app.web.workshop.playing import bp as playing
from app.web.workshop.procedures import bp as procedures
from app.web.workshop.publishing import bp as publishing

BLUEPRINTS = (
    procedures,
    drafting,
    playing,
    moving,
    comparing,
    folders,
    publishing,
    new_landlord,
)
