#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The system under Spark: Python with NumPy (MLlib needs it), ps (Spark's scripts call it), and the principals' users.
set -eu
. /stages/apt-install.sh

mkdir -p /tmp/sources
cp -a /etc/apt/sources.list* /tmp/sources/
apt_install ca-certificates procps python3 python3-numpy
# Images built upon this one find Debian's own sources again.
rm -rf /etc/apt/sources.list* /etc/apt/apt.conf.d/90mirror /etc/apt/apt.conf.d/91mirror
cp -a /tmp/sources/. /etc/apt/
rm -rf /tmp/sources

for principal in $PRINCIPALS; do
    name=${principal%%:*}
    ids=${principal#*:}
    groupadd --gid "${ids#*:}" "$name"
    useradd --uid "${ids%:*}" --gid "$name" --create-home --home-dir "/home/$name" --shell /usr/sbin/nologin "$name"
done

rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /usr/share/info/*
# NumPy's own tests and headers, and Python's installer: nothing at run time reads them.
rm -rf /usr/lib/python3/dist-packages/numpy/core/include /usr/lib/python3/dist-packages/numpy/f2py
find /usr/lib/python3/dist-packages/numpy -depth -type d -name tests -exec rm -rf {} +
rm -rf /usr/lib/python3.*/ensurepip /usr/lib/python3.*/lib2to3

# Nobody changes users in a job's container.
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
