"""A diagram that Camunda Modeler wrote for Camunda 8, in the words that the engine reads.

Camunda 7's dialect is ours. Of Camunda 8's, what has a meaning here is carried over: the form of a
task, properties, the process that is called, the decision table, conditions and dates. The rest of
its extensions is left out, since nothing here would do what it says.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from app.engine.diagram import BPMN, CAMUNDA
from app.engine.xml import read_xml
from app.services.workshop.comments import kept

ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
EXPRESSIONS = ("conditionExpression", "timeDate", "timeDuration", "timeCycle")
TEXTS = re.compile(r'("[^"]*")')
WORDS = {"true": "True", "false": "False", "null": "None"}


def in_our_words(body: bytes) -> bytes:
    """The diagram; one that is not of Camunda 8 as it is. Raises XmlRefused."""
    root = read_xml(body)
    if not any(isinstance(node.tag, str) and node.tag.startswith(ZEEBE) for node in root.iter()):
        return body
    for extensions in [*root.iter(f"{BPMN}extensionElements")]:
        _carry_over(extensions)
    for name in EXPRESSIONS:
        for node in root.iter(f"{BPMN}{name}"):
            node.text = expression(node.text or "")
    etree.cleanup_namespaces(root, top_nsmap={"camunda": CAMUNDA.strip("{}")})
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return kept(written + b"\n", body)


def _carry_over(extensions: Any) -> None:
    element = extensions.getparent()
    found = {node.tag.removeprefix(ZEEBE): node for node in extensions if _is_theirs(node)}
    if (form := found.get("formDefinition")) is not None:
        element.set(f"{CAMUNDA}formKey", form.get("formId") or form.get("formKey") or "")
    if (called := found.get("calledElement")) is not None:
        element.set("calledElement", called.get("processId", ""))
    if (decision := found.get("calledDecision")) is not None:
        element.set(f"{CAMUNDA}decisionRef", decision.get("decisionId", ""))
    if (loop := found.get("loopCharacteristics")) is not None:
        element.set(f"{CAMUNDA}collection", expression(loop.get("inputCollection", "")))
        element.set(f"{CAMUNDA}elementVariable", loop.get("inputElement", ""))
    said = [
        (each.get("name", ""), each.get("value", ""))
        for each in extensions.iterfind(f"{ZEEBE}properties/{ZEEBE}property")
    ]
    for node in found.values():
        extensions.remove(node)
    if said:
        holder = etree.SubElement(extensions, f"{CAMUNDA}properties")
        for name, value in said:
            etree.SubElement(holder, f"{CAMUNDA}property", name=name, value=value)
    elif not len(extensions):
        element.remove(extensions)


def _is_theirs(node: Any) -> bool:
    return isinstance(node.tag, str) and node.tag.startswith(ZEEBE)


def expression(text: str) -> str:
    """A FEEL expression as we write it: no = before it, == for =, True for true."""
    text = text.strip().removeprefix("=").strip()
    pieces = TEXTS.split(text)
    for at in range(0, len(pieces), 2):
        piece = re.sub(r"(?<![=<>!])=(?!=)", "==", pieces[at])
        pieces[at] = re.sub(r"\b(true|false|null)\b", lambda word: WORDS[word[0]], piece)
    return "".join(pieces)
