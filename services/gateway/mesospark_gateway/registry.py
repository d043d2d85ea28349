# SPDX-License-Identifier: GPL-3.0-or-later
"""/v2/ is the image registry: everybody pulls, teams push what is theirs, /registry/ lists what there is."""

import re

from aiohttp import web

from mesospark_gateway.backends import Backends
from mesospark_gateway.caller import READING, Caller, Refused
from mesospark_gateway.forward import forward

_REPOSITORY = r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
_PATH = re.compile(
    rf"|_catalog|(?P<repository>{_REPOSITORY})/(?:tags/list|manifests/(?P<reference>[A-Za-z0-9_][A-Za-z0-9_.:-]*)"
    r"|blobs/(?P<upload>uploads/[A-Za-z0-9_-]*)|blobs/sha256:[0-9a-f]{64})"
)
# An image with a job's files: <tag of the image beneath>-<job>-<hash of all that is in it>.
_DERIVED_TAG = re.compile(r".+-.+-[0-9a-f]{12}")
_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json"
)


class RegistryRoutes:
    """Requests to the registry, with one of the gateway's two accounts there."""

    def __init__(self, backends: Backends, url: str) -> None:
        self._backends = backends
        self.url = url

    async def handle(self, request: web.Request, caller: Caller, tail: str) -> web.StreamResponse:
        match = _PATH.fullmatch(tail)
        if not self.url or match is None or any(part in ("..", ".") for part in tail.split("/")):
            raise web.HTTPNotFound(text="there is nothing at this path of the registry")
        pushing = request.method not in READING or bool(match["upload"])
        if pushing and not caller.is_operator:
            await self._check_push(request.method, caller, match)
        query = request.rel_url.raw_query_string
        return await forward(
            request,
            self._backends,
            f"{self.url}/v2/{tail}" + (f"?{query}" if query else ""),
            service="the image registry",
            headers=self._backends.credentials("registry_push" if pushing else "registry_pull"),
            answer_headers={"Docker-Distribution-Api-Version": "registry/2.0"},
        )

    async def _check_push(self, method: str, caller: Caller, match: re.Match[str]) -> None:
        """Raises Refused for what could replace an image of others. Layers are known by their content."""
        if not caller.teams:
            caller.require_operator("pushing images")
        repository = match["repository"] or ""
        if repository.partition("/")[0] in caller.teams:
            return
        if match["upload"] is not None and method != "DELETE":
            return
        own = ", ".join(f"{team}/…" for team in caller.teams)
        reference = match["reference"] or ""
        if method != "PUT" or not _DERIVED_TAG.fullmatch(reference):
            raise Refused(
                f"images: {caller.name} may push to {own}, and images with files of a job; not to {repository}"
            )
        status, _headers, _document = await self._backends.ask(
            f"{self.url}/v2/{repository}/manifests/{reference}",
            {**self._backends.credentials("registry_pull"), "Accept": _MANIFESTS},
        )
        if status != 404:
            raise Refused(f"images: {repository}:{reference} is there already, and is for operators only to replace")

    async def names(self) -> list[tuple[str, list[str]]]:
        """Repositories with their tags. Raises Unavailable."""
        credentials = self._backends.credentials("registry_pull")
        _status, _headers, catalog = await self._backends.ask(f"{self.url}/v2/_catalog?n=1000", credentials)
        result = []
        for name in (catalog or {}).get("repositories") or []:
            _status, _headers, document = await self._backends.ask(f"{self.url}/v2/{name}/tags/list", credentials)
            result.append((str(name), sorted((document or {}).get("tags") or [])))
        return result
