# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option with the certificates of the plan, which the certificate modules share."""

    DOCUMENTATION = r"""
options:
  certificates:
    description: The certificates of this host, as returned by M(hardened.nginx_edge.edge_config).
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
          - Source of the certificate.
          - V(acme) is ordered from an ACME server with certbot.
          - V(provided) is provided by you as files.
          - V(received) is received from the issuing edge (M(hardened.nginx_edge.edge_receive)).
          - V(self_signed) is created on the host, and clients do not trust it.
        type: str
        choices: [acme, provided, received, self_signed]
        default: acme
      names:
        description: Names that the certificate must cover; the first one is its common name.
        type: list
        elements: str
        required: true
      key_type:
        description: Type of the private key.
        type: str
        choices: [ecdsa, rsa]
        default: ecdsa
      key_size:
        description: Size of an RSA key in bits; an ECDSA key always uses the curve P-256.
        type: int
        choices: [2048, 3072, 4096]
        default: 2048
      path:
        description: Path of the certificate in the model, used as a prefix for its error messages.
        type: str
      fullchain:
        description: For V(provided), a PEM file on the controller with the certificate and its intermediates.
        type: str
      privkey:
        description:
          - For V(provided), a PEM file on the controller with the private key.
          - It may be encrypted with Ansible Vault.
        type: str
      fullchain_content:
        description: The certificate chain as text, instead of O(certificates[].fullchain).
        type: str
      privkey_content:
        description: The private key as text, instead of O(certificates[].privkey).
        type: str
      challenge:
        description:
          - For V(acme), the challenge that proves control of the names.
          - V(dns-01) requires O(certificates[].dns).
        type: str
        choices: [http-01, dns-01]
        default: http-01
      dns:
        description: The certbot plugin that creates the DNS records for V(dns-01).
        type: dict
        suboptions:
          provider:
            description: Name of the plugin without C(dns-), such as V(rfc2136).
            type: str
            required: true
          package:
            description: Package of the plugin; the default is C(python3-certbot-dns-<provider>).
            type: str
          credentials_file:
            description: A file on the controller with the plugin's credentials. It may be encrypted with Ansible Vault.
            type: str
          credentials_content:
            description:
              - The text of that file. If neither is set, the C(credentials) of that certificate in the variable
                C(edge_certificates) are used.
            type: str
          propagation_seconds:
            description: Seconds to wait until a record has reached all DNS servers; the plugin has its own default.
            type: int
      profile:
        description: For V(acme), the certificate profile to order; requires certbot 4.0.
        type: str
      preferred_chain:
        description: For V(acme), common name of the topmost issuer, if the ACME server offers several chains.
        type: str
"""
