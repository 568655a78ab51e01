"""Comments of a diagram's XML stay when an editor that knows none has written it."""

from __future__ import annotations

import pytest
from lxml import etree

from app.services.workshop.comments import kept
from app.services.workshop.dialects import in_our_words

HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:z="urn:z" id="all">'
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
BEFORE = f"""{XML}<!-- Agreed by the panel -->
<!-- on 4 March -->
{HEAD}
  <process id="stage">
    <!-- Stage 1 of 2:
         as in our policy -->
    <startEvent id="begun"/>
    <userTask id="ask"> <!-- asked by phone -->
      <extensionElements>
        <z:property name="form" value="a"/>
        <!-- the clerk's letter -->
        <z:property name="letter" value="b"/>
      </extensionElements>
      <!-- from the start -->
      <incoming>one</incoming>
    </userTask>
    <sequenceFlow id="one"/> <!-- straight on -->
    <boundaryEvent id="due">
      <timerEventDefinition>
        <timeDate>on(<!-- ten -->10)</timeDate>
      </timerEventDefinition>
    </boundaryEvent>
    <endEvent id="done"/>
    <!-- nothing follows -->
  </process>
</definitions>
<!-- made in an editor -->
"""


def without(text: str) -> str:
    """The file as an editor without comments writes it."""
    parser = etree.XMLParser(remove_comments=True)
    root = etree.fromstring(text.encode(), parser)
    etree.indent(root)
    return XML + etree.tostring(root, encoding="unicode") + "\n"


def again(written: str, *before: str) -> str:
    return kept(written.encode(), *(text.encode() for text in before)).decode()


def test_every_comment_stands_where_it_stood() -> None:
    written = again(without(BEFORE), BEFORE)

    wanted = BEFORE.replace("on(<!-- ten -->10)", "on(10)<!-- ten -->")
    wanted = wanted.replace('<userTask id="ask"> <!--', '<userTask id="ask">\n      <!--')
    assert written.splitlines()[1:] == wanted.splitlines()[1:]


def test_what_was_written_is_not_touched_where_there_are_no_comments() -> None:
    plain = without(BEFORE).replace("/>", " />").encode()

    assert kept(plain, plain) == plain


def test_a_comment_goes_with_its_element_and_no_other() -> None:
    written = again(without(BEFORE).replace('<startEvent id="begun"/>', ""), BEFORE)

    assert "Stage 1" not in written
    assert written.count("<!--") == BEFORE.count("<!--") - 1


def test_a_comment_follows_its_element_to_another_place_and_another_id() -> None:
    moved = without(BEFORE).replace('<startEvent id="begun"/>', "")
    moved = moved.replace('<endEvent id="done"/>', '<endEvent id="done"/><startEvent id="begun"/>')
    assert "as in our policy -->" in again(moved, BEFORE).split('id="done"')[1].split('"begun"')[0]

    renamed = without(BEFORE).replace('"begun"', '"complaint_made"')
    assert "as in our policy -->" in again(renamed, BEFORE).split('"complaint_made"')[0]


def test_another_element_added_gets_no_comment() -> None:
    more = without(BEFORE).replace('<endEvent id="done"/>', '<endEvent id="lapsed"/>')
    more = more.replace("</process>", '<endEvent id="done"/></process>')
    written = again(more, BEFORE)

    assert "nothing follows" in written.split('"done"')[1]
    assert written.count("<!--") == BEFORE.count("<!--")


def test_properties_are_known_by_their_names_and_arrows_by_their_ids() -> None:
    was = BEFORE.replace("<incoming>one", "<incoming>two</incoming><incoming>one")
    now = without(was).replace('<z:property name="form" value="a"/>', "")
    now = now.replace("<incoming>two</incoming><incoming>one", "<incoming>one")
    written = again(now, was)

    assert "<!-- the clerk's letter --><z:property" in written.replace("\n", "").replace("  ", "")
    assert "from the start" in written


def test_an_element_that_is_back_brings_its_comment_from_the_version_before() -> None:
    """Undo, after the page has saved by itself what was taken out."""
    gone = again(without(BEFORE).replace('<startEvent id="begun"/>', ""), BEFORE)
    back = again(without(BEFORE), gone, BEFORE)

    assert back.count("<!--") == BEFORE.count("<!--")
    assert back == again(without(BEFORE), BEFORE)


def test_what_an_owner_has_taken_out_elsewhere_does_not_come_back() -> None:
    assert again(without(BEFORE), without(BEFORE), BEFORE).count("<!--") == 0


def test_a_file_written_with_comments_says_itself_which_it_has() -> None:
    other = without(BEFORE).replace("<endEvent", "<!-- new --><endEvent")

    assert again(other, BEFORE) == other


@pytest.mark.parametrize("broken", ["<a><!-- x -->", "<!DOCTYPE a><a><!-- x --></a>", ""])
def test_a_file_that_cannot_be_read_gives_none(broken: str) -> None:
    assert again(without(BEFORE), broken) == without(BEFORE)
    assert again(broken, BEFORE) == broken


def test_a_diagram_of_camunda_8_keeps_its_comments() -> None:
    zeebe = f"""{HEAD}<process id="stage"><!-- asked by phone --><userTask id="ask">
      <extensionElements><!-- the short form -->
      <zeebe:formDefinition xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" formId="ask"/>
      </extensionElements></userTask></process></definitions>"""
    written = in_our_words(zeebe.encode()).decode()

    assert 'formKey="ask"' in written and "zeebe" not in written
    assert "<!-- asked by phone --><userTask" in written
    assert "<!-- the short form --></userTask>" in written
