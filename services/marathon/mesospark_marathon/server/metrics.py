# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures about requests, and the two forms in which all figures are given out."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

_KEPT_DURATIONS = 1024
_QUANTILES = {"p50": 0.5, "p75": 0.75, "p95": 0.95, "p98": 0.98, "p99": 0.99, "p999": 0.999}
_METHODS = ("get", "post", "put", "delete", "head", "options")


class Timer:
    """Durations of one kind of request: a count, their sum, and the quantiles of the latest ones. Seconds."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0.0
        self._started = time.monotonic()
        self._latest: deque[float] = deque(maxlen=_KEPT_DURATIONS)

    def add(self, seconds: float) -> None:
        self.count += 1
        self.sum += seconds
        self._latest.append(seconds)

    def quantiles(self) -> dict[str, float]:
        """Seconds by name (`p50` ...), zeros before the first request."""
        values = sorted(self._latest) or [0.0]
        return {name: values[max(0, math.ceil(share * len(values)) - 1)] for name, share in _QUANTILES.items()}

    def document(self) -> dict[str, Any]:
        """The timer as `/metrics` shows it."""
        values = self._latest or [0.0]
        rate = self.count / max(time.monotonic() - self._started, 1e-9)
        return {
            "count": self.count,
            "max": max(values),
            "mean": sum(values) / len(values),
            "min": min(values),
            **self.quantiles(),
            "mean_rate": rate,
            "duration_units": "seconds",
            "rate_units": "calls/second",
        }


class ServerMetrics:
    """Counts requests and answers, and joins them with the core's figures.

    `core` gives figures by Marathon's metric names; the suffix tells their type (`.gauge`, `.counter`).
    """

    def __init__(self, core: Callable[[], Mapping[str, float]], event_streams: Callable[[], int]) -> None:
        self._core = core
        self._event_streams = event_streams
        self._active = 0
        self._answers = dict.fromkeys(("1xx", "2xx", "3xx", "4xx", "5xx"), 0)
        self._timers = {"": Timer()} | {f"{method}.": Timer() for method in (*_METHODS, "other")}
        self._started = time.monotonic()
        self._registry = CollectorRegistry()
        self._registry.register(_Adapter(self.families))
        ProcessCollector(registry=self._registry)

    def begin(self) -> float:
        """A request came in; the result is for `end`."""
        self._active += 1
        return time.monotonic()

    def end(self, began: float, method: str, status: int) -> None:
        self._active -= 1
        seconds = time.monotonic() - began
        self._answers[f"{status // 100}xx"] += 1
        self._timers[""].add(seconds)
        name = method.lower() if method.lower() in _METHODS else "other"
        self._timers[f"{name}."].add(seconds)

    def _figures(self) -> dict[str, float]:
        return {
            "marathon.http.requests.active.gauge": self._active,
            "marathon.http.event-streams.active.gauge": self._event_streams(),
            "marathon.uptime.gauge.seconds": time.monotonic() - self._started,
            **self._core(),
        }

    def document(self) -> dict[str, Any]:
        """All figures in the form of Dropwizard Metrics 4, as `/metrics` shows them."""
        figures = self._figures()
        elapsed = max(time.monotonic() - self._started, 1e-9)
        return {
            "version": "4.0.0",
            "gauges": {name: {"value": value} for name, value in figures.items() if not _is_counter(name)},
            "counters": {name: {"count": value} for name, value in figures.items() if _is_counter(name)},
            "histograms": {},
            "meters": {
                f"marathon.http.responses.{kind}.rate.meter": {
                    "count": count,
                    "mean_rate": count / elapsed,
                    "units": "events/second",
                }
                for kind, count in self._answers.items()
            },
            "timers": {
                f"marathon.http.requests.{method}duration.timer.seconds": timer.document()
                for method, timer in self._timers.items()
            },
        }

    def prometheus(self) -> bytes:
        """All figures, and those of the process, in the text format of Prometheus."""
        return generate_latest(self._registry)

    def families(self) -> Iterator[Metric]:
        """The figures as Prometheus metrics, with `_` for every character that a metric's name may not hold."""
        for name, value in self._figures().items():
            flat = _flat(name)
            if _is_counter(name):
                yield CounterMetricFamily(flat, name, value=value)
            else:
                yield GaugeMetricFamily(flat, name, value=value)
        answers = CounterMetricFamily("marathon_http_responses", "answers by class of status", labels=["class"])
        for kind, count in self._answers.items():
            answers.add_metric([kind], count)
        yield answers
        durations = SummaryMetricFamily(
            "marathon_http_requests_duration_seconds", "seconds from request to answer", labels=["method"]
        )
        for method, timer in self._timers.items():
            if not method:
                continue
            label = method.rstrip(".")
            durations.add_metric([label], timer.count, timer.sum)
            for quantile, seconds in timer.quantiles().items():
                labels = {"method": label, "quantile": str(_QUANTILES[quantile])}
                durations.add_sample("marathon_http_requests_duration_seconds", labels, seconds)
        yield durations


class _Adapter(Collector):
    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families()


def _is_counter(name: str) -> bool:
    return ".counter" in name


def _flat(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)
