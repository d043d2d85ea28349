# SPDX-License-Identifier: GPL-3.0-or-later
"""Find wrong figures in the data, say which, and end with exit code 3."""

import json
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
figures = spark.sparkContext.parallelize([("north", 12), ("south", -7), ("west", 31)], 2)
wrong = figures.filter(lambda figure: figure[1] < 0).collect()
spark.stop()
Path(os.environ["SPARK_RESULT_FILE"]).write_text(json.dumps({"wrong": dict(wrong)}), encoding="utf-8")
for region, value in wrong:
    print(f"The sales of {region} are {value}, and sales can not be negative", file=sys.stderr)
sys.exit(3 if wrong else 0)
