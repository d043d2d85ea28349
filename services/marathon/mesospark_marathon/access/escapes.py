# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an app reaches outside its container, whatever a team's rules say."""

import re

OPERATORS_PARAMETERS = frozenset(
    {
        *("add-host", "blkio-weight", "blkio-weight-device", "cap-add", "cap-drop", "cgroup-parent", "cgroupns"),
        *("cidfile", "cpu-period", "cpu-quota", "cpu-rt-period", "cpu-rt-runtime", "cpu-shares", "cpus", "cpuset-cpus"),
        *("cpuset-mems", "detach", "device", "device-cgroup-rule", "device-read-bps", "device-read-iops"),
        *("device-write-bps", "device-write-iops", "dns", "dns-opt", "dns-option", "dns-search", "domainname"),
        *("env-file", "expose", "gpus", "group-add", "hostname", "ip", "ip6", "ipc", "isolation", "kernel-memory"),
        *("label-file", "link", "link-local-ip", "log-driver", "log-opt", "mac-address", "memory"),
        *("memory-reservation", "memory-swap", "memory-swappiness", "mount", "name", "net", "net-alias", "network"),
        *("network-alias", "oom-kill-disable", "oom-score-adj", "pid", "pids-limit", "platform", "privileged"),
        *("publish", "publish-all", "pull", "restart", "rm", "runtime", "security-opt", "shm-size", "storage-opt"),
        *("sysctl", "ulimit", "userns", "uts", "volume", "volume-driver", "volumes-from"),
    }
)
"""Options of `docker run` that reach the host, another container, a network or what the agent accounts for."""

_PARAMETER = re.compile(r"[a-z][a-z0-9-]*")

# The agent's fetcher, health checks and the program that starts the container run as root on the agent, outside the
# container, with the app's environment: these variables would make them load or run what the app brings along.
_VARIABLE_PREFIXES = (
    "LD_",
    "MESOS_",
    "LIBPROCESS_",
    "DOCKER_",
    "GLOG_",
    "OPENSSL_",
    "SSL_",
    "SASL_",
    "HADOOP_",
    "GIT_",
)
_VARIABLES = frozenset(
    {
        *("PATH", "HOME", "CURL_HOME", "XDG_CONFIG_HOME", "BASH_ENV", "ENV", "IFS", "SHELLOPTS", "BASHOPTS", "PS4"),
        *("GCONV_PATH", "GLIBC_TUNABLES", "LOCPATH", "NLSPATH", "HOSTALIASES", "KRB5_CONFIG", "TMPDIR", "TAR_OPTIONS"),
        *("JAVA_HOME", "GODEBUG", "UNZIP", "GZIP", "BZIP2", "XZ_OPT", "XZ_DEFAULTS"),
    }
)


def is_parameter_name(key: str) -> bool:
    """Whether a key is the name of one option: `volume=/:/host` would be an option and its value."""
    return _PARAMETER.fullmatch(key) is not None


def governs_the_agent(variable: str) -> bool:
    """Whether an environment variable changes what the agent's own programs do."""
    return (
        variable in _VARIABLES or variable.startswith(_VARIABLE_PREFIXES) or "=" in variable or "BASH_FUNC" in variable
    )
