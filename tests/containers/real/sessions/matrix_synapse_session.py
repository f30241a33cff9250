# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs in to Synapse, writes into a room, uploads a file, and waits for a message."""

from __future__ import annotations

import json
import os
import threading
import time

from browser import Browser, prepare, run, start, wait_for, write

ADDRESS = "10.0.0.27"
FOLDER = "/srv/synapse"
PYTHON = "/opt/synapse/bin/python"
MORE = f"""
public_baseurl: https://matrix.example.com/
max_upload_size: 50M
media_store_path: {FOLDER}/media
registration_shared_secret: of-the-test
request_id_header: X-Request-ID
listeners:
  - port: 8008
    type: http
    x_forwarded: true
    bind_addresses: [{ADDRESS}]
    resources: [{{names: [client, federation]}}]
"""

prepare(ADDRESS)
os.makedirs(FOLDER, exist_ok=True)
generate = (
    "--generate-config",
    "--report-stats=no",
    "--server-name",
    "example.com",
    "--config-path",
    f"{FOLDER}/base.yaml",
)
run(PYTHON, "-m", "synapse.app.homeserver", *generate, cwd=FOLDER)
write(f"{FOLDER}/more.yaml", MORE)
files = ("--config-path", f"{FOLDER}/base.yaml", "--config-path", f"{FOLDER}/more.yaml")
start(PYTHON, "-m", "synapse.app.homeserver", *files, cwd=FOLDER)
wait_for(f"{ADDRESS}:8008")
user = ("--user", "anna", "--password", "secret", "--no-admin", "--shared-secret", "of-the-test")
run("/opt/synapse/bin/register_new_matrix_user", *user, f"http://{ADDRESS}:8008")

lead = Browser("example.com").get("/.well-known/matrix/client")
assert lead.json["m.homeserver"]["base_url"] == "https://matrix.example.com"
client = Browser("matrix.example.com")
assert client.get("/_synapse/admin/v1/server_version").status == 404
login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "anna"}, "password": "secret"}
signed_in = client.ask("POST", "/_matrix/client/v3/login", json.dumps(login))
assert signed_in.status == 200, signed_in
assert signed_in.json["user_id"] == "@anna:example.com"
client.headers["Authorization"] = f"Bearer {signed_in.json['access_token']}"
room = client.ask("POST", "/_matrix/client/v3/createRoom", "{}").json["room_id"]
since = client.get("/_matrix/client/v3/sync?timeout=0").json["next_batch"]


def say() -> None:
    """Write into the room a little later."""
    time.sleep(2)
    path = f"/_matrix/client/v3/rooms/{room.replace('!', '%21').replace(':', '%3A')}/send/m.room.message/1"
    sent = client.ask("PUT", path, json.dumps({"msgtype": "m.text", "body": "hello"}))
    assert sent.status == 200, sent


writer = threading.Thread(target=say)
writer.start()
found = client.get(f"/_matrix/client/v3/sync?timeout=60000&since={since}").text
writer.join()
assert "hello" in found, found
content = os.urandom(5_000_000)
stored = client.ask("POST", "/_matrix/media/v3/upload", content, content_type="application/octet-stream")
assert stored.status == 200, stored
server, media = stored.json["content_uri"].removeprefix("mxc://").split("/")
assert client.get(f"/_matrix/client/v1/media/download/{server}/{media}").body == content
