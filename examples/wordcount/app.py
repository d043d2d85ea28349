# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the words of a text: app.py TEXT"""

import json
import os
import re
import sys
from operator import add
from pathlib import Path

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
lines = spark.sparkContext.textFile(f"file://{sys.argv[1]}", 4)
words = lines.flatMap(lambda line: re.findall(r"[a-z]+", line.lower()))
counts = words.map(lambda word: (word, 1)).reduceByKey(add).cache()
result = {
    "words": counts.values().sum(),
    "different_words": counts.count(),
    "most_frequent": dict(
        counts.filter(lambda pair: len(pair[0]) > 4).takeOrdered(5, lambda pair: (-pair[1], pair[0]))
    ),
}
spark.stop()
Path(os.environ["SPARK_RESULT_FILE"]).write_text(json.dumps(result), encoding="utf-8")
print(f"{result['words']} words, {result['different_words']} different ones")
