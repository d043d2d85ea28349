# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line flags: what each takes and what `--help` says about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """One flag `--name`, also given as the environment variable MARATHON_NAME."""

    name: str
    help: str


@dataclass(frozen=True)
class TextFlag(Flag):
    """Takes any text, or one of `choices`."""

    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class NumberFlag(Flag):
    """Takes a whole number in a range, both ends included."""

    minimum: int = 0
    maximum: int = 2**31 - 1


@dataclass(frozen=True)
class SwitchFlag(Flag):
    """Takes no value."""


@dataclass(frozen=True)
class SecretFileFlag(Flag):
    """Takes the path of a file; its content goes into the option `option`."""

    option: str = ""


_PORTS = {"minimum": 1, "maximum": 65535}

FLAG_GROUPS: dict[str, tuple[Flag, ...]] = {
    "Mesos": (
        TextFlag("master", "the Mesos masters as host:port,host:port; whichever leads is found by asking them"),
        TextFlag("framework_name", "name of the framework at the master"),
        TextFlag("mesos_role", "role the framework registers with"),
        TextFlag("mesos_user", "user that tasks run as, when the app names none"),
        NumberFlag("failover_timeout", "seconds the master keeps the tasks of a Marathon that went away"),
        SwitchFlag("mesos_authentication", "send principal and secret to the master"),
        TextFlag("mesos_authentication_principal", "principal, with --mesos_authentication"),
        SecretFileFlag(
            "mesos_authentication_secret_file", "file holding the principal's secret", "mesos_authentication_secret"
        ),
    ),
    "HTTP API": (
        TextFlag("hostname", "name that clients reach this server by (default: the machine's)"),
        TextFlag("http_address", "address of the HTTP listener"),
        NumberFlag("http_port", "port of the HTTP listener", **_PORTS),
        SwitchFlag("disable_http", "answer over HTTPS only"),
        TextFlag("https_address", "address of the HTTPS listener"),
        NumberFlag("https_port", "port of the HTTPS listener", **_PORTS),
        TextFlag("ssl_certificate_file", "PEM certificate chain; switches the HTTPS listener on. Read again on SIGHUP"),
        TextFlag("ssl_key_file", "PEM private key of the certificate"),
        TextFlag("ssl_ca_file", "PEM file of the CAs that client certificates must come from"),
        TextFlag("ssl_crl_file", "PEM file with a list of revoked certificates for each of these CAs"),
        TextFlag(
            "ssl_client_authentication",
            "whether HTTPS clients present a certificate",
            choices=("none", "optional", "required"),
        ),
        SecretFileFlag(
            "http_credentials_file",
            "file with lines user:password, in clear or as $scrypt$ hash; every request must carry one",
            "http_credentials",
        ),
        TextFlag(
            "rules_file",
            "JSON file that says which accounts are operators, viewers and in teams, and what teams may use; without "
            "it every account is an operator. Read again on SIGHUP",
        ),
        TextFlag(
            "trusted_proxies",
            "names in client certificates, separated by commas; their holders say in X-Remote-User and "
            "X-Remote-Groups for whom they ask",
        ),
        TextFlag("http_realm", "realm named in the answer to a request without credentials"),
        TextFlag("webui_url", "address of a web interface, shown in /v2/info and in the master's list of frameworks"),
        TextFlag("access_control_allow_origin", "value of the header Access-Control-Allow-Origin; empty: not sent"),
        NumberFlag(
            "event_stream_max_outstanding_messages",
            "events a client of /v2/events may be behind before it is disconnected",
            minimum=1,
        ),
    ),
    "State": (TextFlag("store", "SQLite file that keeps apps, groups, deployments, instances and the framework id"),),
    "Scheduling": (
        NumberFlag(
            "min_revive_offers_interval",
            "milliseconds until offers are called for again for what could not be launched; grows with each call",
        ),
        NumberFlag("decline_offer_duration", "milliseconds an unused offer is declined for"),
        NumberFlag("max_instances_per_offer", "instances launched from one offer", minimum=1),
        NumberFlag("task_launch_timeout", "milliseconds a task may take to start before it is killed"),
        NumberFlag("kill_retry_timeout", "milliseconds until a kill that shows no effect is sent again", minimum=1),
        NumberFlag("local_port_min", "lowest service port given to apps", **_PORTS),
        NumberFlag("local_port_max", "highest service port given to apps", **_PORTS),
        NumberFlag("max_running_deployments", "deployments that may run at the same time", minimum=1),
        NumberFlag("reconciliation_initial_delay", "milliseconds from subscribing to the first reconciliation"),
        NumberFlag("reconciliation_interval", "milliseconds between two reconciliations", minimum=1),
        NumberFlag("task_lost_expunge_initial_delay", "milliseconds from start to the first look for lost tasks"),
        NumberFlag("task_lost_expunge_interval", "milliseconds between two looks for lost tasks", minimum=1),
        TextFlag("env_vars_prefix", "prefix of the variables PORT, PORTS, HOST ... that tasks are given"),
    ),
    "Logging": (TextFlag("logging_level", "lines to log", choices=("debug", "info", "warning", "error")),),
}

FLAGS: dict[str, Flag] = {flag.name: flag for group in FLAG_GROUPS.values() for flag in group}

REFUSED_FLAGS: dict[str, str] = {
    "http_credentials": "give --http_credentials_file, a file with lines user:password",
    "mesos_authentication_secret": "give --mesos_authentication_secret_file",
}
"""Flags of the real Marathon that put a secret where every user of the machine can read it, and what to do instead."""
