# SPDX-License-Identifier: GPL-3.0-or-later
"""Graylog as far as the modules ask it, with the state in plain lists and answers in the real one's shapes."""

import base64
from typing import Any
from urllib.parse import unquote

NODE = "node-1"
BEATS = "org.graylog.plugins.beats.Beats2Input"
ROTATION = "org.graylog2.indexer.rotation.strategies."
RETENTION = "org.graylog2.indexer.retention.strategies."
Document = dict[str, Any]
Answer = tuple[int, Any]


class ScriptedGraylog:
    """``version`` may be changed by a test. ``things`` are lists of documents by the path that lists them."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.version = "3.3.11+9335407"
        self.passwords: dict[str, str] = {}
        self.input_states: dict[str, Document] = {}
        # How often a state is asked for until an input that was started runs.
        self.start_up = 1
        # How many starts began while another was under way: the real Graylog loses one of the two.
        self.starts_at_once = 0
        # How many of the next starts fail.
        self.failures_left = 0
        self.fields = dict(_FIELDS)
        self.searches: list[Document] = []
        self._count = 0
        self.things: dict[str, list[Document]] = {
            "/system/indices/index_sets": [self.index_set("graylog", default=True)],
            "/streams": [self.stream("All messages", is_default=True)],
            "/system/inputs": [],
            "/roles": [{"name": "Reader", "description": "", "permissions": ["messages:read"], "read_only": True}],
            "/users": [],
            "/system/pipelines/pipeline": [],
            "/system/pipelines/rule": [],
            "/system/pipelines/connections": [],
            "/events/definitions": [],
            "/views": [{"id": "v-1", "title": "Sources", "type": "DASHBOARD"}],
        }
        self.processors = {
            "processor_order": [
                {"name": "Pipeline Processor", "class_name": "org.PipelineInterpreter"},
                {"name": "GeoIP Resolver", "class_name": "org.GeoIpProcessor"},
                {"name": "Message Filter Chain", "class_name": "org.MessageFilterChainProcessor"},
            ],
            "disabled_processors": [],
        }
        server.routes |= {f"{method} /api/*": self._answer for method in ("GET", "POST", "PUT", "DELETE")}

    @property
    def options(self) -> Document:
        """The connection options of every module, and short waits."""
        return {"graylog_url": self.server.url, "url_username": "admin", "url_password": "s3cret-admin", "timeout": 2}

    @property
    def writes(self) -> list[str]:
        return [f"{request.method} {request.path.removeprefix('/api')}" for request in self.server.writes]

    def bodies(self, method: str, path: str) -> list[Any]:
        """What was sent to a path, in order."""
        asked = [request for request in self.server.writes if request.method == method]
        return [request.body for request in asked if request.path == "/api" + path]

    def new_id(self) -> str:
        self._count += 1
        return f"id-{self._count}"

    def index_set(self, prefix: str, **fields: Any) -> Document:
        return {
            "id": self.new_id(),
            "title": prefix,
            "description": "",
            "index_prefix": prefix,
            "shards": 1,
            "replicas": 0,
            "rotation_strategy_class": ROTATION + "MessageCountRotationStrategy",
            "rotation_strategy": {"type": "…", "max_docs_per_index": 20000000},
            "retention_strategy_class": RETENTION + "DeletionRetentionStrategy",
            "retention_strategy": {"type": "…", "max_number_of_indices": 20},
            "index_optimization_max_num_segments": 1,
            "index_optimization_disabled": False,
            "field_type_refresh_interval": 5000,
            "default": False,
            "writable": True,
            **fields,
        }

    def stream(self, title: str, **fields: Any) -> Document:
        return {
            "id": self.new_id(),
            "title": title,
            "description": None,
            "disabled": False,
            "rules": [],
            "matching_type": "AND",
            "remove_matches_from_default_stream": False,
            "index_set_id": "id-1",
            "is_default": False,
            **fields,
        }

    def _answer(self, request: Any) -> Answer:
        path = request.path.removeprefix("/api")
        special = getattr(self, "_" + path.strip("/").replace("/", "_").split("-")[0], None)
        if special and (path not in self.things or request.method == "POST"):
            return special(request)
        if path.startswith("/system/inputs/types/"):
            return 200, {"type": BEATS, "requested_configuration": self.fields}
        if path.startswith("/users/") and self._refused(request):
            return 401, {"message": "unauthorized"}
        if "/staticfields" in path:
            return self._static_fields(request, path)
        for listed, things in self.things.items():
            if path == listed:
                return self._list(listed, things, request)
            if path.startswith(listed + "/"):
                return self._one(
                    listed, things, request, [unquote(part) for part in path[len(listed) + 1 :].split("/")]
                )
        if path.startswith("/cluster/inputstates"):
            return self._states(request, path)
        if path.startswith("/system/deflector/"):
            return 200, {"is_up": True, "current_target": "jobs_0"}
        return 404, {"type": "ApiError", "message": f"HTTP 404 {path}"}

    def _system(self, request: Any) -> Answer:
        return 200, {"version": self.version}

    def _system_inputs_types(self, request: Any) -> Answer:
        return 200, {"types": {BEATS: "Beats"}}

    def _views_search(self, request: Any) -> Answer:
        self.searches.append(request.body)
        return 201, request.body

    def _system_messageprocessors_config(self, request: Any) -> Answer:
        if request.method == "PUT":
            self.processors = request.body
        return 200, self.processors

    def _system_pipelines_rule_parse(self, request: Any) -> Answer:
        if "nonsense" in request.body["source"]:
            return 400, [
                {"type": "undeclared_function", "line": 2, "position_in_line": 5, "reason": "Unknown function"}
            ]
        return 200, request.body

    def _system_pipelines_connections_to_pipeline(self, request: Any) -> Answer:
        pipeline, streams = request.body["pipeline_id"], request.body["stream_ids"]
        self.things["/system/pipelines/connections"] = [
            {"stream_id": stream, "pipeline_ids": [pipeline]} for stream in streams
        ]
        return 200, []

    def _list(self, path: str, things: list[Document], request: Any) -> Answer:
        if request.method == "POST":
            return self._create(path, things, dict(request.body))
        keys = {"/views": "views", "/events/definitions": "event_definitions"}
        if path.startswith("/system/pipelines"):
            return 200, things
        return 200, {keys.get(path, path.rpartition("/")[2]): things, "total": len(things)}

    def _create(self, path: str, things: list[Document], document: Document) -> Answer:
        document["id"] = self.new_id()
        if path == "/streams":
            document = {**self.stream(document["title"]), **document, "disabled": True}
            document["rules"] = [{**rule, "id": self.new_id()} for rule in document["rules"]]
        elif path == "/system/inputs":
            document |= {"attributes": document.pop("configuration"), "static_fields": {}}
            self._start(document["id"])
        elif path == "/users":
            self.passwords[document["username"]] = document.pop("password")
            document = {**document, "timezone": document.get("timezone"), "external": False}
            document.setdefault("full_name", f"{document.get('first_name')} {document.get('last_name')}")
        elif path == "/system/pipelines/pipeline":
            document["stages"] = _stages(document["source"], self.version)
        things.append(document)
        if path == "/streams":
            return 201, {"stream_id": document["id"]}
        return 201, document

    def _one(self, path: str, things: list[Document], request: Any, parts: list[str]) -> Answer:
        names = ("name", "username", "id")
        found = [thing for thing in things if any(thing.get(name) == parts[0] for name in names)]
        if not found:
            return 404, {"type": "ApiError", "message": "not found"}
        thing = found[0]
        if parts[1:] == ["default"]:
            for other in things:
                other["default"] = other is thing
        elif parts[1:] == ["password"]:
            self.passwords[thing["username"]] = request.body["password"]
        elif parts[1:] in (["pause"], ["resume"]):
            thing["disabled"] = parts[1] == "pause"
        elif parts[1:2] == ["rules"]:
            self._rule(thing, request, parts[2:])
        elif request.method == "DELETE":
            things.remove(thing)
        elif request.method == "PUT":
            self._change(path, thing, request.body)
        return 200, thing

    def _change(self, path: str, thing: Document, body: Document) -> None:
        thing.update(body)
        if path == "/system/inputs":
            thing["attributes"] = thing.pop("configuration")
            self._restart(thing["id"])
        if path == "/system/pipelines/pipeline":
            thing["stages"] = _stages(thing["source"], self.version)

    def _rule(self, stream: Document, request: Any, parts: list[str]) -> None:
        kept = [rule for rule in stream["rules"] if [rule["id"]] != parts]
        if request.method != "DELETE":
            kept.append({**request.body, "id": parts[0] if parts else self.new_id()})
        stream["rules"] = kept

    def _static_fields(self, request: Any, path: str) -> Answer:
        thing = next(thing for thing in self.things["/system/inputs"] if f"/{thing['id']}/" in path)
        if request.method == "POST":
            thing["static_fields"][request.body["key"]] = request.body["value"]
        else:
            del thing["static_fields"][path.rpartition("/")[2]]
        self._restart(thing["id"])
        return 200, {}

    def _restart(self, input_id: str) -> None:
        """After a change: what does not run is forgotten instead."""
        if self.input_states[input_id]["state"] in ("RUNNING", "STARTING"):
            self._start(input_id)
        else:
            del self.input_states[input_id]

    def _start(self, input_id: str) -> None:
        self.starts_at_once += self.input_states.get(input_id, {}).get("state") == "STARTING"
        state = {"state": "STARTING", "started_at": self.new_id(), "left": self.start_up, "id": input_id}
        self.input_states[input_id] = {**state, "detailed_message": None}

    def _states(self, request: Any, path: str) -> Answer:
        if request.method == "PUT":
            self._start(path.rpartition("/")[2])
            return 200, {}
        for state in self.input_states.values():
            if state["left"] == 0 and state["state"] == "STARTING":
                fails = self.failures_left > 0
                self.failures_left -= fails
                state["state"] = "FAILED" if fails else "RUNNING"
                state["detailed_message"] = "bind(..) failed: Address already in use." if fails else None
            state["left"] -= 1
        return 200, {NODE: list(self.input_states.values()), "node-away": None}

    def _refused(self, request: Any) -> bool:
        pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        name, _colon, password = pair.partition(":")
        return name != "admin" and self.passwords.get(name) != password


def _stages(source: str, version: str) -> list[Document]:
    """The stages of a pipeline's source, as each version tells them."""
    stages: list[Document] = []
    for line in source.splitlines():
        words = line.split()
        if words[0] == "stage":
            match = {"match_all": words[3] == "all"} if version.startswith("3") else {"match": words[3].upper()}
            stages.append({"stage": int(words[1]), "rules": [], **match})
        elif words[0] == "rule":
            stages[-1]["rules"].append(line.split('"')[1])
    return stages


def _field(kind: str, default: Any, *attributes: str) -> Document:
    return {"type": kind, "default_value": default, "attributes": list(attributes), "is_optional": True}


_FIELDS = {
    "bind_address": _field("text", "0.0.0.0"),
    "port": _field("number", 5044, "is_port_number"),
    "tls_enable": _field("boolean", False),
    "tls_key_password": _field("text", "", "is_password"),
}
