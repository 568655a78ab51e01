"""Help: what each role does here, step by step, and what the words mean."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint
from markdown_it import MarkdownIt

bp = Blueprint("help", __name__)
TEXTS = Path(__file__).resolve().parent.parent / "help"
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
