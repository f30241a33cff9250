# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a page of Next.js while it is rendered, and a file of its build."""

from __future__ import annotations

import re
import time

from browser import Browser, prepare, start, wait_for

ADDRESS = "10.0.0.20"
PATIENCE = 5.0
"""Seconds; the second part of the page takes eight."""

prepare(ADDRESS)
start("node", "node_modules/next/dist/bin/next", "start", "--hostname", ADDRESS, "--port", "3000", cwd="/srv/next")
wait_for(f"{ADDRESS}:3000")

browser = Browser("www.example.com")
browser.get("/")  # the first page takes longer
started = time.monotonic()
parts = browser.stream("/")
found = next(parts)
while "first part" not in found:
    found += next(parts)
assert time.monotonic() - started < PATIENCE, found
assert "second part for" not in found
found += "".join(parts)
assert re.search("second part for (?:<!-- -->)?https", found), found
script = re.findall(r'src="(/_next/static/[^"]+\.js)', found)[0]
assert browser.get(script).headers["cache-control"] == "public, max-age=31536000, immutable"
