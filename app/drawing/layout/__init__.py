"""Draws a BPMN file: pool, lanes, left to right, lines at right angles, labels in free places.

What the file means is not touched; only its BPMNDiagram is replaced. The order in the file is the
author's hint: lanes from top to bottom; of the flows that leave a gateway the first goes straight
on, later ones leave up or down. Everything else is searched for: the row of each chain of elements
(place, sketch), px (coordinates), the way of each line (route), a free place for each label
(label). Some drawings are made, and the one with the fewest defects by `check` is kept.

Limits: one pool in a file; no message flows and no data objects; subprocesses are drawn open.
"""
