# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Kerberos programs and libraries complain about, in sentences that say what to do."""

from __future__ import annotations

import os
import re
import typing as t

from .errors import OptionError, PlatformError

# A program and its arguments, and what it reads from standard input; gives status, standard output and standard error.
Runner = t.Callable[[t.Sequence[str], t.Optional[str]], tuple[int, str, str]]

ENCRYPTION_TYPES = {
    16: "des3-cbc-sha1",
    17: "aes128-cts-hmac-sha1-96",
    18: "aes256-cts-hmac-sha1-96",
    19: "aes128-cts-hmac-sha256-128",
    20: "aes256-cts-hmac-sha384-192",
    23: "arcfour-hmac",
    25: "camellia128-cts-cmac",
    26: "camellia256-cts-cmac",
}

UNKNOWN_SERVICE = "the Kerberos server knows no service of that name"
NO_TICKET = "there is no Kerberos ticket"
TICKET_EXPIRED = "the Kerberos ticket has expired"
CLOCKS_APART = "this machine's clock and the Kerberos server's are more than five minutes apart"

# What the library says (patterns), what it means, and what to do. The first that is found in a text
# counts. {realm} and {principal} are replaced; those who know neither get a word in their place.
_SERVERS_TO_BLAME = (
    (
        ("Cannot find KDC", "Cannot find a KDC"),
        "no Kerberos server of the realm {realm} can be found",
        "the DNS records _kerberos._udp and _kerberos._tcp of the domain are missing (role dns_server), or the realm is"
        " written wrong, or this machine asks other name servers",
    ),
    (
        ("Cannot contact any KDC", "Cannot resolve network address for KDC"),
        "no Kerberos server of the realm {realm} answers",
        "start krb5-kdc on a host of the group kerberos_servers and let port 88 (UDP and TCP) through",
    ),
    (
        ("Clock skew too great",),
        CLOCKS_APART,
        "synchronise both (chrony)",
    ),
    (
        ("Cannot determine realm", "Cannot find default realm", "Configuration file does not specify default realm"),
        "the Kerberos realm is not known",
        "set default_realm in /etc/krb5.conf (role kerberos_client)",
    ),
    (
        ("Improper format of Kerberos configuration", "Can't open/find Kerberos configuration"),
        "/etc/krb5.conf can not be read",
        "write it again (role kerberos_client)",
    ),
)
_CALLER_TO_BLAME = (
    (
        (r"Server (\S+ )?not found in Kerberos database", "S_PRINCIPAL_UNKNOWN"),
        UNKNOWN_SERVICE,
        "use the server's full host name in the URL, as the keytab of the service has it",
    ),
    (
        ("not found in Kerberos database", "CLIENT_NOT_FOUND"),
        "the Kerberos server does not know {principal}",
        "make the principal (role kerberos_principals), or correct its name",
    ),
    (
        ("Preauthentication failed", "Password incorrect", "Decrypt integrity check failed", "PREAUTH_FAILED"),
        "the password or key is not the one that the Kerberos server has for {principal}",
        "type the right password, or have the keytab written again (playbooks/identity.yml)",
    ),
    (
        ("no suitable keys for", "No key table entry found", "Key table entry not found"),
        "the keytab has no key for {principal}",
        "name the principal that it is for, or have it written again (playbooks/identity.yml)",
    ),
    (
        ("Key version is not available", "Key version number for principal in key table is incorrect"),
        "the keytab has an older or newer key than the Kerberos server",
        "have it written again (playbooks/identity.yml)",
    ),
    (
        ("credentials have been revoked", "Client's credentials have been revoked"),
        "{principal} is locked after too many wrong passwords",
        "wait for the lock to end, or unlock it with 'kadmin.local modprinc -unlock' on the first Kerberos server",
    ),
    (
        ("Password has expired", "Client's entry in database has expired"),
        "the password of {principal} has expired",
        "set a new one with kpasswd",
    ),
    (
        ("Ticket expired", "credentials have expired", "Credential expired", "context has expired"),
        TICKET_EXPIRED,
        "get a new one with kinit",
    ),
    (
        ("No Kerberos credentials available", "No credentials cache found", "No credentials were supplied"),
        NO_TICKET,
        "get one with kinit, or name a keytab",
    ),
)


