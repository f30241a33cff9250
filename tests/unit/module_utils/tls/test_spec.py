# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument spec and the documentation of the option ``certificates`` come from one definition."""

from __future__ import annotations

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.hardened.nginx_edge.plugins.doc_fragments.certificates import ModuleDocFragment
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_argument
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import DnsPlugin, Wanted

WANTED = Wanted("a.example", ("a.example",), challenge="dns-01", dns=DnsPlugin("rfc2136"), path="edge_sites[0]")


def test_the_spec_accepts_a_plan() -> None:
    checked = ArgumentSpecValidator({"certificates": certificates_argument()}).validate(
        {"certificates": [WANTED.as_plan()]}
    )
    assert checked.error_messages == []
    (item,) = checked.validated_parameters["certificates"]
    assert Wanted.from_plan(item) == WANTED


def test_the_spec_refuses_other_values() -> None:
    wrong = {"name": "a", "names": ["a"], "source": "thin air", "key_size": 1024, "dns": {}, "fulchain": "x"}
    checked = ArgumentSpecValidator({"certificates": certificates_argument()}).validate({"certificates": [wrong]})
    told = "\n".join(checked.error_messages)
    assert [word for word in ("source", "key_size", "provider", "fulchain") if word not in told] == []


def test_secrets_are_hidden_by_ansible() -> None:
    options = certificates_argument()["options"]
    assert {name: one["no_log"] for name, one in options.items() if "no_log" in one} == {
        "privkey": False,
        "privkey_content": True,
    }
    assert {name for name, one in options["dns"]["options"].items() if one.get("no_log")} == {"credentials_content"}


def test_the_documentation_has_the_options_of_the_spec() -> None:
    described = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["certificates"]
    spec = certificates_argument()
    assert described["description"]
    assert (described["type"], described["elements"], described["required"]) == ("list", "dict", True)
    inner = (described["suboptions"]["dns"].pop("suboptions"), spec["options"]["dns"].pop("options"))
    for documented, specified in ((described["suboptions"], spec["options"]), inner):
        for one in documented.values():
            assert one.pop("description")
        for one in specified.values():
            one.pop("no_log", None)
        assert documented == specified
