#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# stage.sh NAME COMMAND...: runs one stage of a make target, says when it begins and how long it took.
set -u
name=$1
shift
began=$(date +%s)
printf '\n==> %s\n' "$name"
"$@"
status=$?
took=$(($(date +%s) - began))
if [ "$status" -eq 0 ]; then
  printf '<== %s: done in %d min %02d s\n' "$name" $((took / 60)) $((took % 60))
else
  printf '<== %s: FAILED (exit status %d) after %d min %02d s\n' "$name" "$status" $((took / 60)) $((took % 60)) >&2
fi
exit "$status"
