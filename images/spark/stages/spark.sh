#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Spark from PyPI, as a Spark home. README.md says what is left out, and why.
set -eu
. /stages/apt-install.sh

apt_install ca-certificates python3-pip python3-setuptools python3-wheel
if [ -s /mirror/pip.conf ]; then
    export PIP_CONFIG_FILE=/mirror/pip.conf
fi
if [ -s /mirror/ca-bundle.pem ]; then
    export PIP_CERT=/mirror/ca-bundle.pem
fi
pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-binary :all: --require-hashes \
    --requirement /stages/requirements.txt --dest /download
mkdir -p /download/source /opt/spark/python/lib /opt/spark/conf /opt/spark/mesos
tar --extract --gzip --file /download/pyspark-*.tar.gz --directory /download/source --strip-components 1

cd /download/source
cp -a deps/bin deps/sbin deps/jars deps/licenses /opt/spark/
cp -a lib/*.zip /opt/spark/python/lib/
cp -a pyspark /opt/spark/python/
mkdir -p /opt/spark/examples/src/main
cp -a deps/examples /opt/spark/examples/src/main/python
rm -rf /opt/spark/python/pyspark/tests /opt/spark/python/pyspark/*/tests

cd /opt/spark/jars
rm -f kubernetes-* spark-kubernetes_* okhttp-* okio-* logging-interceptor-* zjsonpatch-* generex-* \
    spark-yarn_* spark-repl_* spark-hive_* spark-hive-thriftserver_* jline-* scala-compiler-* \
    hive-beeline-* hive-cli-* hive-common-* hive-exec-* hive-jdbc-* hive-llap-common-* hive-metastore-* hive-serde-* \
    hive-service-rpc-* hive-shims-* datanucleus-* derby-* javax.jdo-* jdo-api-* bonecp-* HikariCP-* libfb303-* libthrift-* \
    ST4-* stax-api-* rocksdbjni-*
chmod -R a+rX /opt/spark
