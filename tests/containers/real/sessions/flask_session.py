# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs in to a Flask application in uWSGI, and uploads a file."""

from __future__ import annotations

import hashlib
import os

from browser import EDGE, Browser, prepare, start, wait_for, write

APPLICATION = """
import hashlib
from flask import Flask, jsonify, redirect, request, session, url_for

app = Flask(__name__)
app.config.update(SECRET_KEY="of the test", SESSION_COOKIE_SECURE=True)


@app.post("/login")
def login():
    session["user"] = request.form["user"]
    return redirect(url_for("about", _external=True))


@app.route("/about")
def about():
    return jsonify(user=session.get("user"), url=request.url, secure=request.is_secure, address=request.remote_addr)


@app.post("/upload")
def upload():
    return hashlib.sha256(request.files["file"].read()).hexdigest()
"""

prepare()
write("/srv/flask/app.py", APPLICATION)
write("/srv/app/static/site.css", "body {}")
os.makedirs("/run/uwsgi", exist_ok=True)
options = ("--plugin", "python3", "--need-app", "--master", "--processes", "2", "--chmod-socket=666")
start("uwsgi", "-s", "/run/uwsgi/app.sock", *options, "--wsgi-file", "/srv/flask/app.py", "--callable", "app")
wait_for("/run/uwsgi/app.sock")

browser = Browser("www.example.com")
signed_in = browser.submit("/login", {"user": "anna"})
assert signed_in.status == 302, signed_in
assert signed_in.headers["location"] == "https://www.example.com/about", signed_in
assert "Secure" in signed_in.cookies[0]
about = browser.get("/about?a=%2F", x_forwarded_for="198.51.100.9", x_forwarded_proto="http").json
assert about == {"user": "anna", "url": "https://www.example.com/about?a=/", "secure": True, "address": EDGE}, about
content = os.urandom(5_000_000)
assert browser.upload("/upload", {}, "a.png", content).text == hashlib.sha256(content).hexdigest()
assert browser.get("/static/site.css").text == "body {}"
