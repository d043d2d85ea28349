# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pack_source.py SERVICE CACHE: pack a Python service's source into CACHE/<name>-<checksum>.tar.gz and print that path.

The same source gives the same bytes on every machine, so the checksum in the name stands for the source.
"""

import gzip
import hashlib
import io
import sys
import tarfile
from pathlib import Path

LEFT_OUT = {"tests", "__pycache__", "build", "dist"}


def source_files(service: Path) -> list[Path]:
    """The files that make up the service, relative to its folder, in a fixed order."""
    files = (path.relative_to(service) for path in service.rglob("*") if path.is_file())
    return sorted(path for path in files if not any(_left_out(part) for part in path.parts))


def _left_out(part: str) -> bool:
    return part in LEFT_OUT or part.startswith(".") or part.endswith((".egg-info", ".pyc"))


def pack(service: Path) -> bytes:
    """A tar archive, compressed, with everything below the folder `source` and nothing that changes by itself."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for path in source_files(service):
            content = (service / path).read_bytes()
            entry = tarfile.TarInfo(f"source/{path.as_posix()}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def main() -> None:
    service, cache = (Path(argument).resolve() for argument in sys.argv[1:3])
    content = pack(service)
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"{service.name}-{hashlib.sha256(content).hexdigest()[:12]}.tar.gz"
    if not archive.exists():
        # Another playbook may do the same now: the name appears only when the file is whole.
        part = archive.with_suffix(".part")
        part.write_bytes(content)
        part.replace(archive)
    print(archive)


if __name__ == "__main__":
    main()
