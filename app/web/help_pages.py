"""Help: what each role does here, step by step, and what the words mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from app.errors import NotFound
from app.services import deployments
from app.services.citations import KINDS
from app.services.coverage import Row, Way, coverage
from app.settings import Settings
from app.viewer import ROLES
from app.web.policy import allow, viewer

bp = Blueprint("help", __name__)
TEXTS = Path(__file__).resolve().parent.parent / "help"
SCROLLS = 'class="pr-scroll" tabindex="0" role="group"'
PICTURE = re.compile(r"pictures/([a-z0-9_]+\.png)")
WAYS: dict[Way, str] = {  # in which a paragraph is carried out: see services.coverage.Way
    "diagram": "By diagrams and tables",
    "other": "Only by forms, letters or settings",
    "nothing": "Nothing needed",
    "hole": "Not carried out yet",
}
PAGE_LINK = re.compile(r"\[([^\]]+)\]\(page:([a-z_]+\.[a-z_]+)\)")  # [inbox](page:inbox.inbox)


@bp.get("/help")
@allow("signed_in")
def help_page() -> ResponseReturnValue:
    """What the viewer's role does, then the words, the keys, the other roles, and whom to ask."""
    who = viewer()
    live = deployments.standing(who.landlord_id) if who.landlord_id else None
    landlord = live.landlord if live else None
    return render_template(
        "help/help.html",
        role=ROLES[who.role] if who.role else "",
        mine=_text(f"{who.role}.md"),
        others=[
            (name, _text(f"{role}.md", links=False))
            for role, name in ROLES.items()
            if role != who.role
        ],
        words=_words(),
        keyboard=_text("keyboard.md"),
        landlord=landlord,
        policy=live.contents.policy if live else None,
        drawing=_drawing_file().is_file(),
        sees_procedures=who.can("see_procedures") and landlord is not None,
    )


@bp.get("/help/policy")
@allow("signed_in")
def policy() -> ResponseReturnValue:
    """Every paragraph of the landlord's policy, with what carries it, or why nothing need."""
    who = viewer()
    if not who.landlord_id:
        raise NotFound("Choose a landlord first: each has a policy of its own.")
    deployed = deployments.standing(who.landlord_id)
    show, asked = request.args.get("show", ""), request.args.get("q", "").strip()
    rows = coverage(deployed)
    ways = Counter(row.way for row in rows)
    return render_template(
        "help/policy.html",
        policy=deployed.contents.policy,
        landlord=deployed.landlord,
        proved=sum(bool(row.proved_by) for row in rows if not row.parts),
        ways=[(way, words, ways[way]) for way, words in WAYS.items()],
        rows=[r for r in rows if show in (r.way, "") and _speaks_of(r, asked)],
        kinds=KINDS,
        show=show,
        q=asked,
    )


def _speaks_of(row: Row, asked: str) -> bool:
    """Whether a paragraph, what carries it or what proves it has these words."""
    told = [row.number, row.says, row.reading, row.nothing_because]
    told += [f"{c.name} {c.file} {c.element}" for c in (*row.carried_by, *row.proved_by)]
    return asked.casefold() in " ".join(told).casefold()


@bp.get("/help/procedures")
@allow("signed_in")
def drawing() -> ResponseReturnValue:
    """How to draw a procedure: processes/README.md as a page."""
    file = _drawing_file()
    if not file.is_file():
        raise NotFound("The description of the diagrams is not on this server.")
    tokens = _markdown().parse(file.read_text())
    title = "How to draw a procedure"
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        title, tokens = tokens[1].content, tokens[3:]
    contents = _mark_headings(tokens)
    html = _markdown().renderer.render(tokens, _markdown().options, {})
    return render_template(
        "help/drawing.html",
        title=title,
        contents=contents,
        text=Markup(html),
    )


@bp.get("/help/pictures/<name>")
@allow("signed_in")
def picture(name: str) -> ResponseReturnValue:
    """A picture of the page above."""
    if not PICTURE.fullmatch(f"pictures/{name}"):
        raise NotFound
    return send_from_directory(_drawing_file().parent / "pictures", name, mimetype="image/png")


def _drawing_file() -> Path:
    settings: Settings = current_app.extensions["settings"]
    return settings.processes_dir / "README.md"


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    """Markdown without HTML; tables and examples may scroll by themselves."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("image", _image)
    reader.add_render_rule("link_open", _link_open)
    reader.add_render_rule("link_close", _link_close)
    reader.add_render_rule("table_open", _table_open)
    reader.add_render_rule("table_close", _table_close)
    reader.add_render_rule("fence", _code)
    reader.add_render_rule("code_block", _code)
    return reader


def _image(self: RendererHTML, tokens: Sequence[Token], at: int, *_: Any) -> str:
    """A picture of ours; of any other only its words."""
    name = PICTURE.fullmatch(str(tokens[at].attrGet("src")))
    words = escape(tokens[at].content)
    if name is None:
        return f"<em>{words}</em>"
    return f'<img class="pr-picture" src="{url_for(".picture", name=name[1])}" alt="{words}">'


def _link_open(self: RendererHTML, tokens: Sequence[Token], at: int, *_: Any) -> str:
    """A link, unless it leads to a file beside the text, which is not on the web."""
    href = str(tokens[at].attrGet("href"))
    return f'<a href="{escape(href)}">' if href.startswith(("https://", "#", "/")) else "<span>"


def _link_close(self: RendererHTML, tokens: Sequence[Token], at: int, *_: Any) -> str:
    opened = next(token for token in reversed(tokens[:at]) if token.type == "link_open")
    return "</a>" if _link_open(self, [opened], 0).startswith("<a") else "</span>"


def _table_open(self: RendererHTML, *_: Any) -> str:
    return f'<div {SCROLLS} aria-label="Table"><table class="pr-table">\n'


def _table_close(self: RendererHTML, *_: Any) -> str:
    return "</table></div>\n"


def _code(self: RendererHTML, tokens: Sequence[Token], at: int, *_: Any) -> str:
    words = escape(tokens[at].content)
    return f'<pre {SCROLLS} aria-label="Example"><code>{words}</code></pre>\n'


def _mark_headings(tokens: list[Token]) -> list[tuple[str, str]]:
    """Give each section an id and return (id, words) of them; what stood at level 1 is level 2."""
    found: list[tuple[str, str]] = []
    down = any(token.tag == "h1" for token in tokens)
    for n, token in enumerate(tokens):
        if token.type not in {"heading_open", "heading_close"}:
            continue
        if down:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        if token.type == "heading_open" and token.tag == "h2":
            name = f"part-{len(found) + 1}"
            token.attrSet("id", name)
            found.append((name, tokens[n + 1].content.replace("`", "")))
    return found


def _text(name: str, links: bool = True) -> Markup:
    """One of our own texts; without links for those who may not open those pages."""
    text = (TEXTS / name).read_text()
    text = PAGE_LINK.sub(
        lambda link: f"[{link[1]}]({url_for(link[2])})" if links else link[1], text
    )
    return Markup(_markdown().render(text))


def _words() -> list[tuple[str, Markup]]:
    """The vocabulary: a term on one line, ": " and its meaning on the next."""
    found = []
    for entry in (TEXTS / "words.md").read_text().strip().split("\n\n"):
        term, _, meaning = entry.partition("\n: ")
        found.append((term, Markup(_markdown().renderInline(meaning))))
    return found
