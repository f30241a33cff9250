# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushes an image to the registry of the Distribution project, and pulls it."""

from __future__ import annotations

import base64
import hashlib
import json
import os

from browser import PASSWORD, Browser, prepare, start, wait_for, write

ADDRESS = "10.0.0.22"
CONFIGURATION = f"""
version: 0.1
storage: {{filesystem: {{rootdirectory: /var/lib/registry-of-the-test}}}}
http: {{addr: "{ADDRESS}:5000"}}
"""
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LAYER_SIZE = 20_000_000

prepare(ADDRESS)
write("/srv/registry/config.yml", CONFIGURATION)
start("docker-registry", "serve", "/srv/registry/config.yml")
wait_for(f"{ADDRESS}:5000")

client = Browser("registry.example.com")
refused = client.get("/v2/")
assert refused.status == 401, refused
assert refused.headers["docker-distribution-api-version"] == "registry/2.0"
client.headers["Authorization"] = "Basic " + base64.b64encode(f"ci:{PASSWORD}".encode()).decode()
assert client.get("/v2/").status == 200


def push(content: bytes) -> str:
    """Upload a blob in two parts, as clients do."""
    begun = client.ask("POST", "/v2/app/blobs/uploads/")
    assert begun.status == 202, begun
    half = len(content) // 2
    url = begun.headers["location"]  # ``ask`` refuses one without HTTPS, or of another host
    for part in (content[:half], content[half:]):
        sent = client.ask("PATCH", url, part, content_type="application/octet-stream")
        assert sent.status == 202, sent
        url = sent.headers["location"]
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    done = client.ask("PUT", f"{url}&digest={digest}")
    assert done.status == 201, done
    return digest


layer, configuration = os.urandom(LAYER_SIZE), json.dumps({"os": "linux"}).encode()
manifest = {
    "schemaVersion": 2,
    "mediaType": MANIFEST,
    "config": {"mediaType": "application/json", "size": len(configuration), "digest": push(configuration)},
    "layers": [{"mediaType": "application/octet-stream", "size": len(layer), "digest": push(layer)}],
}
stored = client.ask("PUT", "/v2/app/manifests/1", json.dumps(manifest), content_type=MANIFEST)
assert stored.status == 201, stored
assert client.get("/v2/app/tags/list").json == {"name": "app", "tags": ["1"]}
pulled = client.get("/v2/app/manifests/1", accept=MANIFEST).json
assert client.get(f"/v2/app/blobs/{pulled['layers'][0]['digest']}").body == layer
