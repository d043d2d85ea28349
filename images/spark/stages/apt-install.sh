#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# apt_install PACKAGE...: installs by the mirror settings of /mirror, if there are any, and tidies up.

apt_install() {
    if [ -s /mirror/apt-sources ]; then
        rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
        # apt tells the two formats apart by the file's name.
        if grep -q '^Types:' /mirror/apt-sources; then format=sources; else format=list; fi
        cp /mirror/apt-sources "/etc/apt/sources.list.d/mirror.$format"
    fi
    if [ -s /mirror/apt-configuration ]; then
        cp /mirror/apt-configuration /etc/apt/apt.conf.d/90mirror
    fi
    if [ -s /mirror/ca-bundle.pem ]; then
        echo 'Acquire::https::CAInfo "/mirror/ca-bundle.pem";' >/etc/apt/apt.conf.d/91mirror
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -q -y --no-install-recommends "$@"
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
}
