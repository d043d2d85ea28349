# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk to the server: TLS with client certificates."""

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
        _load_authorities(context, "ssl_ca_file", options.ssl_ca_file)
    if options.ssl_crl_file:
        _load_authorities(context, "ssl_crl_file", options.ssl_crl_file)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _load_authorities(context: ssl.SSLContext, flag: str, path: str) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:
        content = "certificates" if flag == "ssl_ca_file" else "revocation lists"
        raise OptionError(f"--{flag} {path}: not a PEM file of {content} ({error})") from error


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
