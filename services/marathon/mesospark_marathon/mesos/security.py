# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS towards the Mesos master, configured by the same LIBPROCESS_SSL_* environment as every Mesos program."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from mesospark_marathon.options import OptionError

_PREFIX = "LIBPROCESS_SSL_"
_TRUE = {"1", "true"}
_FALSE = {"0", "false", ""}


def tls_context(environment: Mapping[str, str]) -> ssl.SSLContext | None:
    """The TLS settings that the environment asks for, None when LIBPROCESS_SSL_ENABLED is not true.

    Read are ENABLED, CA_FILE, CA_DIR, CERT_FILE, KEY_FILE and VERIFY_SERVER_CERT. Unlike libprocess, the master's
    certificate is checked unless VERIFY_SERVER_CERT is false. Without CA_FILE and CA_DIR the system's CAs are trusted.

    Raises OptionError naming the variable that is wrong.
    """
    if not _flag(environment, "ENABLED", default=False):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authorities = _file(environment, "CA_FILE")
    directory = environment.get(f"{_PREFIX}CA_DIR") or None
    if not _flag(environment, "VERIFY_SERVER_CERT", default=True):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif authorities or directory:
        try:
            context.load_verify_locations(cafile=authorities, capath=directory)
        except OSError as error:
            raise OptionError(f"{_PREFIX}CA_FILE={authorities}: not a PEM file of certificates ({error})") from error
    else:
        context.load_default_certs()
    certificate, key = _file(environment, "CERT_FILE"), _file(environment, "KEY_FILE")
    if (certificate is None) != (key is None):
        raise OptionError(f"{_PREFIX}CERT_FILE and {_PREFIX}KEY_FILE must be given together")
    if certificate is not None:
        try:
            # Without a passphrase given here, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(certificate, key, password="")
        except OSError as error:
            raise OptionError(
                f"{_PREFIX}CERT_FILE={certificate} and {_PREFIX}KEY_FILE={key}: "
                f"not a PEM certificate and its private key without passphrase ({error})"
            ) from error
    return context


def _flag(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environment.get(_PREFIX + name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise OptionError(f"{_PREFIX}{name}={value}: must be true or false")


def _file(environment: Mapping[str, str], name: str) -> str | None:
    path = environment.get(_PREFIX + name)
    if not path:
        return None
    try:
        with Path(path).open("rb"):
            return path
    except OSError as error:
        raise OptionError(f"{_PREFIX}{name}={path}: can not be read ({error.strerror})") from error
