# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The certificates of the plan, as every certificate module takes them."""

    DOCUMENTATION = r"""
options:
  certificates:
    description: The certificates of this host, as the plan of M(hardened.nginx_edge.edge_config) has them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the certificate, and of its link below C(/etc/nginx/tls).
        type: str
        required: true
      source:
        description:
          - Where the certificate comes from.
          - V(acme) is issued by a certificate authority through certbot.
          - V(provided) is brought by you.
          - V(received) is handed over by the edge that orders it (M(hardened.nginx_edge.edge_receive)).
          - V(self_signed) is made on the host, and trusted by nobody else.
        type: str
        choices: [acme, provided, received, self_signed]
        default: acme
      names:
        description: Names that the certificate has to be good for; the first one is its common name.
        type: list
        elements: str
        required: true
      key_type:
        description: Type of the private key.
        type: str
        choices: [ecdsa, rsa]
        default: ecdsa
      key_size:
        description: Bits of an RSA key; an ECDSA key is always on the curve P-256.
        type: int
        choices: [2048, 3072, 4096]
        default: 2048
      path:
        description: Place of the certificate in the model, with which its error messages begin.
        type: str
      fullchain:
        description: For V(provided), a file on the controller with the certificate and its intermediates, in PEM.
        type: str
      privkey:
        description: For V(provided), a file on the controller with the private key, in PEM; it may be vaulted.
        type: str
      fullchain_content:
        description: The text of the chain itself, in place of O(certificates[].fullchain).
        type: str
      privkey_content:
        description: The text of the private key itself, in place of O(certificates[].privkey).
        type: str
      challenge:
        description: For V(acme), how the names are proven to the authority; V(dns-01) takes O(certificates[].dns).
        type: str
        choices: [http-01, dns-01]
        default: http-01
      dns:
        description: The plugin of certbot that writes the records of V(dns-01).
        type: dict
        suboptions:
          provider:
            description: Name of the plugin without C(dns-), such as V(rfc2136).
            type: str
            required: true
          package:
            description: Package that brings the plugin; C(python3-certbot-dns-<provider>) where it is not given.
            type: str
          credentials_file:
            description: A file on the controller with the plugin's credentials; it may be vaulted.
            type: str
          credentials_content:
            description: The text of that file itself. Where both are missing, the C(credentials) of that certificate
              in the variable C(edge_certificates) are taken.
            type: str
          propagation_seconds:
            description: Seconds that a record gets to reach all DNS servers; default is the plugin's own.
            type: int
      profile:
        description: For V(acme), the profile that is ordered; it takes certbot 4.0.
        type: str
      preferred_chain:
        description: For V(acme), common name of the topmost issuer, where the authority offers several chains.
        type: str
"""
