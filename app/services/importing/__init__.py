"""Reading in what a landlord had before: homes, people, closed cases, and open ones at their step.

Each row is a transaction of its own; what cannot be read in is listed with its reason, and what is
here already is left alone, so that it may be run again. app/services/importing/README.md has the
columns.
"""

from app.services.importing.cases import steps_of
from app.services.importing.reading import FILES, FileRefused
from app.services.importing.run import JOB, RESULTS, Told, import_as_job, import_folder

__all__ = [
    "FILES",
    "JOB",
    "RESULTS",
    "FileRefused",
    "Told",
    "import_as_job",
    "import_folder",
    "steps_of",
]
