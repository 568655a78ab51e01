"""The table of a run: what was measured on each database, against what was aimed at.

Ratios travel from machine to machine, milliseconds do not: only counts fail a run.
"""

from __future__ import annotations

import json
import operator
import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from app.settings import ROOT

DATABASES = ("SQLite", "PostgreSQL")
PACKAGES = ("SpiffWorkflow", "django-viewflow", "SQLAlchemy", "psycopg", "Flask")
REACHES = {"<=": operator.le, ">=": operator.ge}


@dataclass
class Measure:
    """A line: by database a number and its target, such as ">= 3"; empty without one."""

    values: dict[str, float] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)

    @property
    def met(self) -> dict[str, bool]:
        """Whether each number that has a target reaches it."""
        aims = {where: target.split() for where, target in self.targets.items() if target}
        return {
            where: REACHES[sign](self.values[where], float(bound))
            for where, (sign, bound) in aims.items()
        }


class Table:
    """All that a run has measured. Told as it goes, printed and kept at its end."""

    def __init__(self) -> None:
        self.measures: dict[str, Measure] = {}
        self.beside: dict[str, Any] = beside()

    def tell(self, database: str, name: str, value: float, target: str = "") -> None:
        measure = self.measures.setdefault(name, Measure())
        measure.values[database], measure.targets[database] = value, target

    def lines(self) -> list[str]:
        """The table in words."""
        head = f"{'measure':64}{DATABASES[0]:>12}{DATABASES[1]:>12}{'target':>18}  met?"
        return [head, *(_line(name, measure) for name, measure in self.measures.items())]

    def keep(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(exist_ok=True)
        measures = {
            name: {"targets": each.targets, "values": each.values, "met": each.met}
            for name, each in self.measures.items()
        }
        path.write_text(json.dumps({"beside": self.beside, "measures": measures}, indent=2))


def _line(name: str, measure: Measure) -> str:
    numbers = [f"{measure.values[d]:.2f}" if d in measure.values else "" for d in DATABASES]
    met = [measure.met[d] for d in DATABASES if d in measure.met]
    words = "/".join("yes" if each else "NO" for each in met)
    targets = " / ".join(dict.fromkeys(filter(None, measure.targets.values())))
    return f"{name:64}{numbers[0]:>12}{numbers[1]:>12}{targets:>18}  {words}".rstrip()


def beside() -> dict[str, Any]:
    """What the numbers depend on: the machine, the versions, the commit."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    return {
        "commit": commit.stdout.strip(),
        "cores": os.cpu_count(),
        "load at the beginning": os.getloadavg()[0],
        "fdatasync per second": round(syncs_per_second()),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{package: version(package) for package in PACKAGES},
    }


def syncs_per_second(tries: int = 300) -> float:
    """How often a second this disk keeps 512 bytes."""
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(tries):
            file.write(b"x" * 512)
            file.flush()
            os.fdatasync(file.fileno())
        return tries / (time.perf_counter() - began)


def milliseconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


@dataclass(frozen=True)
class Times:
    """Milliseconds of one case: of its start, and of each finished task."""

    start: float
    finish: list[float]


def in_turn(rounds: int, **arms: Callable[[], object]) -> dict[str, float]:
    """The median milliseconds of each, taken in turn: whatever else goes on weighs on all."""
    taken: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, act in arms.items():
            taken[name].append(milliseconds(act))
    return {name: median(times) for name, times in taken.items()}
