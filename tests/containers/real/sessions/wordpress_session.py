# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs WordPress over the web, signs in, publishes a page with a picture, and tries what must fail."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import time
import zlib
from glob import glob

from browser import LONGEST, Browser, prepare, run, start, wait_for, write

ROOT = "/srv/wordpress"
CONFIGURATION = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'wordpress');
define('DB_PASSWORD', 'secret');
define('DB_HOST', 'localhost:/run/mysqld/mysqld.sock');
define('DB_CHARSET', 'utf8mb4');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('WP_DEFAULT_THEME', 'own');
$table_prefix = 'wp_';
define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
THEME = "<?php while (have_posts()) { the_post(); the_title(); the_permalink(); }"
POOL = """[global]
error_log = /tmp/php-fpm.log
[wordpress]
user = www-data
group = www-data
listen = /run/php/php-fpm.sock
listen.mode = 0666
pm = static
pm.max_children = 4
php_admin_value[upload_max_filesize] = 64M
php_admin_value[post_max_size] = 64M
"""
DATABASE = """
CREATE DATABASE wordpress;
CREATE USER wordpress@localhost IDENTIFIED BY 'secret';
GRANT ALL ON wordpress.* TO wordpress@localhost;
"""


def chunk(kind: bytes, data: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(side: int) -> bytes:
    """A PNG file of noise, which has more than three bytes for each pixel."""
    rows = b"".join(b"\0" + os.urandom(3 * side) for _row in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")


def sql(text: str, database: str = "mysql") -> None:
    """Run statements as the administrator of the database."""
    run("mariadb", database, text=text)


prepare()
os.makedirs("/run/mysqld", exist_ok=True)
shutil.chown("/run/mysqld", "mysql", "mysql")
start("mariadbd", "--user=mysql", "--skip-networking", "--innodb-flush-log-at-trx-commit=0")
shutil.copytree("/usr/share/wordpress", ROOT, dirs_exist_ok=True, ignore_dangling_symlinks=True)
shutil.rmtree(f"{ROOT}/wp-content/uploads", ignore_errors=True)
os.makedirs(f"{ROOT}/wp-content/uploads")
run("chown", "-R", "www-data:www-data", f"{ROOT}/wp-content")
write(f"{ROOT}/wp-config.php", CONFIGURATION)
write(f"{ROOT}/wp-content/themes/own/style.css", "/* Theme Name: own */")
write(f"{ROOT}/wp-content/themes/own/index.php", THEME)
write("/srv/php-fpm.conf", POOL)
os.makedirs("/run/php", exist_ok=True)
start(glob("/usr/sbin/php-fpm*")[0], "--fpm-config", "/srv/php-fpm.conf", "--nodaemonize")
wait_for("/run/php/php-fpm.sock")
wait_for("/run/mysqld/mysqld.sock")
deadline = time.monotonic() + LONGEST
while subprocess.run(["mariadb", "-e", "SELECT 1"], check=False, capture_output=True).returncode:
    assert time.monotonic() < deadline
    time.sleep(0.2)
sql(DATABASE)

browser = Browser("blog.example.com")
assert browser.get("/").headers["location"] == "https://blog.example.com/wp-admin/install.php"
answers = {
    "weblog_title": "Blog",
    "user_name": "anna",
    "admin_password": "Correct horse 7",
    "admin_password2": "Correct horse 7",
    "admin_email": "anna@example.com",
    "pw_weak": "1",
}
installed = browser.submit("/wp-admin/install.php?step=2", answers)
assert "Success!" in installed.text, installed
browser.get("/wp-login.php")
login = {
    "log": "anna",
    "pwd": "Correct horse 7",
    "testcookie": "1",
    "redirect_to": "https://blog.example.com/wp-admin/",
}
signed_in = browser.submit("/wp-login.php", login)
assert (signed_in.status, signed_in.headers["location"]) == (302, "https://blog.example.com/wp-admin/"), signed_in
assert any("secure" in cookie.lower() for cookie in signed_in.cookies), signed_in.cookies
assert "Dashboard" in browser.get("/wp-admin/").text

sql("UPDATE wp_options SET option_value = '/%postname%/' WHERE option_name = 'permalink_structure';", "wordpress")
sql("DELETE FROM wp_options WHERE option_name = 'rewrite_rules';", "wordpress")
post = browser.get("/hello-world/")
assert (post.status, post.text) == (200, "Hello world!https://blog.example.com/hello-world/"), post

nonce = browser.get("/wp-admin/admin-ajax.php?action=rest-nonce").text
image = picture(900)
assert len(image) > 2_000_000
sent = browser.ask(
    "POST",
    "/wp-json/wp/v2/media",
    image,
    content_type="image/png",
    content_disposition='attachment; filename="noise.png"',
    x_wp_nonce=nonce,
)
assert sent.status == 201, sent
shown = browser.get(sent.json["source_url"])
assert shown.body == image
assert shown.headers["cache-control"] == "max-age=2592000"
page = Browser("blog.example.com").get("/wp-login.php").text
linked = re.findall(r"https://blog\.example\.com(/wp-[^\"'?]+\.(?:css|js))", page)
there = [path for path in linked if os.path.exists(ROOT + path)]  # Debian takes some libraries from other packages
assert there
assert {browser.get(path).headers.get("cache-control") for path in there} == {"max-age=2592000"}

write(f"{ROOT}/wp-content/uploads/evil.php", "<?php echo 'executed';")
assert browser.get("/wp-content/uploads/evil.php").status == 404
assert browser.ask("POST", "/xmlrpc.php", "<methodCall/>").status == 403
assert browser.get("/wp-config.php").text == ""
guesses = [Browser("blog.example.com").submit("/wp-login.php", {"log": "anna", "pwd": "wrong"}) for _guess in range(8)]
assert guesses[-1].status == 429, [guess.status for guess in guesses]
