# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos realm and Debian's httpd with the configuration that the role gateway writes, on loopback."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml
from debian_program import debian_tree
from mesos_runtime.local_cluster.certificates import Certificate
from mesos_runtime.local_cluster.cluster import free_port
from mesos_runtime.local_cluster.process import ClusterProcess

REALM = "PLATFORM.TEST"
NAME = "gateway.platform.test"
_REPOSITORY = Path(__file__).resolve().parents[2]
_ROLE = _REPOSITORY / "roles/gateway"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_PACKAGES = (
    *("apache2-bin", "libapache2-mod-auth-gssapi", "libapr1", "libaprutil1"),
    *("krb5-kdc", "krb5-admin-server", "krb5-user", "libkadm5srv-mit12", "libkadm5clnt-mit12", "libkdb5-10"),
    *("libgssrpc4", "libverto1", "libverto-libev1", "libev4"),
)


class Realm:
    """A Kerberos server with people, whose passwords are their names and `-password`, and the gateway's keytab."""

    def __init__(self, folder: Path, people: list[str]) -> None:
        self.folder = folder
        self.tree = debian_tree("gateway", *_PACKAGES)
        self.port = free_port()
        self.keytab = folder / "http.keytab"
        self.environment = {
            "LD_LIBRARY_PATH": str(self.tree / _LIBRARIES),
            "KRB5_CONFIG": str(folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(folder / "kdc.conf"),
        }
        self._write()
        self._run("usr/sbin/kdb5_util", "create", "-s", "-P", "master", "-r", REALM)
        commands = [f"addprinc -pw {name}-password +requires_preauth {name}" for name in people]
        commands += [f"addprinc -randkey HTTP/{NAME}", f"ktadd -k {self.keytab} HTTP/{NAME}"]
        self._run("usr/sbin/kadmin.local", text="\n".join(commands) + "\n")
        self.keytab.chmod(0o444)
        program = [str(self.tree / "usr/sbin/krb5kdc"), "-n"]
        self._server = ClusterProcess("krb5kdc", program, self.environment, folder / "krb5kdc.log")

    def __enter__(self) -> "Realm":
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def log_in(self, name: str) -> Path:
        """A ticket cache with the person's ticket."""
        cache = self.folder / f"ticket-of-{name}"
        self._run("usr/bin/kinit", "-c", str(cache), name, text=f"{name}-password\n")
        return cache

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        command = [str(self.tree / program), *arguments]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def _write(self) -> None:
        plugins = self.tree / _LIBRARIES / "krb5/plugins"
        server = f"127.0.0.1:{self.port}"
        modules = f"[dbmodules]\n db_module_dir = {plugins}/kdb\n"
        (self.folder / "krb5.conf").write_text(
            f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n"
            f" rdns = false\n[realms]\n {REALM} = {{\n  kdc = {server}\n }}\n{modules}"
        )
        (self.folder / "kdc.conf").write_text(
            f"[kdcdefaults]\n kdc_listen = {server}\n kdc_tcp_listen = {server}\n[realms]\n {REALM} = {{\n"
            f"  database_name = {self.folder}/principal\n  key_stash_file = {self.folder}/stash\n }}\n{modules}"
        )


class Front(ClusterProcess):
    """httpd before the socket of a gateway; `groups` are those of each person."""

    def __init__(
        self,
        folder: Path,
        realm: Realm,
        certificate: Certificate,
        socket: Path,
        groups: dict[str, str],
        teams: list[str],
    ):
        self.folder = folder
        self.port = free_port()
        self.url = f"https://{NAME}:{self.port}"
        self.audit = folder / "audit.log"
        self._realm = realm
        users = [{"name": name, "groups": [group]} for name, group in groups.items()]
        self._render("groups", gateway_users=users, gateway_teams=[{"name": team} for team in teams])
        self._render(
            "apache2.conf",
            gateway_users=users,
            gateway_teams=[{"name": team} for team in teams],
            gateway_https_port=self.port,
            gateway_tls_certificate=str(certificate.certificate),
            gateway_tls_key=str(certificate.key),
            gateway_keytab=str(realm.keytab),
            _gateway_socket=str(socket),
        )
        self._move()
        program = realm.tree / "usr/sbin/apache2"
        command = [str(program), "-DFOREGROUND", "-f", str(folder / "apache2.conf")]
        super().__init__("httpd", command, realm.environment, folder / "httpd.log")

    def __enter__(self) -> "Front":
        self.start()
        deadline = time.monotonic() + 10
        while self.ask("", "/")[0] == 0:
            assert self.running and time.monotonic() < deadline, f"httpd does not answer{self.log_tail()}"
            time.sleep(0.1)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def ask(self, user: str, path: str, *options: str) -> tuple[int, str]:
        """Status and body for somebody with a ticket, for nobody without one; status 0 without any answer."""
        cache = self._realm.log_in(user) if user else Path("/nowhere")
        return self.ask_with(path, "--negotiate", "--user", ":", *options, cache=cache)

    def ask_with(self, path: str, *options: str, cache: Path = Path("/nowhere")) -> tuple[int, str]:
        """Status and body with these options of curl only."""
        address = path if path.startswith("http") else self.url + path
        command = ["curl", "--silent", "--show-error", "--insecure", "--noproxy", "*", "--path-as-is"]
        command += ["--resolve", f"{NAME}:{self.port}:127.0.0.1", "--write-out", "\n%{http_code}", *options, address]
        # curl and its libraries are the machine's own.
        environment = {**os.environ, **self._realm.environment, "KRB5CCNAME": f"FILE:{cache}", "LD_LIBRARY_PATH": ""}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        body, _line, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def _render(self, template: str, **variables: Any) -> None:
        """As Ansible does on a host, with the role's own defaults and variables."""
        task = {
            "ansible.builtin.template": {
                "src": str(_ROLE / f"templates/{template}.j2"),
                "dest": str(self.folder / template),
                "mode": "0644",
            }
        }
        play = {
            **{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]},
            "vars_files": [str(_ROLE / f"{kind}/main.yml") for kind in ("defaults", "vars")],
        }
        (self.folder / "play.yml").write_text(yaml.safe_dump([play]))
        given = {"platform_domain": "platform.test", "platform_address": "127.0.0.1", **variables}
        (self.folder / "variables.yml").write_text(yaml.safe_dump(given))
        options = ["--inventory", "localhost,", "--extra-vars", f"@{self.folder}/variables.yml"]
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        done = subprocess.run(
            [program, *options, str(self.folder / "play.yml")], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _move(self) -> None:
        """Only places change: this machine has neither the packages nor a journal."""
        path = self.folder / "apache2.conf"
        text = path.read_text()
        modules = self._realm.tree / "usr/lib/apache2"
        for place, own in {
            "ServerRoot /etc/apache2": f"ServerRoot {self.folder}",
            "/usr/lib/apache2": str(modules),
            "/run/apache2/": f"{self.folder}/",
            "/etc/mesospark/gateway/groups": f"{self.folder}/groups",
            "syslog:daemon:apache2": f"{self.folder}/error.log",
            '"||/usr/bin/systemd-cat --identifier=gateway-audit --priority=info"': str(self.audit),
        }.items():
            assert place in text, place
            text = text.replace(place, own)
        path.write_text(text)
