"""Addresses that residents are given: on paper, by phone, or to keep."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for

from app.settings import Settings


def link_to(endpoint: str, **values: Any) -> str:
    """The whole address of a page, whatever name this request has reached us by."""
    settings: Settings = current_app.extensions["settings"]
    return settings.public_url.rstrip("/") + url_for(endpoint, **values)
