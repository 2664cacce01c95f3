# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated hosts as Ansible wants to hear of them: connection variables, and a whole inventory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

#: The sign-ins a host's variables can be made for, and whether each needs HTTPS.
SIGN_INS: Final = {"ntlm": False, "basic": True, "certificate": True}


def host_variables(
    access: Mapping[str, Any], host: Mapping[str, Any], *, connection: str, scheme: str, auth: str = "ntlm"
) -> dict[str, Any]:
    """Variables with which Ansible reaches one host.

    Args:
        access: what a running simulator says of its account and certificates.
        host: one of its hosts.
        connection: psrp or winrm.
        scheme: http or https.
        auth: one of ``SIGN_INS``.

    Raises:
        ValueError: the sign-in needs HTTPS, or the host has none.
    """
    if SIGN_INS[auth] and scheme != "https":
        raise ValueError(f"{auth} needs scheme https")
    port = host[f"{scheme}_port"]
    if port is None:
        raise ValueError(f"{host['name']} has no {scheme} port")
    common = {
        "ansible_connection": connection,
        "ansible_host": host["address"],
        "ansible_port": port,
        "ansible_user": access["username"],
        "ansible_password": access["password"],
        "hyperv_replica_simulated": True,
        **({"hyperv_cluster_name": host["cluster"]} if host.get("cluster") else {}),
    }
    special = _psrp if connection == "psrp" else _winrm
    return common | special(access, scheme, auth)


def inventory_text(access: Mapping[str, Any], connection: str = "psrp", scheme: str = "http") -> str:
    """An inventory file, as YAML, of all hosts. It holds the password: keep it private."""
    hosts = {
        host["name"]: host_variables(access, host, connection=connection, scheme=scheme) for host in access["hosts"]
    }
    groups = {"hyperv": {"hosts": hosts}, **_cluster_groups(access)}
    text: str = yaml.safe_dump(groups, allow_unicode=True, explicit_start=True, sort_keys=False)
    return text


def _cluster_groups(access: Mapping[str, Any]) -> dict[str, Any]:
    """A group for each cluster, with its nodes and the variable by which modules know it."""
    groups: dict[str, Any] = {}
    for host in access["hosts"]:
        if cluster := host.get("cluster"):
            name = re.sub(r"\W", "_", str(cluster).lower())
            group = groups.setdefault(name, {"hosts": {}, "vars": {"hyperv_cluster_name": cluster}})
            group["hosts"][host["name"]] = {}
    return groups


def _psrp(access: Mapping[str, Any], scheme: str, auth: str) -> dict[str, Any]:
    variables = {
        "ansible_psrp_protocol": scheme,
        "ansible_psrp_auth": auth,
        "ansible_psrp_ignore_proxy": True,
        "ansible_psrp_ca_cert": access["ca_cert"] if scheme == "https" else None,
        "ansible_psrp_certificate_pem": access["client_cert"] if auth == "certificate" else None,
        "ansible_psrp_certificate_key_pem": access["client_key"] if auth == "certificate" else None,
    }
    return _given(variables)


def _winrm(access: Mapping[str, Any], scheme: str, auth: str) -> dict[str, Any]:
    variables = {
        "ansible_winrm_scheme": scheme,
        "ansible_winrm_transport": auth,
        "ansible_winrm_ca_trust_path": access["ca_cert"] if scheme == "https" else None,
        "ansible_winrm_cert_pem": access["client_cert"] if auth == "certificate" else None,
        "ansible_winrm_cert_key_pem": access["client_key"] if auth == "certificate" else None,
    }
    # null, and only null, makes pywinrm ignore the proxy of the environment
    return {**_given(variables), "ansible_winrm_proxy": None}


def _given(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if value is not None}
