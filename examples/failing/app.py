# SPDX-License-Identifier: GPL-3.0-or-later
"""Find wrong figures in the data, say which, and end with exit code 3. The executors complain of them too."""

import json
import os
import sys
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession


def expect_good(figure: tuple[str, int]) -> None:
    """Fail for a wrong figure; this runs on the executors."""
    region, sales = figure
    if sales < 0:
        raise ValueError(f"sales of {sales} in region {region}")


spark = SparkSession.builder.getOrCreate()
figures = spark.sparkContext.parallelize([("north", 12), ("south", -7), ("west", 31)], 2)
wrong = {}
try:
    figures.foreach(expect_good)
except Py4JJavaError:
    wrong = dict(figures.filter(lambda figure: figure[1] < 0).collect())
spark.stop()
Path(os.environ["SPARK_RESULT_FILE"]).write_text(json.dumps({"wrong": wrong}), encoding="utf-8")
for region, sales in wrong.items():
    print(f"The sales of {region} are {sales}, and sales can not be negative", file=sys.stderr)
sys.exit(3 if wrong else 0)
