"""Small diagrams for the tests of the tools: meaning only, without a drawing."""

from __future__ import annotations

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="definitions">'
    '<collaboration id="pages"><participant id="pool" name="A landlord" processRef="process"/>'
    '</collaboration><process id="process" isExecutable="true">'
)
TAIL = "</process></definitions>"


def lanes(**names: str) -> str:
    """A lane set: lane's name -> ids of what stands in it, parted by blanks."""
    made = ""
    for n, (name, inside) in enumerate(names.items()):
        refs = "".join(f"<flowNodeRef>{i}</flowNodeRef>" for i in inside.split())
        made += f'<lane id="lane_{n}" name="{name}">{refs}</lane>'
    return f'<laneSet id="lanes">{made}</laneSet>'


def flow(source: str, target: str, name: str = "") -> str:
    label = f' name="{name}"' if name else ""
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<sequenceFlow id="{source}_to_{target}" {ends}{label}/>'


def timer(identifier: str, name: str, host: str) -> str:
    return (
        f'<boundaryEvent id="{identifier}" name="{name}" attachedToRef="{host}" '
        'cancelActivity="false"><timerEventDefinition><timeDate>working_days(5, asked_on)'
        "</timeDate></timerEventDefinition></boundaryEvent>"
    )


TWO_LANES = (
    HEAD
    + lanes(Team="asked decide yes_or_no refused", Officer="write send_it answered late alert told")
    + '<startEvent id="asked" name="Somebody asks"/>'
    + '<userTask id="decide" name="Decide what to do"/>'
    + '<exclusiveGateway id="yes_or_no" name="Do we answer?"/>'
    + '<endEvent id="refused" name="Not answered"/>'
    + '<userTask id="write" name="Write the answer"/>'
    + timer("late", "5 working days", "write")
    + '<sendTask id="send_it" name="Send the answer"/>'
    + '<sendTask id="alert" name="Alert: late"/>'
    + '<endEvent id="told" name="Team alerted"/>'
    + '<endEvent id="answered" name="Answered"/>'
    + flow("asked", "decide")
    + flow("decide", "yes_or_no")
    + flow("yes_or_no", "write", "Yes")
    + flow("yes_or_no", "refused", "No")
    + flow("write", "send_it")
    + flow("send_it", "answered")
    + flow("late", "alert")
    + flow("alert", "told")
    + TAIL
)
LOOP = (
    HEAD
    + lanes(Team="begun again write good done")
    + '<startEvent id="begun" name="Work begins"/>'
    + '<exclusiveGateway id="again"/>'
    + '<userTask id="write" name="Write a draft"/>'
    + '<exclusiveGateway id="good" name="Good enough?"/>'
    + '<endEvent id="done" name="Done"/>'
    + flow("begun", "again")
    + flow("again", "write")
    + flow("write", "good")
    + flow("good", "done", "Yes")
    + flow("good", "again", "No")
    + TAIL
)
OPEN_SUBPROCESS = (
    HEAD
    + lanes(Team="begun work done late alert told")
    + '<startEvent id="begun" name="Stage begins"/>'
    + '<subProcess id="work" name="Look into it">'
    + '<startEvent id="inner" name="Work begins"/><userTask id="look" name="Look"/>'
    + '<endEvent id="seen" name="Seen"/>'
    + flow("inner", "look")
    + flow("look", "seen")
    + "</subProcess>"
    + timer("late", "10 working days", "work")
    + '<sendTask id="alert" name="Alert: late"/><endEvent id="told" name="Team alerted"/>'
    + '<endEvent id="done" name="Stage ends"/>'
    + flow("begun", "work")
    + flow("work", "done")
    + flow("late", "alert")
    + flow("alert", "told")
    + '<textAnnotation id="why"><text>As the policy says</text></textAnnotation>'
    + '<association id="why_line" sourceRef="done" targetRef="why"/>'
    + TAIL
)
EXAMPLES = {"two_lanes": TWO_LANES, "loop": LOOP, "open_subprocess": OPEN_SUBPROCESS}
