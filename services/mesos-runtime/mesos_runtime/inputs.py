# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runtime is made of."""

from dataclasses import dataclass
from pathlib import Path

_SERVICE = Path(__file__).resolve().parent.parent
NATIVE_SOURCES = _SERVICE / "native"
EXECUTOR_SOURCES = _SERVICE / "executors"
BUILD_SOURCES = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Download:
    """A file of the Python package index."""

    project: str
    version: str
    file_name: str
    sha256: str
    member: str  # the file in it that is used, by the end of its path
    licence: str


# A Python extension into which the whole Mesos library is linked.
MESOS_LIBRARY = Download(
    project="mesos.scheduler",
    version="1.11.0",
    file_name="mesos.scheduler-1.11.0.linux-x86_64.tar.gz",
    sha256="1d376f20bca6d05ee8b90c1c123a452b28753497ccc2f1c80ea3ac94c12e8f6e",
    member="/mesos/scheduler/_scheduler.so",
    licence="Apache-2.0",
)

# Debian packages that hosts need to run it.
RUN_TIME_PACKAGES = (
    "libapr1",
    "libcurl3-gnutls",
    "libsasl2-2",
    "libsasl2-modules",
    "libssl3",
    "libsvn1",
    "python3",
    "tar",
    "zlib1g",
)


def executor_files() -> list[Path]:
    """The executors' programs and modules, sorted; nothing that tools have left beside them."""
    return sorted([*EXECUTOR_SOURCES.glob("mesos-*"), *EXECUTOR_SOURCES.glob("mesos_executors/*.py")])


def project_sources() -> list[Path]:
    """Every file of this service that the outcome depends on, sorted."""
    found = [path for path in NATIVE_SOURCES.rglob("*") if path.suffix in {".c", ".cpp", ".hpp"}]
    return sorted([*found, *executor_files(), *BUILD_SOURCES.glob("*.py")])