class ServersUnavailable(PlatformError):
    """Nothing can be said about a key: no Kerberos server could be asked."""


class LoginRefused(PlatformError):
    """The Kerberos server refused a key or a password, or there was none to offer."""


def kerberos_error(text: str, realm: t.Optional[str] = None, principal: t.Optional[str] = None) -> PlatformError:
    """The error that ``text``, the words of a Kerberos program or library, stands for.

    Its record has ``problem`` and ``fix``.
    """
    told_realm = re.search(r"realm ['\"]?([^'\"\s]+)", text)
    names = {
        "realm": realm or (told_realm.group(1) if told_realm else "of this machine"),
        "principal": principal or "the caller",
    }
    for kind, table in ((ServersUnavailable, _SERVERS_TO_BLAME), (LoginRefused, _CALLER_TO_BLAME)):
        for signs, problem, fix in table:
            if any(re.search(sign, text) for sign in signs):
                told = problem.format(**names)
                return kind(f"{told[0].upper()}{told[1:]}: {fix}.", problem=told, fix=fix)
    told = " ".join(text.split()) or "the Kerberos program gave no reason"
    return LoginRefused(f"Kerberos refused: {told}.", problem=told, fix="look into the journal of krb5-kdc")


def full_name(principal: str, realm: str) -> str:
    """``principal`` with its realm. Raises OptionError when it can not be a principal's name."""
    primary, separator, own_realm = principal.partition("@")
    parts = primary.split("/")
    if not all(parts) or (separator and not own_realm) or any(char.isspace() or ord(char) < 32 for char in principal):
        raise OptionError(
            "principal", principal, "is no principal's name", "write it as name, service/host or name@REALM"
        )
    if primary.startswith("-"):
        raise OptionError("principal", principal, "begins with a hyphen", "begin it with a letter")
    return principal if separator else f"{principal}@{realm}"


def login_with_keytab(run: Runner, keytab: str, principal: str, cache: str) -> None:
    """Get a ticket into the file ``cache``. Raises what kerberos_error() makes of a refusal."""
    _login(run, ["kinit", "-k", "-t", f"FILE:{keytab}", "-c", f"FILE:{cache}", principal], principal, None)


def login_with_password(run: Runner, password: str, principal: str, cache: str) -> None:
    """As login_with_keytab(); the password goes by standard input."""
    _login(run, ["kinit", "-c", f"FILE:{cache}", principal], principal, password + "\n")


def _login(run: Runner, arguments: t.Sequence[str], principal: str, data: t.Optional[str]) -> None:
    status, _output, problem = run(arguments, data)
    if status != 0:
        raise kerberos_error(problem, principal.rpartition("@")[2], principal)


def key_version_of_server(run: Runner, principal: str, cache: str) -> t.Optional[int]:
    """Version of the key that the Kerberos server encrypts tickets for ``principal`` with.

    None: the server gives no tickets for it, as for people. ``cache`` holds a ticket of anybody.
    """
    status, output, _problem = run(["kvno", "-c", f"FILE:{cache}", principal], None)
    version = output.rpartition("=")[2].strip()
    return int(version) if status == 0 and version.isdigit() else None


def runner_of(module: t.Any) -> Runner:
    """How modules start programs: in English, with nothing of a secret in arguments."""
    environment = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}

    def run(arguments: t.Sequence[str], data: t.Optional[str]) -> tuple[int, str, str]:
        program = module.get_bin_path(arguments[0], opt_dirs=["/usr/sbin", "/usr/bin"])
        if program is None:
            raise PlatformError(
                f"The program {arguments[0]} is not installed on this host: run the role kerberos_client."
            )
        result = module.run_command([program, *arguments[1:]], data=data, environ_update=environment)
        return int(result[0]), str(result[1]), str(result[2])

    return run


def default_realm(configuration: t.Optional[str] = None) -> t.Optional[str]:
    """The default_realm of krb5.conf, None without one."""
    path = configuration or os.environ.get("KRB5_CONFIG", "/etc/krb5.conf")
    try:
        with open(path, encoding="utf-8") as stream:
            lines = [line.split("#")[0] for line in stream]
    except OSError:
        return None
    for line in lines:
        key, separator, value = line.partition("=")
        if separator and key.strip() == "default_realm" and value.strip():
            return value.strip()
    return None
