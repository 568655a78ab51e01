"""Tools for drawings of BPMN: judge one, draw one anew, make a picture of one.

    python -m tests.diagrams.check processes/*/*.bpmn           what is not good to look at
    python -m tests.diagrams.layout processes/x/stage_1.bpmn    draw it anew, in the file
    python -m tests.diagrams.render processes/x/*.bpmn --out pictures

`check.defects(path) == []` holds for every diagram that is shipped.
"""
