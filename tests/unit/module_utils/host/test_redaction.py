# SPDX-License-Identifier: GPL-3.0-or-later
"""No text for people shows a secret."""

from __future__ import annotations

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.redaction import redacted

SECRET = "Tr0ub4dor"  # noqa: S105 - an example


@pytest.mark.case("F5")
@pytest.mark.parametrize(
    "text",
    [
        f"invalid value 'https://ops:{SECRET}@app.example.com/'",
        f"redis://:{SECRET}@10.0.0.1:6379",
        f'proxy_set_header Authorization "Basic {SECRET}=";',
        f"grpc_set_header X-Api-Key {SECRET};",
        f"fastcgi_param DB_PASSWORD '{SECRET}';",
        f"set $upstream_token {SECRET};",
        f"Authorization: Bearer {SECRET}.abc",
        f"certbot: dns_api_token = {SECRET}",
        f"password={SECRET}, user=ops",
        f"$6$salt${SECRET}abcdefgh",
        f"-----BEGIN EC PRIVATE KEY-----\n{SECRET}\n-----END EC PRIVATE KEY-----",
        f"eyJhbGciOiJIUzI1NiJ9.{SECRET}.sig",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    assert SECRET not in redacted(text)
    assert "(hidden)" in redacted(text)
    assert SECRET not in str(EdgeError("failed", [text]))


@pytest.mark.parametrize(
    "text",
    [
        "edge_user_lists[0] (staff).users[0] (alice).password: expected a string, got something else",
        "https://acme.example.com:8443/dir does not answer",
        "proxy_set_header Authorization $http_authorization;",
        'proxy_set_header Cookie "";',
        "Basic authentication needs basic_auth",
        'nginx says: unknown directive "proxy_passs" (sites/a.conf:3: proxy_passs http://app;)',
        "certbot: the token of the challenge was not found",
        "add_header Set-Cookie $edge_cookie always;",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text
