# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS to the agent, as the agent's own LIBPROCESS_SSL_* variables say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mesos_executors.values import is_true

if TYPE_CHECKING:
    import ssl

_PREFIX = "LIBPROCESS_SSL_"


def agent_context(environment: Mapping[str, str]) -> "ssl.SSLContext | None":
    """A client context with the agent's certificate; None if the agent has no TLS. OSError names a file that is bad."""

    def setting(name: str) -> str:
        return environment.get(_PREFIX + name, "")

    if not is_true(setting("ENABLED")):
        return None
    import ssl  # 3 MB, so only where the agent has TLS

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # An agent without LIBPROCESS_SSL_CIPHERS offers old ciphers that Python's own list leaves out.
    context.set_ciphers("DEFAULT")
    verify = is_true(setting("VERIFY_SERVER_CERT") or setting("VERIFY_CERT"))
    # The agent is called by address: a certificate without addresses can be verified, but not compared.
    context.check_hostname = verify and is_true(setting("VERIFY_IPADD"))
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if setting("CA_FILE") or setting("CA_DIR"):
        context.load_verify_locations(setting("CA_FILE") or None, setting("CA_DIR") or None)
    elif verify:
        context.load_default_certs()
    if setting("CERT_FILE") and setting("KEY_FILE"):
        try:
            context.load_cert_chain(setting("CERT_FILE"), setting("KEY_FILE"))
        except PermissionError as error:
            if is_true(setting("REQUIRE_CLIENT_CERT")):
                raise PermissionError(
                    f"the agent wants a client certificate, but this task's user may not read {setting('KEY_FILE')}"
                ) from error
    return context
