# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image registries (API version 2): derive an image from another by adding one layer, without any container engine."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
import urllib.parse
from dataclasses import dataclass

from .client import Client, Connection
from .errors import OptionError

_DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
_OCI = "application/vnd.oci.image.manifest.v1+json"
_INDEXES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
_LAYER_TYPES = {
    _DOCKER: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    _OCI: "application/vnd.oci.image.layer.v1.tar+gzip",
}
_REFERENCE = re.compile(
    r"(?P<host>[A-Za-z0-9.-]+(?::\d+)?)/(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class ImageReference:
    """``host/repository:tag@digest``; ``host`` has a dot, a port, or is localhost, as engines tell registries from
    repositories.
    """

    host: str
    repository: str
    tag: str
    digest: t.Optional[str]

    @property
    def version(self) -> str:
        """What a manifest is asked by."""
        return self.digest or self.tag

    @property
    def url(self) -> str:
        """Engines speak TLS to every registry but one on the loopback interface."""
        name = self.host.partition(":")[0]
        return ("http://" if name == "localhost" or name.startswith("127.") else "https://") + self.host


@dataclass(frozen=True)
class DerivedImage:
    """An image to be: ``reference`` is its name, ``missing`` says whether the registry lacks it still."""

    reference: str
    missing: bool
    manifest: bytes
    media_type: str
    blobs: dict[str, bytes]


def parse_reference(image: str) -> ImageReference:
    """Raises OptionError when the registry is not named."""
    match = _REFERENCE.fullmatch(image)
    host = match.group("host") if match else ""
    if not match or not ("." in host or ":" in host or host == "localhost"):
        raise OptionError(
            "image", image, "names no registry", "write it as host:port/repository:tag, so that files can be added"
        )
    return ImageReference(host, match.group("repository"), match.group("tag") or "latest", match.group("digest"))


class Registry:
    """One repository of a registry."""

    def __init__(self, connection: Connection, reference: ImageReference) -> None:
        self._client = Client(connection, "The image registry", "registry_url")
        self._reference = reference
        self._path = f"/v2/{reference.repository}"

    def derive(self, layer: bytes, compressed: bytes, tag_suffix: str, comment: str) -> DerivedImage:
        """Work out the image with one more layer; nothing is written.

        Its tag is ``<tag>-<tag_suffix>-<hash>``, the hash standing for the base image's content and the layer's.
        Raises OptionError when the base image is not there.
        """
        manifest, media_type, base_digest = self._manifest(self._reference.version)
        diff_id = _digest(layer)
        content = hashlib.sha256(f"{base_digest} {diff_id}".encode()).hexdigest()[:12]
        tag = f"{self._reference.tag[:60]}-{tag_suffix}-{content}"
        name = f"{self._reference.host}/{self._reference.repository}:{tag}"
        config = self._client.request("GET", f"{self._path}/blobs/{manifest['config']['digest']}").json()
        config["rootfs"]["diff_ids"].append(diff_id)
        config.setdefault("history", []).append({"created": "1970-01-01T00:00:00Z", "created_by": comment})
        config_data = _canonical(config)
        manifest["config"] = {**manifest["config"], "digest": _digest(config_data), "size": len(config_data)}
        manifest["layers"].append(
            {"mediaType": _LAYER_TYPES[media_type], "digest": _digest(compressed), "size": len(compressed)}
        )
        data = _canonical(manifest)
        answer = self._client.request(
            "HEAD", f"{self._path}/manifests/{tag}", headers={"Accept": media_type}, accept_status=(404,)
        )
        blobs = {_digest(compressed): compressed, _digest(config_data): config_data}
        return DerivedImage(name, answer.status == 404, data, media_type, blobs)

    def push(self, image: DerivedImage) -> None:
        """Upload what the registry lacks of an image, its manifest last."""
        for digest, data in image.blobs.items():
            found = self._client.request("HEAD", f"{self._path}/blobs/{digest}", accept_status=(404,))
            if found.status == 404:
                self._upload(digest, data)
        tag = image.reference.rpartition(":")[2]
        self._client.request(
            "PUT",
            f"{self._path}/manifests/{tag}",
            body=image.manifest,
            headers={"Content-Type": image.media_type},
            repeat=True,
        )

    def _upload(self, digest: str, data: bytes) -> None:
        begun = self._client.request("POST", f"{self._path}/blobs/uploads/", body=b"", repeat=True)
        location = urllib.parse.urlsplit(urllib.parse.urljoin(begun.url, begun.headers["Location"]))
        self._client.request(
            "PUT",
            location.path,
            [*urllib.parse.parse_qsl(location.query), ("digest", digest)],
            body=data,
            headers={"Content-Type": "application/octet-stream"},
            base_url=f"{location.scheme}://{location.netloc}",
        )

    def _manifest(self, version: str) -> tuple[dict[str, t.Any], str, str]:
        """A manifest for this platform's architecture, its media type and its digest."""
        accepted = ", ".join((_DOCKER, _OCI, *_INDEXES))
        answer = self._client.request(
            "GET", f"{self._path}/manifests/{version}", headers={"Accept": accepted}, accept_status=(404,)
        )
        name = f"{self._reference.host}/{self._reference.repository}:{version}"
        if answer.status == 404:
            raise OptionError("image", name, "is not in its registry", "push it first, or correct the name")
        document = answer.json()
        media_type = document.get("mediaType") or answer.headers.get("Content-Type", "").partition(";")[0]
        if media_type in _INDEXES:
            for entry in document["manifests"]:
                platform = entry.get("platform", {})
                if (platform.get("os"), platform.get("architecture")) == ("linux", "amd64"):
                    return self._manifest(entry["digest"])
            raise OptionError("image", name, "has no variant for linux/amd64", "push one")
        if media_type not in _LAYER_TYPES:
            raise OptionError("image", name, f"has a manifest of type {media_type}", "push it with a current engine")
        return document, media_type, _digest(answer.data)


def _canonical(document: dict[str, t.Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
