"""The process owner's workshop: the procedure as it is, drafts of a new one, and publishing it."""

from __future__ import annotations

from app.web.workshop import drafts, procedures

BLUEPRINTS = (procedures.bp, drafts.bp)
