# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the pip bootstrap that ansible-test wants into ansible-test's own cache, from the package index.

ansible-test downloads a bootstrap script from a server of its own, which closed networks do not reach. The script's
only use is to install that pip into an empty virtual environment; the pip wheel itself can do it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "24.2"
SHA256 = "2cd581cf58ab7fcfca4ce8efa6dcacd0de5bf8d0a3eb9ec927e07405f4d9e2a2"
CACHE = Path.home() / ".ansible" / "test" / "cache"

BOOTSTRAP = """\
import runpy
import sys

sys.path.insert(0, {wheel!r})
# The options of the original script that pip itself does not know.
sys.argv[1:] = ["install", *(word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel"))]
runpy.run_module("pip", run_name="__main__")
"""


def main() -> None:
    """Download the wheel and write the script, unless a script is there."""
    script = CACHE / f"get_pip_{VERSION.replace('.', '_')}.py"
    if script.exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(f"pip=={VERSION} --hash=sha256:{SHA256}\n")
        requirements.flush()
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
        subprocess.run([*command, "-d", str(CACHE), "-r", requirements.name], check=True)
    script.write_text(BOOTSTRAP.format(wheel=str(CACHE / f"pip-{VERSION}-py3-none-any.whl")))


if __name__ == "__main__":
    main()
