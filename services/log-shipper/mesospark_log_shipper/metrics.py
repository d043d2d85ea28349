# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for Prometheus, one series per destination."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

_LABELS = ("destination",)


class Metrics:
    """The figures of every destination."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        def counter(name: str, text: str) -> Counter:
            return Counter(f"log_shipper_{name}", text, _LABELS, registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"log_shipper_{name}", text, _LABELS, registry=registry)

        self.records = counter("records_acknowledged", "Records that the destination has acknowledged")
        self.bytes = counter("bytes_acknowledged", "Bytes of logs that the destination has acknowledged")
        self.cut = counter("records_cut", "Pieces of records that were too large to be sent whole")
        self.blank = counter("records_blank", "Records of white space only, which are not sent")
        self.rewound = counter("bytes_rewound", "Acknowledged bytes sent again after a broken connection")
        self.dropped = counter("bytes_dropped", "Unacknowledged bytes of removed files given up at the disk bound")
        self.truncated = counter("truncations", "Files that were truncated, and read again from their beginning")
        self.failures = counter("connection_failures", "Connections that broke or could not be made")
        self.connected = gauge("connected", "1 while there is a connection")
        self.files = gauge("files", "Files that are being read")
        self.lag_bytes = gauge("lag_bytes", "Bytes of logs that are not acknowledged")
        self.lag_seconds = gauge("lag_seconds", "Age of the oldest byte that is not acknowledged")
        self.held = gauge("held_bytes", "Disk space of removed files that are kept until they are acknowledged")
        self.unheld = gauge(
            "files_unheld", "Files without a hard link: removed while the shipper is down, they are lost"
        )
        self.last = gauge("last_acknowledgement_timestamp_seconds", "When the destination acknowledged last")

    def of(self, destination: str) -> "DestinationMetrics":
        """The figures of one destination; all of them are there from the start."""
        return DestinationMetrics(self, destination)


class DestinationMetrics:
    """The figures of Metrics, for one destination."""

    def __init__(self, metrics: Metrics, destination: str) -> None:
        self.records = metrics.records.labels(destination)
        self.bytes = metrics.bytes.labels(destination)
        self.cut = metrics.cut.labels(destination)
        self.blank = metrics.blank.labels(destination)
        self.rewound = metrics.rewound.labels(destination)
        self.dropped = metrics.dropped.labels(destination)
        self.truncated = metrics.truncated.labels(destination)
        self.failures = metrics.failures.labels(destination)
        self.connected = metrics.connected.labels(destination)
        self.files = metrics.files.labels(destination)
        self.lag_bytes = metrics.lag_bytes.labels(destination)
        self.lag_seconds = metrics.lag_seconds.labels(destination)
        self.held = metrics.held.labels(destination)
        self.unheld = metrics.unheld.labels(destination)
        self.last = metrics.last.labels(destination)
