# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles the launchers: mesos-master, mesos-agent and mesos-containerizer."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mesos_runtime import toolchain
from mesos_runtime.forwarding import PYTHON_STUBS

MESOS_LIBRARY = "libmesos-1.11.0.so"

_COMMON = ("flags.cpp", "messages.cpp", "kernel_capabilities.cpp")
_SERVER = ("startup.cpp", "firewall.cpp", *_COMMON)
# Place in the runtime -> its sources.
_PROGRAMS = {
    "sbin/mesos-master": ("master.cpp", *_SERVER),
    "sbin/mesos-agent": (
        *("agent.cpp", "agent_cgroups.cpp", "agent_environment.cpp", "cgroup_version_2.cpp"),
        *("executor_socket.cpp", "json_strings.cpp", "pending_future_tracker.cpp", *_SERVER),
    ),
    "libexec/mesos/mesos-containerizer": (
        *("containerizer.cpp", "containerizer_environment.cpp", "sysrq_trigger.cpp"),
        *_COMMON,
    ),
}
# Library objects are reached through storage of no declared type.
_COMPILE = ("-std=c++17", "-O2", "-Wall", "-Wextra", "-fno-strict-aliasing", "-fstack-protector-strong", "-fPIE")
# DT_RPATH, because DT_RUNPATH would not reach the library's own dependencies.
_LINK = ("-pie", "-Wl,--no-as-needed", "-Wl,--disable-new-dtags", "-Wl,--allow-shlib-undefined", "-Wl,-z,relro", "-s")


def build(sources: Path, runtime: Path, work: Path) -> None:
    """Compile into `runtime`, whose lib/ must be complete; objects go to `work`."""
    units = sorted({unit for program in _PROGRAMS.values() for unit in program})
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        list(pool.map(lambda unit: _compile(sources / unit, work), units))
        list(pool.map(lambda place: _link(place, runtime, work), _PROGRAMS))


def _compile(source: Path, work: Path) -> None:
    toolchain.run("g++", *_COMPILE, "-c", source, "-o", work / f"{source.stem}.o")


def _link(place: str, runtime: Path, work: Path) -> None:
    output = runtime / place
    output.parent.mkdir(parents=True, exist_ok=True)
    to_lib = "/".join([".."] * place.count("/")) + "/lib"
    objects = [work / f"{Path(unit).stem}.o" for unit in _PROGRAMS[place]]
    libraries = (f"-L{runtime / 'lib'}", f"-l:{PYTHON_STUBS}", f"-l:{MESOS_LIBRARY}", "-ldl")
    toolchain.run("g++", *objects, "-o", output, *_LINK, f"-Wl,-rpath,$ORIGIN/{to_lib}", *libraries)
