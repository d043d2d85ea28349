# SPDX-License-Identifier: GPL-3.0-or-later
"""Write numbered lines with the driver and four executors: app.py LINES SECONDS

All of them write at once, to stdout and stderr, evenly over so many seconds.
"""

import fcntl
import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from numbered_lines import EXECUTORS, PROCESSES, SECRET, STREAMS, lines_per_file, records
from pyspark import BarrierTaskContext
from pyspark.sql import SparkSession


def open_stream(name: str) -> int:
    """The container's own stream. Python's are pipes into the JVM, which puts both into one of its own."""
    process = os.getpid()
    while Path(f"/proc/{process}/comm").read_text().strip() != "java":
        process = int(re.search(r"^PPid:\t(\d+)$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)[1])
    stream = os.open(f"/proc/{process}/fd/{STREAMS.index(name) + 1}", os.O_WRONLY | os.O_APPEND)
    # Room for the longest line: a write that has to wait lets lines of the JVM in between.
    fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, 1 << 20)
    return stream


def iso_time() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write(process: str, lines: int, seconds: float) -> str:
    """Write all records of one process; the host that it runs on."""
    streams = [open_stream(name) for name in STREAMS]
    texts = [records(process, name, lines, iso_time) for name in STREAMS]
    start = time.monotonic()
    for number, pair in enumerate(zip(*texts, strict=True)):
        time.sleep(max(0.0, start + seconds * number / lines_per_file(lines) - time.monotonic()))
        for stream, record in zip(streams, pair, strict=True):
            os.write(stream, record)
    return socket.gethostname()


def write_as_executor(_partition: Iterator[int]) -> Iterator[tuple[str, str]]:
    process = EXECUTORS[BarrierTaskContext.get().partitionId()]
    yield process, write(process, lines, seconds)


lines, seconds = int(sys.argv[1]), float(sys.argv[2])
spark = SparkSession.builder.config("spark.hadoop.ledger.secret.key", SECRET).getOrCreate()
while spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < len(PROCESSES):
    time.sleep(0.2)
with ThreadPoolExecutor(1) as driver:
    driver_host = driver.submit(write, "driver", lines, seconds)
    # A barrier: every task has an executor of its own.
    tasks = spark.sparkContext.parallelize(EXECUTORS, len(EXECUTORS)).barrier().mapPartitions(write_as_executor)
    hosts = {**dict(tasks.collect()), "driver": driver_host.result()}
spark.stop()
Path(os.environ["SPARK_RESULT_FILE"]).write_text(json.dumps({"lines": lines, "hosts": hosts}), encoding="utf-8")
