# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the start options from the command line and the MARATHON_* environment."""

import argparse
import logging
import socket
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NoReturn

from mesospark_marathon import __version__
from mesospark_marathon.flags import (
    FLAG_GROUPS,
    FLAGS,
    REFUSED_FLAGS,
    Flag,
    NumberFlag,
    SecretFileFlag,
    SwitchFlag,
    TextFlag,
)
from mesospark_marathon.mesos.masters import parse_masters
from mesospark_marathon.options import OptionError, Options
from mesospark_marathon.server.passwords import check_accounts

log = logging.getLogger(__name__)

EXIT_CANNOT_BIND = 111
EXIT_BAD_OPTION = 112
"""exit codes of the real Marathon"""

_ENVIRONMENT_PREFIX = "MARATHON_"
_DESCRIPTION = """\
The Marathon REST API on Apache Mesos.

Each flag can also be given as environment variable MARATHON_<FLAG>, for instance MARATHON_HTTP_PORT; a switch is on
when its variable is empty or true. TLS towards Mesos is configured by LIBPROCESS_SSL_ENABLED, _CA_FILE, _CERT_FILE,
_KEY_FILE and _VERIFY_SERVER_CERT.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message}; marathon --help lists all flags")


def parse_options(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """The options that `arguments` (without the program's name) and MARATHON_* variables give.

    Prints and exits 0 for --help and --version. Raises OptionError for everything that is wrong; a flag given in both
    places is wrong too. Secrets are read from their files here.
    """
    given = _environment_values(environment)
    from_line = _line_values(arguments)
    for name in REFUSED_FLAGS:
        if name in from_line:
            raise OptionError(
                f"--{name} is refused, everybody could read the secret in the process list; {REFUSED_FLAGS[name]}"
            )
    for name in given.keys() & from_line.keys():
        raise OptionError(f"--{name} is given twice: on the command line and as {_variable(name)}; leave one out")
    values: dict[str, Any] = {}
    for name, text in (given | from_line).items():
        flag = FLAGS[name]
        if isinstance(flag, SecretFileFlag):
            values[flag.option] = _secret(flag, text)
        else:
            values[name] = _value(flag, text)
    options = Options(**values)
    if not options.hostname:
        options = replace(options, hostname=socket.gethostname())
    _check(options)
    return options


def _line_values(arguments: Sequence[str]) -> dict[str, str]:
    parsed, unknown = _parser().parse_known_args(list(arguments))
    if unknown:
        # Only the flag's name is shown: what follows a misspelt flag may be a secret.
        name = next((text.partition("=")[0] for text in unknown if text.startswith("-")), "a value without a flag")
        raise OptionError(f"{name} is no flag of this Marathon; marathon --help lists all flags")
    return {name: value for name, value in vars(parsed).items() if value is not None}


def _parser() -> _Parser:
    parser = _Parser(
        prog="marathon",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    defaults = {field.name: field.default for field in fields(Options)}
    for title, flags in FLAG_GROUPS.items():
        group = parser.add_argument_group(title)
        for flag in flags:
            text = flag.help.replace("%", "%%")
            if isinstance(flag, SwitchFlag):
                group.add_argument(f"--{flag.name}", action="store_const", const="", help=text)
                continue
            default = defaults.get(flag.name)
            if default not in (None, ""):
                text += f" (default: {default})"
            metavar = "N" if isinstance(flag, NumberFlag) else "FILE" if flag.name.endswith("_file") else "TEXT"
            if isinstance(flag, TextFlag) and flag.choices:
                metavar = "|".join(flag.choices)
            group.add_argument(f"--{flag.name}", metavar=metavar, help=text)
    for name in REFUSED_FLAGS:
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    return parser


def _variable(name: str) -> str:
    return _ENVIRONMENT_PREFIX + name.upper()


def _environment_values(environment: Mapping[str, str]) -> dict[str, str]:
    values = {name: environment[_variable(name)] for name in FLAGS if _variable(name) in environment}
    for name, advice in REFUSED_FLAGS.items():
        if _variable(name) in environment:
            raise OptionError(f"{_variable(name)} is refused, child processes and crash reports hold it; {advice}")
    # A Marathon that is itself a Marathon task finds the variables of its app (MARATHON_APP_ID ...): no reason to fail.
    for variable in sorted(environment):
        name = variable.removeprefix(_ENVIRONMENT_PREFIX)
        if name != variable and not name.startswith("APP_") and name.lower() not in FLAGS:
            log.warning("The environment variable %s is no flag of this Marathon and has no effect", variable)
    return values


def _value(flag: Flag, text: str) -> str | int | bool:
    if isinstance(flag, SwitchFlag):
        if text.lower() in ("", "true", "1"):
            return True
        if text.lower() in ("false", "0"):
            return False
        raise OptionError(f"--{flag.name}: '{text}' must be true or false")
    if isinstance(flag, NumberFlag):
        try:
            number = int(text)
        except ValueError:
            raise OptionError(f"--{flag.name}: '{text}' must be a whole number") from None
        if not flag.minimum <= number <= flag.maximum:
            raise OptionError(f"--{flag.name}: {number} must be between {flag.minimum} and {flag.maximum}")
        return number
    if isinstance(flag, TextFlag) and flag.choices and text not in flag.choices:
        raise OptionError(f"--{flag.name}: '{text}' must be one of {', '.join(flag.choices)}")
    return text


def _secret(flag: SecretFileFlag, path: str) -> str:
    _readable(flag.name, path)
    content = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    if not content:
        raise OptionError(f"--{flag.name} {path}: the file is empty")
    if Path(path).stat().st_mode & 0o007:
        log.warning("--%s %s: everybody on this machine can read the file; set its mode to 0400", flag.name, path)
    return content


def _readable(name: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise OptionError(f"--{name} {path}: can not be read ({error.strerror})") from None


def _check(options: Options) -> None:
    """Find what is wrong between options. Raises OptionError."""
    parse_masters(options.master)
    if not Path(options.store).absolute().parent.is_dir():
        raise OptionError(f"--store {options.store}: its directory does not exist")
    if options.local_port_min >= options.local_port_max:
        raise OptionError(
            f"--local_port_min {options.local_port_min} must be below --local_port_max {options.local_port_max}"
        )
    _check_listeners(options)
    _check_mesos_authentication(options)
    check_accounts(options.http_credentials)
    if options.rules_file and not options.http_credentials:
        raise OptionError("--rules_file needs --http_credentials_file: without accounts nobody is known")
    if options.trusted_proxies and not options.rules_file:
        raise OptionError("--trusted_proxies has no effect without --rules_file; add it")
    if options.trusted_proxies and options.ssl_client_authentication == "none":
        raise OptionError("--trusted_proxies needs --ssl_client_authentication optional or required")


def _check_listeners(options: Options) -> None:
    if bool(options.ssl_certificate_file) != bool(options.ssl_key_file):
        raise OptionError("--ssl_certificate_file and --ssl_key_file must be given together")
    if options.disable_http and not options.ssl_certificate_file:
        raise OptionError(
            "--disable_http leaves nothing to listen on; give --ssl_certificate_file and --ssl_key_file too"
        )
    if options.ssl_client_authentication != "none" and not options.ssl_ca_file:
        raise OptionError(f"--ssl_client_authentication {options.ssl_client_authentication} needs --ssl_ca_file")
    if options.ssl_crl_file and not options.ssl_ca_file:
        raise OptionError("--ssl_crl_file needs --ssl_ca_file")
    for name in ("ssl_certificate_file", "ssl_key_file", "ssl_ca_file", "ssl_crl_file"):
        if path := getattr(options, name):
            _readable(name, path)


def _check_mesos_authentication(options: Options) -> None:
    principal, secret = options.mesos_authentication_principal, options.mesos_authentication_secret
    if options.mesos_authentication and not (principal and secret):
        raise OptionError(
            "--mesos_authentication needs --mesos_authentication_principal and --mesos_authentication_secret_file"
        )
    if (principal or secret) and not options.mesos_authentication:
        raise OptionError(
            "--mesos_authentication_principal and --mesos_authentication_secret_file have no effect without "
            "--mesos_authentication; add it"
        )
