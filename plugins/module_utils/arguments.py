# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several modules share, and what is made of them: connections to servers, and a waiter."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import env_fallback

from .client import Client, Connection
from .errors import OptionError
from .graylog import Graylog
from .marathon import Marathon
from .mesos import Mesos
from .registry import ImageReference, Registry
from .sizes import seconds
from .spnego import KerberosIdentity
from .waiter import Waiter

# A registry may be silent for long while it takes a large layer.
_UPLOAD_PATIENCE = 6


def _from_environment(name: str, **options: t.Any) -> dict[str, t.Any]:
    return {"fallback": (env_fallback, [name]), **options}


def connection_options() -> dict[str, t.Any]:
    """The options of the documentation fragment ``platform``."""
    return {
        "marathon_url": _from_environment("MARATHON_URL", type="list", elements="str"),
        "mesos_url": _from_environment("MESOS_MASTER_URL", type="list", elements="str"),
        "url_username": _from_environment("MESOSPARK_USERNAME", type="str"),
        "url_password": _from_environment("MESOSPARK_PASSWORD", type="str", no_log=True),
        "mesos_username": _from_environment("MESOSPARK_MESOS_USERNAME", type="str"),
        "mesos_password": _from_environment("MESOSPARK_MESOS_PASSWORD", type="str", no_log=True),
        **_transport_options(),
    }


def graylog_options() -> dict[str, t.Any]:
    """The options of the documentation fragment ``graylog``."""
    return {
        "graylog_url": _from_environment("GRAYLOG_URL", type="list", elements="str"),
        "url_username": _from_environment("GRAYLOG_USERNAME", type="str"),
        "url_password": _from_environment("GRAYLOG_PASSWORD", type="str", no_log=True),
        **_transport_options(),
    }


def graylog_wait_options() -> dict[str, t.Any]:
    """The options of the documentation fragment ``graylog_wait``."""
    return wait_options("30s", "500ms")


def graylog_access_options() -> dict[str, t.Any]:
    """The options that lead to Graylog in modules which have ``connection_options`` too."""
    return {
        "graylog_url": _from_environment("GRAYLOG_URL", type="list", elements="str"),
        "graylog_username": _from_environment("GRAYLOG_USERNAME", type="str"),
        "graylog_password": _from_environment("GRAYLOG_PASSWORD", type="str", no_log=True),
    }


def _transport_options() -> dict[str, t.Any]:
    return {
        "ca_path": _from_environment("MESOSPARK_CA_PATH", type="path"),
        "client_cert": _from_environment("MESOSPARK_CLIENT_CERT", type="path"),
        "client_key": _from_environment("MESOSPARK_CLIENT_KEY", type="path", no_log=False),
        "validate_certs": {"type": "bool", "default": True},
        "timeout": {"type": "float", "default": 10.0},
        "auth": _from_environment("MESOSPARK_AUTH", type="str", choices=["basic", "kerberos"], default="basic"),
        "kerberos_principal": _from_environment("MESOSPARK_KERBEROS_PRINCIPAL", type="str"),
        "kerberos_keytab": _from_environment("MESOSPARK_KERBEROS_KEYTAB", type="path", no_log=False),
        "kerberos_credential_cache": _from_environment("MESOSPARK_KERBEROS_CREDENTIAL_CACHE", type="str"),
    }


def wait_options(timeout: str, sleep: str = "2s") -> dict[str, t.Any]:
    """The options of the documentation fragment ``wait``; ``timeout`` and ``sleep`` are defaults."""
    return {
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "str", "default": timeout},
        "wait_sleep": {"type": "str", "default": sleep},
    }


def marathon_from(params: dict[str, t.Any]) -> Marathon:
    """Raises OptionError when no URL is given or a TLS file can not be used."""
    return Marathon(_client(params, "Marathon", "marathon_url", "MARATHON_URL"))


def mesos_from(params: dict[str, t.Any]) -> Mesos:
    """Raises OptionError when no URL is given or a TLS file can not be used."""
    return Mesos(_client(params, "The Mesos master", "mesos_url", "MESOS_MASTER_URL"))


def graylog_from(params: dict[str, t.Any]) -> Graylog:
    """Raises OptionError when no URL is given or a TLS file can not be used."""
    return Graylog(_client(params, "Graylog", "graylog_url", "GRAYLOG_URL"))


def waiter_from(params: dict[str, t.Any]) -> Waiter:
    """Raises OptionError when a duration is not one."""
    sleep = seconds("wait_sleep", params["wait_sleep"])
    if sleep <= 0:
        raise OptionError("wait_sleep", params["wait_sleep"], "is no pause", "write a duration such as 2s")
    return Waiter(seconds("wait_timeout", params["wait_timeout"]), sleep)


def _client(params: dict[str, t.Any], service: str, option: str, variable: str) -> Client:
    urls = tuple(url.strip().rstrip("/") for url in params[option] or () if url.strip())
    if not urls:
        raise OptionError(
            option, params[option], "names no server", f"give the option or set the environment variable {variable}"
        )
    if params["timeout"] <= 0:
        raise OptionError("timeout", params["timeout"], "is no time to wait for an answer", "give seconds above 0")
    username, password = params["url_username"], params["url_password"]
    own_account = None
    if option == "mesos_url":
        own_account = params["mesos_username"]
        username, password = own_account or username, params["mesos_password"] or password
    elif option == "graylog_url" and "graylog_username" in params:
        own_account = params["graylog_username"]
        username, password = own_account, params["graylog_password"]
    connection = Connection(
        urls=urls,
        username=username,
        password=password,
        ca_path=params["ca_path"],
        client_cert=params["client_cert"],
        client_key=params["client_key"],
        validate_certs=params["validate_certs"],
        timeout=params["timeout"],
        kerberos=None if own_account else _kerberos_identity(params),
    )
    return Client(connection, service, option)


def _kerberos_identity(params: dict[str, t.Any]) -> t.Optional[KerberosIdentity]:
    if params["auth"] != "kerberos":
        return None
    return KerberosIdentity(
        params["kerberos_principal"], params["kerberos_keytab"], params["kerberos_credential_cache"]
    )


def registry_options() -> dict[str, t.Any]:
    """The options that lead to an image registry, with an account that may push."""
    return {
        "registry_url": _from_environment("MESOSPARK_REGISTRY_URL", type="str"),
        "registry_username": _from_environment("MESOSPARK_REGISTRY_USERNAME", type="str"),
        "registry_password": _from_environment("MESOSPARK_REGISTRY_PASSWORD", type="str", no_log=True),
    }


def registry_from(params: dict[str, t.Any], reference: ImageReference) -> Registry:
    """The registry of an image; it is trusted by the same CA as the other servers.

    A registry itself knows no Kerberos: only one behind a URL of its own, a gateway's, is asked with a ticket.
    """
    by_ticket = params["registry_url"] and not params["registry_username"]
    connection = Connection(
        urls=((params["registry_url"] or reference.url).rstrip("/"),),
        username=params["registry_username"],
        password=params["registry_password"],
        ca_path=params["ca_path"],
        validate_certs=params["validate_certs"],
        timeout=params["timeout"] * _UPLOAD_PATIENCE,
        kerberos=_kerberos_identity(params) if by_ticket else None,
    )
    return Registry(connection, reference)
