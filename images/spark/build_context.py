# SPDX-License-Identifier: GPL-3.0-or-later
"""Assembles the complete docker build context of the Spark image and prints its digest.

Output: a JSON object {"digest": ..., "context": ..., "build_args": {...}}. The digest is 16 hexadecimal digits over
all that the image is made from, except the mirror settings. It fits into an image tag: an image of that tag need not
be built again. Standard library only.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PARTS = ("Dockerfile", "requirements.txt", "stages", "ui", "conf", "bin", "entrypoint")
DRIVER_JAR = "mesos-scheduler-driver.jar"
DEFAULT_BASE_IMAGE = "debian:bookworm-slim"
DEFAULT_PRINCIPAL = "spark:1850:1850"
PRINCIPAL = re.compile(r"[a-z_][a-z0-9_-]*:[1-9][0-9]*:[1-9][0-9]*")


class ContextError(Exception):
    """What is wrong with an option or missing on this machine, in one sentence."""


def main() -> int:
    """Exit status 0, or 2 after one sentence on stderr."""
    options = parse_options()
    try:
        principals = checked_principals(options.principal or [DEFAULT_PRINCIPAL])
        mirror = {
            "apt-sources": options.apt_sources,
            "apt-configuration": options.apt_configuration,
            "ca-bundle.pem": options.ca_bundle,
            "pip.conf": options.pip_configuration,
        }
        build_arguments = {"BASE_IMAGE": options.base_image, "PRINCIPALS": " ".join(principals)}
        assemble(options.output, options.driver_jar or build_driver(), mirror)
        print(
            json.dumps(
                {
                    "digest": digest(options.output, build_arguments),
                    "context": str(options.output.resolve()),
                    "build_args": build_arguments,
                }
            )
        )
    except (ContextError, OSError) as error:
        print(f"build_context: {error}", file=sys.stderr)
        return 2
    return 0


def parse_options() -> argparse.Namespace:
    """Command-line options."""
    parser = argparse.ArgumentParser(description="Assemble the docker build context of the Spark image.")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make anew")
    parser.add_argument("--base-image", default=DEFAULT_BASE_IMAGE, help="default: %(default)s")
    parser.add_argument(
        "--principal",
        action="append",
        metavar="NAME:UID:GID",
        help=f"user in the image; may be repeated (default: {DEFAULT_PRINCIPAL})",
    )
    parser.add_argument("--driver-jar", type=Path, metavar="FILE", help="default: built by services/scheduler-driver")
    parser.add_argument("--apt-sources", type=Path, metavar="FILE", help="sources.list or deb822 file for the build")
    parser.add_argument("--apt-configuration", type=Path, metavar="FILE", help="apt.conf file for the build")
    parser.add_argument("--ca-bundle", type=Path, metavar="FILE", help="certificates that the mirrors' TLS needs (PEM)")
    parser.add_argument("--pip-configuration", type=Path, metavar="FILE", help="pip.conf for the build")
    return parser.parse_args()


def checked_principals(principals: Iterable[str]) -> list[str]:
    """The given NAME:UID:GID texts. Raises ContextError for the first that is none."""
    checked = list(principals)
    for principal in checked:
        if not PRINCIPAL.fullmatch(principal):
            raise ContextError(f"--principal {principal}: must be NAME:UID:GID, for example {DEFAULT_PRINCIPAL}")
    return checked


def build_driver() -> Path:
    """Path of the scheduler driver's jar, built if its sources have changed."""
    sources = REPOSITORY / "services" / "scheduler-driver"
    environment = {**os.environ, "PYTHONPATH": str(sources)}
    command = [sys.executable, "-m", "scheduler_driver", "path"]
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        raise ContextError("the scheduler driver could not be built, see above")
    return Path(result.stdout.strip())


def assemble(output: Path, driver_jar: Path, mirror: Mapping[str, Path | None]) -> None:
    """Fills the folder with the context; what was in it from an earlier call is replaced."""
    if output.exists() and any(output.iterdir()) and not (output / "Dockerfile").is_file():
        raise ContextError(f"--output {output}: holds other files, give an empty or a new folder")
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    for name in PARTS:
        source = HERE / name
        if source.is_dir():
            shutil.copytree(source, output / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, output / name)
    shutil.copyfile(driver_jar, output / DRIVER_JAR)
    folder = output / "mirror"
    folder.mkdir()
    for name, path in mirror.items():
        # The files always exist, so that the Dockerfile needs no condition.
        (folder / name).write_bytes(path.read_bytes() if path else b"")
    normalise(output)


def normalise(folder: Path) -> None:
    """Fixes modes and times: the engine's layer cache looks at both."""
    for path in [folder, *folder.rglob("*")]:
        executable = path.is_dir() or path.parent.name == "bin"
        path.chmod(0o755 if executable else 0o644)
        os.utime(path, (0, 0))


def digest(context: Path, build_arguments: Mapping[str, str]) -> str:
    """16 hexadecimal digits over the context's files and the build arguments; mirror settings do not count."""
    total = hashlib.sha256(json.dumps(build_arguments, sort_keys=True).encode())
    for path in sorted(context.rglob("*")):
        name = path.relative_to(context).as_posix()
        if path.is_file() and not name.startswith("mirror/"):
            total.update(f"{name}\0{path.stat().st_size}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
