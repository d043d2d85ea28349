# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds libcrypto.so.1.0.0 and libssl.so.1.0.0: the names and versions that the Mesos library wants, on OpenSSL 3.

Functions that changed are translated by native/openssl/*.c; all others are jumps to the function of the same name. The
old names are exported as non-default versions while the references inside have OpenSSL 3's, so that nothing can bind to
the wrong one, and the system's own OpenSSL does all the work.
"""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mesos_runtime import toolchain
from mesos_runtime.errors import BuildError
from mesos_runtime.symbols import Symbol, version_script

_JUMP = (
    '__asm__(".text\\n.globl shim_{0}\\n.type shim_{0},@function\\nshim_{0}:\\n jmp *{0}@GOTPCREL(%rip)\\n'
    '.size shim_{0},.-shim_{0}\\n");'
)
_PARTS = {
    "libcrypto.so.1.0.0": ("crypto.c", ("-lcrypto",)),
    "libssl.so.1.0.0": ("ssl.c", ("-lssl", "-lcrypto")),
}


def build(wanted: Mapping[str, list[Symbol]], sources: Path, output: Path) -> None:
    """Build both libraries into `output`; `wanted` is what `undefined_symbols` gave for the Mesos library."""
    for name, (source, libraries) in _PARTS.items():
        symbols = wanted[name]
        data = [symbol.name for symbol in symbols if symbol.kind == "OBJECT"]
        if data:
            raise BuildError(f"{name}: data symbols cannot be forwarded: {', '.join(data)}")
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            translated = set(re.findall(r"\bshim_(\w+)\(", (sources / source).read_text(encoding="utf-8")))
            (work / "forward.h").write_text(_forward_header(symbols, translated), encoding="ascii")
            (work / "versions").write_text(version_script(symbols), encoding="ascii")
            toolchain.shared_library(
                [sources / source],
                output / name,
                *("-Wall", "-Wextra", f"-I{work}", f"-Wl,--version-script={work}/versions"),
                *("-Wl,-z,defs", "-Wl,--no-as-needed", *libraries),
            )
        _check(output / name, symbols)


def _forward_header(symbols: list[Symbol], translated: set[str]) -> str:
    lines = []
    for symbol in symbols:
        if symbol.name not in translated:
            lines.append(_JUMP.format(symbol.name))
        lines.append(f'__asm__(".symver shim_{symbol.name},{symbol.name}@{symbol.version}");')
    return "\n".join(lines) + "\n"


def _check(library: Path, symbols: list[Symbol]) -> None:
    listed = subprocess.run(["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True)
    exported = {line.split()[-1] for line in listed.stdout.splitlines()}
    missing = [symbol.name for symbol in symbols if f"{symbol.name}@{symbol.version}" not in exported]
    if missing:
        raise BuildError(f"{library.name} lacks {', '.join(missing)}")
