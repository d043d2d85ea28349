# SPDX-License-Identifier: GPL-3.0-or-later
"""Uses what the trimmed image must still have, in one process; prints a line for each."""

from pyspark.ml.classification import LogisticRegression
from pyspark.ml.linalg import Vectors
from pyspark.sql import SparkSession

settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2"}
spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
rows = [(0.0, Vectors.dense([0.0, 1.1])), (1.0, Vectors.dense([2.0, 1.0]))]
frame = spark.createDataFrame(rows, ["label", "features"])
model = LogisticRegression(maxIter=5).fit(frame)
print("mllib", model.transform(frame).where("prediction = label").count())
for file_format in ("parquet", "orc", "json", "csv"):
    frame.select("label").write.format(file_format).save(f"/tmp/{file_format}")
    print(file_format, spark.read.format(file_format).load(f"/tmp/{file_format}").count())
spark.sql("CREATE TABLE numbers (n INT) USING parquet LOCATION '/tmp/numbers'")
spark.sql("INSERT INTO numbers VALUES (1), (2)")
print("sql", spark.sql("SELECT sum(n) FROM numbers").first()[0])
stream = spark.readStream.schema("label DOUBLE").parquet("/tmp/parquet").groupBy("label").count()
query = (
    stream.writeStream.format("memory").queryName("counts").outputMode("complete").trigger(availableNow=True).start()
)
query.awaitTermination()
print("streaming", spark.table("counts").count())
