# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs in to the administration of a Django project in gunicorn, and uploads a file."""

from __future__ import annotations

import os
import re

from browser import Browser, prepare, run, start, wait_for, write

SETTINGS = """
SECRET_KEY = "of the test"
ALLOWED_HOSTS = ["www.example.com"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
ROOT_URLCONF = "pages"
NAMES = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
INSTALLED_APPS = ["django.contrib." + name for name in NAMES]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/project/db.sqlite3"}}
STATIC_URL, STATIC_ROOT = "/static/", "/srv/shop/static"
MEDIA_URL, MEDIA_ROOT = "/media/", "/srv/shop/media"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
SECURE_SSL_REDIRECT = True
"""
PAGES = """
from django.contrib import admin
from django.core.files.storage import default_storage
from django.http import JsonResponse
from django.urls import path


def about(request):
    return JsonResponse({
        "secure": request.is_secure(),
        "url": request.build_absolute_uri(),
        "forwarded": request.headers.get("X-Forwarded-For"),
    })


def upload(request):
    name = default_storage.save(request.FILES["file"].name, request.FILES["file"])
    return JsonResponse({"url": default_storage.url(name)})


urlpatterns = [path("admin/", admin.site.urls), path("about/", about), path("upload/", upload)]
"""
PROJECT = "/srv/project"
ENVIRONMENT = {
    **os.environ,
    "DJANGO_SETTINGS_MODULE": "shop",
    "DJANGO_SUPERUSER_PASSWORD": "secret",
    "PYTHONPATH": PROJECT,
}


def manage(*arguments: str) -> None:
    """Run a command of Django."""
    run("python3", "-m", "django", *arguments, env=ENVIRONMENT, cwd=PROJECT)


prepare()
write(f"{PROJECT}/shop.py", SETTINGS)
write(f"{PROJECT}/pages.py", PAGES)
manage("migrate")
manage("collectstatic", "--noinput")
manage("createsuperuser", "--noinput", "--username", "anna", "--email", "anna@example.com")
os.makedirs("/srv/shop/media", exist_ok=True)
start(
    "gunicorn",
    "--umask",
    "0",
    "--bind",
    "unix:/run/gunicorn.sock",
    "django.core.wsgi:get_wsgi_application()",
    env=ENVIRONMENT,
    cwd=PROJECT,
)
wait_for("/run/gunicorn.sock")

browser = Browser("www.example.com")
about = browser.get("/about/?a=1").json
assert about["secure"] is True, about
assert about["url"] == "https://www.example.com/about/?a=1"
page = browser.get("/admin/login/")
token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
assert all("Secure" in cookie for cookie in page.cookies), page.cookies
style = re.findall(r'href="(/static/admin/css/base\.css)"', page.text)[0]
assert browser.get(style).headers["cache-control"] == "max-age=86400"
fields = {"csrfmiddlewaretoken": token, "username": "anna", "password": "secret", "next": "/admin/"}
forged = browser.submit("/admin/login/", fields, origin="https://other.example.com")
assert forged.status == 403, forged
signed_in = browser.submit("/admin/login/", fields)
assert (signed_in.status, signed_in.headers["location"]) == (302, "/admin/"), signed_in
assert "Site administration" in browser.get("/admin/").text
content = b"<script>" + os.urandom(5_000_000)
token = browser.cookies["csrftoken"]
sent = browser.upload("/upload/", {"csrfmiddlewaretoken": token}, "page.html", content)
stored = browser.get(sent.json["url"])
assert stored.body == content
assert "script-src 'none'" in stored.headers["content-security-policy"]
