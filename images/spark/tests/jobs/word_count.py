# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts words in two executors: word_count.py [EXIT_STATUS [SECONDS]]. The result goes to SPARK_RESULT_FILE."""

import json
import os
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("a name of the job's own").getOrCreate()
context = spark.sparkContext

# Work must not start before both executors are there, or the first may do it all.
tracker = context._jsc.sc().statusTracker()
while len(tracker.getExecutorInfos()) < 3:  # the driver counts as one
    time.sleep(0.2)


def lines(part: int) -> list[str]:
    return [f"all words count {part}"] * 1000


counts = context.parallelize(range(8), 8).flatMap(lines).flatMap(str.split).map(lambda word: (word, 1))
totals = dict(counts.reduceByKey(lambda one, other: one + other, 4).collect())

frame = spark.range(1000).selectExpr("id % 10 as remainder", "id").groupBy("remainder").sum("id")
result = {
    "words": totals["words"],
    "three": totals["3"],
    "groups": frame.count(),
    "executors": len(tracker.getExecutorInfos()) - 1,
    "ui": context.uiWebUrl,
    "environment": sorted(name for name in os.environ if name.startswith(("MESOS_", "LIBPROCESS_"))),
}
Path(os.environ["SPARK_RESULT_FILE"]).write_text(json.dumps(result))
if len(sys.argv) > 2:
    time.sleep(float(sys.argv[2]))
spark.stop()
sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
