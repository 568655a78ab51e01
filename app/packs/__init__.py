"""A hearing pack as one PDF: words, letters, and uploads that may be hostile.

Knows neither the database nor the pages. What was uploaded is only ever read in a child process.
"""

from app.packs.bench import Bench, Inlined, LeftOut, PackNotMade
from app.packs.book import Block, Chapter, Heading, Pack, Pages, Paragraph, Rows, Table

__all__ = [
    "Bench",
    "Block",
    "Chapter",
    "Heading",
    "Inlined",
    "LeftOut",
    "Pack",
    "PackNotMade",
    "Pages",
    "Paragraph",
    "Rows",
    "Table",
]
