"""What people fill in: form-js JSON drawn by process owners -> questions checked on the server.

FormDefinition.parse reads a file of forms/definitions; .bind puts it into one person's hands;
app/templates/forms/form.html draws it. Neither Flask nor a database is needed.
"""

from forms.bound import BoundForm
from forms.components import Field, Group, Option, Row, Rows, Text
from forms.definition import FormDefinition
from forms.payments import amount_of
from forms.readable import readable_answers, said_answer
from forms.refused import RESERVED_KEYS, FormRefused, UnknownField

__all__ = [
    "RESERVED_KEYS",
    "BoundForm",
    "Field",
    "FormDefinition",
    "FormRefused",
    "Group",
    "Option",
    "Row",
    "Rows",
    "Text",
    "UnknownField",
    "amount_of",
    "readable_answers",
    "said_answer",
]
