"""Letters: a template that a process owner writes, filled for one case, shown and printed.

Plain Python: neither Flask nor the database. What a person typed is never read as Markdown, HTML,
typst or a placeholder, because it is put in after the template has been parsed.
"""

from app.letters.fill import fill
from app.letters.filled import FilledLetter
from app.letters.pdf import LetterHead, PdfNotMade, to_pdf
from app.letters.render import to_html, to_plain
from app.letters.template import LetterRefused, LetterTemplate, parse_letter, split_letter

__all__ = [
    "FilledLetter",
    "LetterHead",
    "LetterRefused",
    "LetterTemplate",
    "PdfNotMade",
    "fill",
    "parse_letter",
    "split_letter",
    "to_html",
    "to_pdf",
    "to_plain",
]
