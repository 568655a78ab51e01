"""Numbers for Prometheus: what waits in the database, and how requests fare.

They are counted in this process, or by all of a machine in the folder that PROMETHEUS_MULTIPROC_DIR
names, which is prometheus_client's own setting.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.services.operations import figures

logger = logging.getLogger(__name__)


class _Standing(Collector):
    """What waits, asked of the database at each scrape: the same from every process."""

    def collect(self) -> Iterator[Metric]:
        for name, (says, value) in figures.now().items():
            yield GaugeMetricFamily(f"putright_{name}", says, value=value)


def init_app(app: Flask) -> None:
    """Count and time each request by its route, never by its address: that may hold a secret."""
    kept = CollectorRegistry()
    kept.register(_Standing())
    requests = Counter("putright_requests", "Requests answered", ["route", "status"], registry=kept)
    seconds = Histogram(
        "putright_request_seconds", "Time that requests took", ["route"], registry=kept
    )
    app.extensions["metrics"] = kept

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(answer: Response) -> Response:
        route = request.endpoint or "none"
        took = time.perf_counter() - g.get("began", time.perf_counter())
        requests.labels(route, str(answer.status_code)).inc()
        seconds.labels(route).observe(took)
        said = {"route": route, "method": request.method, "status": answer.status_code}
        logger.info("request", extra=said | {"ms": round(took * 1000, 1)})
        return answer


def registry(app: Flask) -> CollectorRegistry:
    """What is counted, and what waits."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        together = CollectorRegistry()
        together.register(_Standing())
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return together
    kept: CollectorRegistry = app.extensions["metrics"]
    return kept
