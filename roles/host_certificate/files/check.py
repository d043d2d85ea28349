# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daily look at a host's certificates: python3 -m certificates.check SETTINGS

Prints each problem at level error for the journal, and ends with status 1 if there is one.
"""

import json
import sys
from pathlib import Path

from . import certificate_probe, handshake

ERROR = "<3>"  # what systemd takes for the level of a line


def main() -> int:
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    identity = handshake.Identity(settings["client_cert"], settings["client_key"])
    trust = handshake.Trust(settings["ca_path"], settings["revocation_list"])
    probe = certificate_probe.Probe(settings["window"], trust, identity, settings["timeout"])
    # A service that does not answer has no certificate to complain about.
    listeners = [found for found in probe.listeners(settings["listeners"]) if "subject" in found]
    paths = [path for pattern in settings["certificates"] for path in sorted(Path("/").glob(pattern.lstrip("/")))]
    files = [entry for path in paths for entry in probe.file(str(path))]
    found = certificate_probe.problems(listeners, files)
    for problem in found:
        print(f"{ERROR}{problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
