# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a certificate, defined once.

The fields of the records carry the type, the choices and the description of each option. The planner creates the
records on the controller, the modules read them from their arguments, and :mod:`.spec` derives the argument spec and
the documentation of the modules from them. The options of the model (``roles/edge/meta/argument_specs.yml``) have their
own descriptions; a unit test compares their types, choices and defaults with these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ..host.errors import EdgeError


@dataclass(frozen=True)
class Option:
    """What a module option has besides its name and its default.

    :param description: text of the documentation, or its paragraphs.
    :param kind: type, in Ansible's terms.
    :param elements: type of the elements of a list.
    :param choices: allowed values; empty if all are.
    :param record: the record of a ``dict``, whose fields are the suboptions.
    :param no_log: whether Ansible hides the value. None is Ansible's default; False also turns off its warning about
        names that sound secret.
    :param late: set by an action plugin when the module runs; never part of a plan.
    """

    description: str | Sequence[str]
    kind: str = "str"
    elements: str | None = None
    choices: Sequence[Any] = ()
    record: Any = None
    no_log: bool | None = None
    late: bool = False


def option(description: str | Sequence[str], **others: Any) -> dict[str, Option]:
    """The metadata of a field that is a module option; ``others`` are the parameters of :class:`Option`."""
    return {"option": Option(description, **others)}


def options_of(record: Any) -> dict[str, tuple[Option, Any]]:
    """Name -> option and default of each field of a record; ``MISSING`` is the default of a required option."""
    return {one.name: (one.metadata["option"], one.default) for one in fields(record)}


@dataclass(frozen=True)
class DnsPlugin:
    """A certbot plugin that creates DNS records; see the descriptions of its options."""

    provider: str = field(
        metadata=option("Name of the plugin without C(dns-), such as V(rfc2136)."),
    )
    package: str | None = field(
        default=None,
        metadata=option("Package of the plugin; the default is C(python3-certbot-dns-<provider>)."),
    )
    credentials_file: str | None = field(
        default=None,
        metadata=option(
            "A file on the controller with the plugin's credentials. It may be encrypted with Ansible Vault."
        ),
    )
    credentials_content: str | None = field(
        default=None,
        repr=False,
        metadata=option(
            [
                "The text of that file. If neither is set, the C(credentials) of that certificate in the variable"
                " C(edge_certificates) are used."
            ],
            no_log=True,
            late=True,
        ),
    )
    propagation_seconds: int | None = field(
        default=None,
        metadata=option(
            "Seconds to wait until a record has reached all DNS servers; the plugin has its own default.", kind="int"
        ),
    )


@dataclass(frozen=True)
class Wanted:
    """A certificate of the plan; see the descriptions of its options."""

    name: str = field(
        metadata=option("Name of the certificate, and of its link below C(/etc/nginx/tls)."),
    )
    names: tuple[str, ...] = field(
        metadata=option(
            "Names that the certificate must cover; the first one is its common name.", kind="list", elements="str"
        ),
    )
    source: str = field(
        default="acme",
        metadata=option(
            [
                "Source of the certificate.",
                "V(acme) is ordered from an ACME server with certbot.",
                "V(provided) is provided by you as files.",
                "V(received) is received from the issuing edge (M(hardened.nginx_edge.edge_receive)).",
                "V(self_signed) is created on the host, and clients do not trust it.",
            ],
            choices=["acme", "provided", "received", "self_signed"],
        ),
    )
    key_type: str = field(
        default="ecdsa",
        metadata=option("Type of the private key.", choices=["ecdsa", "rsa"]),
    )
    key_size: int = field(
        default=2048,
        metadata=option(
            "Size of an RSA key in bits; an ECDSA key always uses the curve P-256.",
            kind="int",
            choices=[2048, 3072, 4096],
        ),
    )
    path: str = field(
        default="",
        metadata=option("Path of the certificate in the model, used as a prefix for its error messages."),
    )
    fullchain: str | None = field(
        default=None,
        metadata=option("For V(provided), a PEM file on the controller with the certificate and its intermediates."),
    )
    privkey: str | None = field(
        default=None,
        metadata=option(
            [
                "For V(provided), a PEM file on the controller with the private key.",
                "It may be encrypted with Ansible Vault.",
            ],
            no_log=False,  # the path of a key, not the key
        ),
    )
    fullchain_content: str | None = field(
        default=None,
        metadata=option("The certificate chain as text, instead of O(certificates[].fullchain).", late=True),
    )
    privkey_content: str | None = field(
        default=None,
        repr=False,
        metadata=option("The private key as text, instead of O(certificates[].privkey).", no_log=True, late=True),
    )
    challenge: str = field(
        default="http-01",
        metadata=option(
            [
                "For V(acme), the challenge that proves control of the names.",
                "V(dns-01) requires O(certificates[].dns).",
            ],
            choices=["http-01", "dns-01"],
        ),
    )
    dns: DnsPlugin | None = field(
        default=None,
        metadata=option(
            "The certbot plugin that creates the DNS records for V(dns-01).", kind="dict", record=DnsPlugin
        ),
    )
    profile: str | None = field(
        default=None,
        metadata=option("For V(acme), the certificate profile to order; requires certbot 4.0."),
    )
    preferred_chain: str | None = field(
        default=None,
        metadata=option("For V(acme), common name of the topmost issuer, if the ACME server offers several chains."),
    )

    @classmethod
    def from_plan(cls, item: Mapping[str, Any]) -> Wanted:
        """A certificate from an argument of a module; its names become lower case."""
        given = _given(cls, item)
        given["names"] = tuple(name.lower() for name in item["names"])
        given["dns"] = DnsPlugin(**_given(DnsPlugin, item["dns"])) if item.get("dns") else None
        return cls(**given)

    def as_plan(self) -> dict[str, Any]:
        """The argument of a module, in plain types and without the options that action plugins set."""
        dns = _planned(self.dns) if self.dns else None
        return {**_planned(self), "names": list(self.names), "dns": dns}

    def error(self, problem: EdgeError | OSError) -> str:
        """An error of this certificate as text, prefixed with its path in the model."""
        return f"{self.path or f'certificate {self.name}'}: {problem}"


def _given(record: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    """The values for the fields of a record; an option without a value gets the default of its field."""
    return {name: item[name] for name in options_of(record) if item.get(name) is not None}


def _planned(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name, (one, _default) in options_of(record).items() if not one.late}
