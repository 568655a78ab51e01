"""The process owner's workshop: the procedure as it is, drafts of a new one, and publishing it."""

from __future__ import annotations

from app.web.workshop.drafts import bp as drafting
from app.web.workshop.modeller import bp as modeller
from app.web.workshop.outline import bp as outlining
from app.web.workshop.procedures import bp as procedures

BLUEPRINTS = (procedures, drafting, modeller, outlining)
