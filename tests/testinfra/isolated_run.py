# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of test_isolation.py: counts words, then finds out what its driver and its executors reach.

With the argument ``driver`` it asks no executor. It works hand in hand with the check by files in the driver's sandbox:
it writes ``address``, reads ``targets.json`` (a list of "address:port") when it comes, and ends when there is
``release``.
"""

import json
import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql import SparkSession

PORT = 9000
GREETING = b"isolated run"
PATIENCE = 600.0  # seconds
SANDBOX = Path(os.environ["MESOS_SANDBOX"])
WORDS = ["to", "be", "or", "not", "to", "be"]


def outcome(target: str) -> str:
    """open, or what the kernel says."""
    host, _colon, port = target.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), 3):
            return "open"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else "timeout"


def outcomes(targets: list[str]) -> dict[str, str]:
    with ThreadPoolExecutor(len(targets)) as threads:
        return dict(zip(targets, threads.map(outcome, targets), strict=True))


def awaited(name: str) -> Path:
    """A file of the sandbox when it is there."""
    deadline = time.monotonic() + PATIENCE
    while not (SANDBOX / name).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody has written {name}")
        time.sleep(0.3)
    return SANDBOX / name


def own_address() -> str:
    return socket.gethostbyname(socket.gethostname())


def probe(targets: list[str]) -> tuple[str, dict[str, str]]:
    """What an executor finds. Slow, so that another task meanwhile goes to another executor."""
    time.sleep(4)
    return own_address(), outcomes(targets)


def answer(server: socket.socket) -> None:
    while True:
        connection = server.accept()[0]
        connection.sendall(GREETING)
        connection.close()


def by_executors(context: SparkContext, targets: list[str]) -> tuple[dict[str, int], dict[str, dict[str, str]]]:
    """How often there is each word, and what each executor finds by its address."""
    words = context.parallelize(WORDS * 100, 4).map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b, 4)
    counts = dict(words.collect())
    cores = int(context.getConf().get("spark.cores.max", "1"))
    return counts, dict(context.parallelize(range(cores), cores).map(lambda _number: probe(targets)).collect())


def write(name: str, text: str) -> None:
    (SANDBOX / f".{name}").write_text(text)
    (SANDBOX / f".{name}").rename(SANDBOX / name)


def main() -> None:
    server = socket.create_server((own_address(), PORT))
    threading.Thread(target=answer, args=(server,), daemon=True).start()
    spark = SparkSession.builder.getOrCreate()
    context = spark.sparkContext
    write("address", own_address())
    targets = json.loads(awaited("targets.json").read_text())
    counts, found = ({}, {}) if sys.argv[1:] == ["driver"] else by_executors(context, targets)
    result = {"words": counts, "driver": outcomes(targets), "executors": found}
    Path(os.environ["SPARK_RESULT_FILE"]).write_text(json.dumps(result))
    write("probed", "")
    awaited("release")
    spark.stop()


main()
