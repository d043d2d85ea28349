# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk to the server: TLS with client certificates, and basic credentials."""

import base64
import binascii
import hmac
import ssl

from mesospark_marathon.options import OptionError, Options

_CLIENT_AUTHENTICATION = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}


def server_tls_context(options: Options) -> ssl.SSLContext | None:
    """TLS of the HTTPS listener, None when there is no certificate. TLS 1.2 and newer.

    Raises OptionError when a file is not what its flag says.
    """
    if not options.ssl_certificate_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_certificate(context, options)
    context.verify_mode = _CLIENT_AUTHENTICATION[options.ssl_client_authentication]
    if options.ssl_ca_file:
        try:
            context.load_verify_locations(cafile=options.ssl_ca_file)
        except OSError as error:
            raise OptionError(
                f"--ssl_ca_file {options.ssl_ca_file}: not a PEM file of certificates ({error})"
            ) from error
    return context


def load_certificate(context: ssl.SSLContext, options: Options) -> None:
    """Read certificate and key into `context`; connections made from now on use them. Raises OptionError."""
    try:
        # Without a passphrase given here, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(options.ssl_certificate_file, options.ssl_key_file, password="")
    except OSError as error:
        raise OptionError(
            f"--ssl_certificate_file {options.ssl_certificate_file} and --ssl_key_file {options.ssl_key_file}: "
            f"not a PEM certificate and its private key without passphrase ({error})"
        ) from error


def check_certificate(options: Options) -> None:
    """Raises OptionError when certificate and key can not be used together."""
    load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), options)


class Credentials:
    """The accounts of --http_credentials_file; without any, everybody may ask."""

    def __init__(self, lines: str) -> None:
        parted = (line.partition(":") for line in lines.splitlines())
        self._accounts = {user: password for user, _colon, password in parted if user}

    def user(self, authorization: str | None) -> str | None:
        """Whose password an Authorization header carries; "" when everybody may ask, None for a stranger."""
        if not self._accounts:
            return ""
        scheme, _space, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        # An unknown user costs the same comparison, so that answer times do not tell which users there are.
        expected = self._accounts.get(user, "")
        right = hmac.compare_digest(password.encode(), expected.encode())
        return user if right and user in self._accounts else None
