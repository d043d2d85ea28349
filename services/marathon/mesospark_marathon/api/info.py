# SPDX-License-Identifier: GPL-3.0-or-later
"""/v2/info, /v2/leader, /v2/plugins, and what is answered of pods, which this server does not run."""

from aiohttp import web

from mesospark_marathon import __version__
from mesospark_marathon.access.caller import caller_of
from mesospark_marathon.api.http import METHOD_NOT_ALLOWED, json_answer, path_of, segments_after
from mesospark_marathon.model.errors import ApiError
from mesospark_marathon.service import MarathonService


class Info:
    """The server itself."""

    def __init__(self, service: MarathonService) -> None:
        self._service = service

    async def info(self, request: web.Request) -> web.Response:
        """GET /v2/info. Settings of parts that this server does not have show the real server's defaults."""
        _refuse_writes(request)
        options = self._service.options
        marathon_config: dict[str, object] = {
            "access_control_allow_origin": options.access_control_allow_origin or None,
            "checkpoint": True,
            "decline_offer_duration": options.decline_offer_duration,
            "default_network_name": None,
            "env_vars_prefix": options.env_vars_prefix or None,
            "executor": "//cmd",
            "failover_timeout": options.failover_timeout,
            "features": [],
            "framework_name": options.framework_name,
            "ha": True,
            "hostname": options.hostname,
            "launch_token": 100,
            "launch_token_refresh_interval": 30000,
            "leader_proxy_connection_timeout_ms": 5000,
            "leader_proxy_read_timeout_ms": 10000,
            "local_port_max": options.local_port_max,
            "local_port_min": options.local_port_min,
            "master": options.master,
            "max_instances_per_offer": options.max_instances_per_offer,
            "mesos_bridge_name": "mesos-bridge",
            "mesos_heartbeat_failure_threshold": 5,
            "mesos_heartbeat_interval": 15000,
            "mesos_leader_ui_url": f"http://{options.master.partition(',')[0]}/",
            "mesos_role": options.mesos_role,
            "mesos_user": options.mesos_user,
            "new_group_enforce_role": "off",
            "min_revive_offers_interval": options.min_revive_offers_interval,
            "offer_matching_timeout": 3000,
            "on_elected_prepare_timeout": 180000,
            "reconciliation_initial_delay": options.reconciliation_initial_delay,
            "reconciliation_interval": options.reconciliation_interval,
            "scale_apps_initial_delay": 15000,
            "scale_apps_interval": 300000,
            "store_cache": True,
            "task_launch_confirm_timeout": 300000,
            "task_launch_timeout": options.task_launch_timeout,
            "task_lost_expunge_initial_delay": options.task_lost_expunge_initial_delay,
            "task_lost_expunge_interval": options.task_lost_expunge_interval,
            "task_reservation_timeout": 20000,
            "webui_url": options.webui_url or None,
            "maintenance_mode": True,
        }
        zookeeper_config = {
            "zk": "",
            "zk_compression": True,
            "zk_compression_threshold": 65536,
            "zk_connection_timeout": 10000,
            "zk_max_node_size": 1024000,
            "zk_max_versions": 50,
            "zk_session_timeout": 10000,
            "zk_timeout": 10000,
        }
        return json_answer(
            {
                "name": options.framework_name,
                "version": __version__,
                "buildref": "embedded",
                "elected": True,
                "leader": self._service.leader,
                "frameworkId": self._service.framework_id,
                "marathon_config": marathon_config,
                "zookeeper_config": zookeeper_config,
                "http_config": {"http_port": options.http_port, "https_port": options.https_port},
            }
        )

    async def leader(self, request: web.Request) -> web.Response:
        """GET and DELETE /v2/leader. Who gives up leadership ends, as the real server does."""
        if request.method == "DELETE":
            caller_of(request).require_operator("giving up leadership")
            self._service.ended.set()
            return json_answer({"message": "Leadership abdicated", "details": []})
        _refuse_writes(request)
        return json_answer({"leader": self._service.leader})

    async def plugins(self, request: web.Request) -> web.Response:
        """GET /v2/plugins: there are none."""
        _refuse_writes(request)
        return json_answer({"plugins": []})

    async def pods(self, request: web.Request) -> web.Response:
        """/v2/pods: there are none, and none can be made."""
        segments = segments_after(request, "pods")
        if request.method == "HEAD":
            return web.Response(status=200)
        if request.method == "GET" and (not segments or segments[0] == "::status"):
            return json_answer([])
        pod_id = path_of([segment.partition("::")[0] for segment in segments])
        if request.method == "GET":
            message = f'{{"message": "pod with {pod_id} does not exist"}}'
            raise ApiError(404, {"message": message, "details": []})
        if request.method == "DELETE":
            raise ApiError(404, {"message": f"Pod '{pod_id}' does not exist", "details": []})
        raise ApiError(501, {"message": "Pods are not supported by the embedded Marathon; use an app."})


def _refuse_writes(request: web.Request) -> None:
    if request.method not in ("GET", "HEAD"):
        raise METHOD_NOT_ALLOWED
