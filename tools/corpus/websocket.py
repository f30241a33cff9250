# SPDX-License-Identifier: GPL-3.0-or-later
"""A handshake of WebSocket, and a message (RFC 6455)."""

from __future__ import annotations

HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
ACCEPTED = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""What a server answers to this key."""
MESSAGE = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
"""The text Hello, masked as a client must."""
