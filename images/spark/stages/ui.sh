#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Compiles the UI's filter, and what it uses, against the Spark it is for.
set -eu

mkdir /classes
find /ui -name '*.java' -exec javac --release 8 -Xlint:all,-options -Werror -cp '/jars/*' -d /classes {} +
jar --create --file /mesospark-ui.jar -C /classes .
