# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten hand-written sites, as they may be on a server that becomes an edge, and what a client gets from them."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hardened.nginx_edge.tools.traffic import Client

FILES = {
    "/etc/nginx/sites-available/blog": """\
server {
    listen 80;
    listen 127.0.0.1:8083;
    server_name blog.test www.blog.test;
    root /srv/blog;
}
""",
    "/etc/nginx/sites-enabled/shop": """\
# Redirects to HTTPS; the certificate is read from a relative path.
server {
    listen 80;
    server_name shop.test;
    return 301 https://shop.test$request_uri;
}
server {
    listen 443 ssl;
    server_name shop.test;
    ssl_certificate certs/shop.pem;
    ssl_certificate_key certs/shop.key;
    return 200 "the shop";
}
""",
    "/etc/nginx/sites-enabled/snippet": """\
server {
    listen 80;
    server_name snippet.test;
    include snippets/answer.conf;
}
""",
    "/etc/nginx/snippets/answer.conf": 'add_header X-Snippet yes always;\nreturn 200 "from a snippet";\n',
    "/etc/nginx/conf.d/munin.conf": 'server { listen 8081; server_name munin.test; return 200 "graphs"; }\n',
    "/etc/nginx/conf.d/private.conf": """\
server {
    listen 80;
    server_name private.test;
    auth_basic "members";
    auth_basic_user_file htpasswd;
    root /srv/blog;
}
""",
    "/etc/nginx/conf.d/home.conf": "server { listen 80; server_name home.test; root /home/ops/www; }\n",
    "/etc/nginx/conf.d/proxy.conf": """\
upstream shop_server { server 127.0.0.1:8081; }
server { listen 80; server_name proxied.test; location / { proxy_pass http://shop_server; } }
""",
    "/etc/nginx/conf.d/catch-all.conf": 'server { listen 8082 default_server; return 404 "unknown site"; }\n',
    "/srv/app/nginx/app.conf": 'server { listen 80; server_name app.test; return 200 "deployed by git"; }\n',
    "/etc/nginx/streams.d/database": 'server { listen 5433; return "a database"; }\n',
    "/srv/blog/index.html": "the blog",
    "/home/ops/www/index.html": "at home",
    "/etc/nginx/htpasswd": "anna:{PLAIN}secret\n",
}
PREPARE = """
set -e
ln -s ../sites-available/blog /etc/nginx/sites-enabled/blog
sed -i 's,^http {,http {\\n\\tinclude /srv/app/nginx/*.conf;,' /etc/nginx/nginx.conf
echo 'stream { include streams.d/*; }' >> /etc/nginx/nginx.conf
chmod 755 /home/ops /home/ops/www
mkdir /etc/nginx/certs
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=shop.test \
    -keyout /etc/nginx/certs/shop.key -out /etc/nginx/certs/shop.pem 2>/dev/null
apt-get install -y -q --no-install-recommends libnginx-mod-stream >/dev/null
systemctl enable --now nginx.service
"""
DAMAGE = """
rm -r /etc/nginx/sites-available/blog /etc/nginx/sites-enabled/blog /etc/nginx/streams.d /srv/app/nginx/app.conf
echo 'server { listen 80; server_name shop.test; return 200 "edited"; }' > /etc/nginx/sites-enabled/shop
"""
"""What may happen to the files until they are restored."""

REQUESTS = (
    ("http://blog.test/",),
    ("http://www.blog.test/missing",),
    ("http://shop.test/a?b=c",),
    ("https://shop.test/", "--insecure"),
    ("http://snippet.test/",),
    ("http://munin.test:8081/",),
    ("http://private.test/",),
    ("http://private.test/", "--user", "anna:secret"),
    ("http://home.test/",),
    ("http://proxied.test/",),
    ("http://any.test:8082/",),
    ("http://app.test/",),
)
COMPARED = ("location", "x-snippet", "content-type", "content-length", "www-authenticate", "server")
"""Headers of a response; the others depend on time."""


@dataclass(frozen=True)
class Answer:
    """What a client got: status, body, and the headers :data:`COMPARED`."""

    url: str
    status: int
    body: str
    headers: dict[str, str]


def write_sites(host: Client) -> None:
    """Write the sites on a host and start nginx."""
    for path, text in FILES.items():
        host.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1"', "sh", path, text)
    host.run("sh", "-c", PREPARE)


def answers(client: Client, address: str) -> list[Answer]:
    """The responses of all sites, each over a new connection."""
    found = []
    for url, *options in REQUESTS:
        response = client.get(url, "--connect-to", f"::{address}:", *options)
        headers = {name: value for name, value in response.headers.items() if name in COMPARED}
        found.append(Answer(url, response.status, response.body, headers))
    stream = client.run("timeout", "10", "bash", "-c", f"exec 3<>/dev/tcp/{address}/5433 && cat <&3")
    return [*found, Answer("stream", 0, stream, {})]
