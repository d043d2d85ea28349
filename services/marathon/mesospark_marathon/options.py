# SPDX-License-Identifier: GPL-3.0-or-later
"""Start options: one frozen record whose fields are named like the command line flags."""

from dataclasses import dataclass


class OptionError(Exception):
    """A start option is wrong. The message is one sentence: the option, its value, what to do."""


@dataclass(frozen=True)
class Options:
    """What the flags say. Times carry the unit of Marathon's own flag: milliseconds, except where noted.

    `command_line.FLAGS` says what each field means to a user.
    """

    master: str = "127.0.0.1:5050"
    store: str = "marathon.sqlite"
    hostname: str = ""
    framework_name: str = "marathon"
    mesos_role: str = "*"
    mesos_user: str = "root"
    webui_url: str = ""

    http_address: str = "127.0.0.1"
    http_port: int = 8080
    disable_http: bool = False
    https_address: str = "127.0.0.1"
    https_port: int = 8443
    http_credentials: str = ""
    """lines of `user:password`, read from --http_credentials_file; never printed"""
    http_realm: str = "Mesosphere"
    rules_file: str = ""
    trusted_proxies: str = ""
    ssl_certificate_file: str = ""
    ssl_key_file: str = ""
    ssl_ca_file: str = ""
    ssl_crl_file: str = ""
    ssl_client_authentication: str = "none"

    mesos_authentication: bool = False
    mesos_authentication_principal: str = ""
    mesos_authentication_secret: str = ""
    """content of --mesos_authentication_secret_file; never printed"""

    failover_timeout: int = 604800
    """seconds"""
    min_revive_offers_interval: int = 5000
    decline_offer_duration: int = 120000
    task_launch_timeout: int = 300000
    max_instances_per_offer: int = 5
    local_port_min: int = 10000
    local_port_max: int = 20000
    reconciliation_initial_delay: int = 15000
    reconciliation_interval: int = 600000
    task_lost_expunge_initial_delay: int = 300000
    task_lost_expunge_interval: int = 30000
    kill_retry_timeout: int = 10000
    max_running_deployments: int = 100
    env_vars_prefix: str = ""
    access_control_allow_origin: str = ""
    event_stream_max_outstanding_messages: int = 5000
    logging_level: str = "info"
