#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for the Spark image's entrypoint where no Spark is needed: the same contract with Marathon, the sandbox and the modules,
# the application being a shell script.
case "$MESOS_TASK_ID" in *._app.1) ;; *) exit 0 ;; esac
while [ "${1#--}" != "$1" ]; do shift 2; done
export SPARK_RESULT_FILE="$MESOS_SANDBOX/result.json"
sh "$@"
status=$?
echo "$status" > "$MESOS_SANDBOX/exit_status"
exit "$status"
