# SPDX-License-Identifier: GPL-3.0-or-later
"""Estimate pi by random darts: app.py DARTS"""

import json
import os
import random
import sys
from pathlib import Path

from pyspark.sql import SparkSession

PARTS = 4


def hits(part: int) -> int:
    """How many darts of this part fall into the quarter circle; the seed makes the run repeatable."""
    dart = random.Random(part).random
    return sum(dart() ** 2 + dart() ** 2 <= 1 for _number in range(darts))


darts = int(sys.argv[1]) // PARTS
spark = SparkSession.builder.getOrCreate()
inside = spark.sparkContext.parallelize(range(PARTS), PARTS).map(hits).sum()
spark.stop()
result = {"pi": 4 * inside / (darts * PARTS), "darts": darts * PARTS}
Path(os.environ["SPARK_RESULT_FILE"]).write_text(json.dumps(result), encoding="utf-8")
print(f"pi is about {result['pi']}")
