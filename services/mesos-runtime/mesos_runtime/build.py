# SPDX-License-Identifier: GPL-3.0-or-later
"""The build: downloads, compiles and packs, and keeps the outcome in the cache under the digest of its inputs."""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mesos_runtime import MESOS_VERSION, archive, forwarding, inputs, manifest, openssl_shim, programs, toolchain
from mesos_runtime.cache import cache_folder, locked
from mesos_runtime.download import fetch, sha256_of
from mesos_runtime.errors import BuildError
from mesos_runtime.progress import say, step
from mesos_runtime.symbols import undefined_symbols

_FOLDER = f"mesos-{MESOS_VERSION}"
ARCHIVE_NAME = f"{_FOLDER}-linux-x86_64.tar.xz"
_COMPILE = """
import py_compile, sys
for module in sys.argv[1:]:
    py_compile.compile(
        module,
        dfile="libexec/mesos/" + module,  # what tracebacks show: not the place of the build
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
"""
# The host's own Python, whatever the environment of a task or the packages of a host say.
_EXECUTOR_SHEBANG = "#!/usr/bin/python3 -ES"
# Debian 12's Python, for which the executors are compiled in advance.
_EXECUTOR_MAGIC = b"\xa7\x0d\x0d\x0a"


@dataclass(frozen=True)
class Runtime:
    """A finished build: the unpacked folder, the archive and its digest file."""

    folder: Path
    archive: Path
    checksum: Path


def build(output: Path | None = None) -> Runtime:
    """The runtime from the cache, or newly built; archive and checksum are also copied to `output`.

    BuildError if a tool is missing, a download fails or its digest is wrong.
    """
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        raise BuildError(f"the Mesos library is for Linux on x86_64, not for {platform.system()} {platform.machine()}")
    toolchain.check()
    tools = toolchain.versions()
    sources = _sources_digest()
    key = hashlib.sha256(repr((sources, inputs.MESOS_LIBRARY, sorted(tools.items()))).encode()).hexdigest()[:16]
    cache = cache_folder()
    target = cache / "builds" / key
    runtime = Runtime(target / _FOLDER, target / ARCHIVE_NAME, target / f"{ARCHIVE_NAME}.sha256")
    if not runtime.checksum.exists():
        with locked(cache):
            if not runtime.checksum.exists():
                _build(cache, target, sources, tools)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        for file in (runtime.archive, runtime.checksum):
            shutil.copy2(file, output / file.name)
        say(f"{output / ARCHIVE_NAME}")
    return runtime


def _build(cache: Path, target: Path, sources: str, tools: dict[str, str]) -> None:
    download = fetch(
        inputs.MESOS_LIBRARY.project,
        inputs.MESOS_LIBRARY.file_name,
        inputs.MESOS_LIBRARY.sha256,
        cache / "downloads",
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".building-") as folder:
        made = Path(folder) / "made"
        runtime = made / _FOLDER
        for part in ("lib", "sbin", "libexec/mesos"):
            (runtime / part).mkdir(parents=True)
        library = runtime / "lib" / programs.MESOS_LIBRARY
        with step("unpacking and stripping the Mesos library"):
            archive.extract_member(download, inputs.MESOS_LIBRARY.member, library)
            toolchain.run("strip", library)
        with step("building the OpenSSL shim"):
            wanted = undefined_symbols(library)
            openssl_shim.build(wanted, inputs.NATIVE_SOURCES / "openssl", library.parent)
            forwarding.build(wanted, library.parent)
        with step("compiling mesos-master, mesos-agent and mesos-containerizer"):
            work = Path(folder) / "objects"
            work.mkdir()
            programs.build(inputs.NATIVE_SOURCES, runtime, work)
        install_executors(runtime / "libexec/mesos")
        _set_modes(runtime)
        manifest.write(runtime, sources, tools)
        with step("packing the archive"):
            archive.pack(runtime, made / ARCHIVE_NAME)
        checksum = f"{sha256_of(made / ARCHIVE_NAME)}  {ARCHIVE_NAME}\n"
        (made / f"{ARCHIVE_NAME}.sha256").write_text(checksum, encoding="ascii")
        made.rename(target)
    _remove_old_builds(target.parent)
    say(f"built {target / _FOLDER}")


def _remove_old_builds(folder: Path) -> None:
    """Remove builds of other inputs that are older than a day: something may still run from younger ones."""
    limit = time.time() - 86400
    for path in folder.iterdir():
        if path.stat().st_mtime < limit:
            shutil.rmtree(path, ignore_errors=True)


def install_executors(folder: Path) -> None:
    """Put the executors and the fetcher into `folder`, byte code included, so that no agent ever writes there."""
    modules = []
    for source in inputs.executor_files():
        target = folder / source.relative_to(inputs.EXECUTOR_SOURCES)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".py":
            shutil.copyfile(source, target)
            modules.append(str(target.relative_to(folder)))
        else:
            target.write_text(f"{_EXECUTOR_SHEBANG}\n{source.read_text()}")
    if importlib.util.MAGIC_NUMBER == _EXECUTOR_MAGIC:
        # Byte code depends on what the compiling process has done before: a fresh one for all, without random hashes.
        command = [sys.executable, "-S", "-c", _COMPILE, *modules]
        subprocess.run(command, cwd=folder, env={"PYTHONHASHSEED": "0"}, check=True)


def _set_modes(runtime: Path) -> None:
    for path in (runtime, *runtime.rglob("*")):
        programs_folder = path.parent in (runtime / "sbin", runtime / "libexec/mesos")
        path.chmod(0o755 if path.is_dir() or programs_folder or ".so" in path.name else 0o644)


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for path in inputs.project_sources():
        name = os.fsencode(path.relative_to(inputs.BUILD_SOURCES.parent))
        digest.update(len(name).to_bytes(4, "big") + name + hashlib.sha256(path.read_bytes()).digest())
    digest.update(importlib.util.MAGIC_NUMBER)
    return digest.hexdigest()
