# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds two small libraries that satisfy what else the Mesos library wants.

`libcurl.so.4` forwards to the system's GnuTLS flavour of libcurl: the OpenSSL flavour would bring a second binding to
OpenSSL into the process. `libmesos-py.so` holds the names of Python 2 that the archive, a Python extension, refers to
and the servers never use.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from mesos_runtime import toolchain
from mesos_runtime.symbols import Symbol, version_script

_CURL = "libcurl.so.4"
_REAL_CURL = "libcurl-gnutls.so.4"
PYTHON_STUBS = "libmesos-py.so"

_CURL_HEAD = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void *real_library(void) {
  static void *library;
  if (library == NULL) library = dlopen("%s", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (library == NULL) {
    fprintf(stderr, "%%s\\n", dlerror());
    exit(127);
  }
  return library;
}
"""
_CURL_JUMP = (
    '__attribute__((visibility("hidden"))) void *real_{0};\n'
    '__asm__(".text\\n.globl {0}\\n.type {0},@function\\n{0}:\\n jmp *real_{0}(%rip)\\n.size {0},.-{0}\\n");'
)


def build(wanted: Mapping[str, list[Symbol]], output: Path) -> None:
    """Build both libraries into `output`; `wanted` is what `undefined_symbols` gave for the Mesos library."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        curl, python = work / "curl.c", work / "python.c"
        curl.write_text(_curl_source(wanted[_CURL]), encoding="ascii")
        (work / "versions").write_text(version_script(wanted[_CURL]), encoding="ascii")
        toolchain.shared_library([curl], output / _CURL, f"-Wl,--version-script={work}/versions")
        python.write_text(_python_source(wanted[""]), encoding="ascii")
        toolchain.shared_library([python], output / PYTHON_STUBS, "-w")


def _curl_source(symbols: list[Symbol]) -> str:
    names = [symbol.name for symbol in symbols]
    lines = [_CURL_HEAD % _REAL_CURL, *(_CURL_JUMP.format(name) for name in names)]
    lines.append("__attribute__((constructor(101))) static void resolve(void) {")
    lines += [f'  real_{name} = dlsym(real_library(), "{name}");' for name in names]
    return "\n".join([*lines, "}"]) + "\n"


def _python_source(symbols: list[Symbol]) -> str:
    lines = []
    for name in (symbol.name for symbol in symbols if symbol.name.startswith(("Py", "_Py"))):
        is_data = name.startswith("PyExc_") or name.endswith(("Struct", "_Type"))
        lines.append(f"char {name}[4096];" if is_data else f"void {name}(void) {{ __builtin_trap(); }}")
    return "\n".join(lines) + "\n"
