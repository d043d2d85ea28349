# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the user's spark-submit arguments apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import Refusal

# spark-submit options with a value, and what stands for them in the configuration (None: the option is passed on).
OPTIONS: dict[str, str | None] = {
    "--class": None,
    "--jars": None,
    "--files": None,
    "--archives": None,
    "--py-files": None,
    "--packages": None,
    "--exclude-packages": None,
    "--repositories": None,
    "--keytab": None,
    "--principal": None,
    "--driver-memory": "spark.driver.memory",
    "--driver-cores": "spark.driver.cores",
    "--driver-class-path": "spark.driver.extraClassPath",
    "--driver-java-options": "spark.driver.extraJavaOptions",
    "--driver-library-path": "spark.driver.extraLibraryPath",
    "--executor-memory": "spark.executor.memory",
    "--executor-cores": "spark.executor.cores",
    "--total-executor-cores": "spark.cores.max",
}
SWITCHES = ("--verbose", "-v")
PLATFORM_OPTIONS = ("--master", "--deploy-mode", "--properties-file", "--name", "--proxy-user", "--kill", "--status")
SANDBOX_SCHEME = "sandbox:"


@dataclass
class Arguments:
    """The user's part of a spark-submit command."""

    application: str
    application_arguments: list[str]
    options: list[str] = field(default_factory=list)
    configuration: dict[str, str] = field(default_factory=dict)


def parse_arguments(arguments: Sequence[str]) -> Arguments:
    """Splits at the first argument that is neither an option nor an option's value: the application.

    Options that only set a configuration key become that key, so that there is one place to check and to merge.
    Raises Refusal for unknown options, options of the platform, and a missing application.
    """
    parsed = Arguments("", [])
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if not argument.startswith("-"):
            parsed.application = argument
            parsed.application_arguments = list(arguments[position + 1 :])
            return parsed
        position += 1
        if argument in SWITCHES:
            parsed.options.append(argument)
            continue
        option, separator, value = argument.partition("=")
        if option in PLATFORM_OPTIONS:
            raise Refusal(f"option {option} is set by the platform: remove it")
        if option not in OPTIONS and option not in ("--conf", "-c"):
            raise Refusal(f"option {option} is not one of spark-submit's for a driver in client mode")
        if not separator:
            if position == len(arguments):
                raise Refusal(f"option {option} needs a value")
            value = arguments[position]
            position += 1
        _add_option(parsed, option, value)
    raise Refusal("no application is given: the last arguments must be its file and its own arguments")


def _add_option(parsed: Arguments, option: str, value: str) -> None:
    if option in ("--conf", "-c"):
        key, separator, setting = value.partition("=")
        if not separator or not key:
            raise Refusal(f"--conf {value} must look like key=value")
        parsed.configuration[key.strip()] = setting.strip()
        return
    key_of_option = OPTIONS[option]
    if key_of_option is None:
        parsed.options += [option, value]
    else:
        parsed.configuration[key_of_option] = value


def find_application(application: str, sandbox: Path) -> str:
    """Path or URL for spark-submit: absolute paths are in the image, URLs are Spark's affair, all others are files in
    the sandbox. Raises Refusal when a file does not exist.
    """
    if application.startswith(SANDBOX_SCHEME):
        path = sandbox / application.removeprefix(SANDBOX_SCHEME).lstrip("/")
        place = "the sandbox"
    elif ":/" in application:
        return application
    else:
        path = sandbox / application  # an absolute path stays what it is
        place = "the image" if Path(application).is_absolute() else "the sandbox"
    if not path.is_file():
        found = ", ".join(sorted(entry.name for entry in sandbox.iterdir())) if place == "the sandbox" else ""
        raise Refusal(
            f"application {application}: no such file in {place}" + (f", which holds {found}" if found else "")
        )
    return str(path)
