# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventory source: Hyper-V hosts in, replicated VMs out."""

from __future__ import annotations

DOCUMENTATION = r"""
name: hyperv_replica
short_description: Replicated virtual machines of Hyper-V hosts
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Asks Hyper-V hosts over WinRM which virtual machines they send or receive, and puts each machine into the inventory
    once, with variables that say where it runs and how its replication does. Changes nothing.
  - Works with its own connection options over pypsrp. It is independent of Ansible's connections, and the hosts that it
    asks need not be in the inventory.
  - The name of its file ends with C(hyperv_replica.yml) or C(hyperv_replica.yaml).
  - The variables are those of the copy that runs, and where none runs, of the primary. What each host shows is in
    C(hyperv_replica_copies). Two machines of one name get the beginning of their GUIDs behind the name.
  - >-
    The variables are C(hyperv_replica_id) (the GUID), C(hyperv_replica_name), C(hyperv_replica_host),
    C(hyperv_replica_site), C(hyperv_replica_power), C(hyperv_replica_mode), C(hyperv_replica_state),
    C(hyperv_replica_health), C(hyperv_replica_last_replication) (UTC), C(hyperv_replica_age_seconds) (by the host's own
    clock), C(hyperv_replica_peer), C(hyperv_replica_guest_fqdn), C(hyperv_replica_guest_addresses) and
    C(hyperv_replica_copies).
  - Every machine is in the group C(hyperv_replica_vms), and in the groups of O(group_by), such as C(hyperv_site_north),
    C(hyperv_mode_primary), C(hyperv_state_replicating) and C(hyperv_health_ok).
requirements:
  - Python 3.10 or later on the controller
  - pypsrp on the controller
notes:
  - Copies for tests (mode 3) and machines that are not replicated are left out.
  - An answer with a host missing is not cached, so that the next run asks again.
  - B(No Windows host has been seen yet.) All tests run against the simulator of this collection.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [hyperv.replica.hyperv_replica]
  hosts:
    description:
      - The Hyper-V hosts to ask. Each is a name, or a mapping with C(name) and what differs for it out of C(address),
        C(site), C(port), C(scheme), C(user), C(password) and C(auth).
      - C(site) is a word for where the host stands. It is the host's name when not given.
    type: list
    elements: raw
    required: true
  user:
    description: The account, a member of Hyper-V Administrators on each host. May be a template.
    type: str
    env:
      - name: HYPERV_REPLICA_USER
  password:
    description: Its password. May be a template or vaulted, and is shown nowhere.
    type: str
    env:
      - name: HYPERV_REPLICA_PASSWORD
  auth:
    description: How to sign in.
    type: str
    choices: [basic, certificate, credssp, kerberos, negotiate, ntlm]
    default: negotiate
  scheme:
    description: Of the hosts' WinRM listeners. Over V(http) messages are encrypted by V(ntlm) or V(kerberos).
    type: str
    choices: [http, https]
    default: https
  port:
    description: Of the hosts' WinRM listeners. 5986 with V(https) and 5985 with V(http) when not given.
    type: int
  validate_certs:
    description: Whether a host must show a certificate that can be trusted.
    type: bool
    default: true
  ca_cert:
    description: File or folder of the certificate authorities to trust, instead of the system's.
    type: path
  certificate_pem:
    description: Client certificate, with O(auth=certificate).
    type: path
  certificate_key_pem:
    description: Its key.
    type: path
  message_encryption:
    description: Whether messages are encrypted beside TLS. V(auto) does so over V(http).
    type: str
    choices: [auto, always, never]
    default: auto
  connection_timeout:
    description: Seconds a host may take to be connected to. The hosts are asked at the same time.
    type: int
    default: 30
  ignore_proxy:
    description: Whether the proxy of the environment is passed by.
    type: bool
    default: false
  on_unreachable:
    description:
      - What a host that cannot be reached, or does not answer as it should, is. With V(warn) the machines of the other
        hosts are returned, which is what is wanted when a site is down.
    type: str
    choices: [warn, fail]
    default: warn
  gather_guest:
    description: Whether to ask the integration services for the guests' names and addresses. Two queries more per host.
    type: bool
    default: false
  group_by:
    description: What to make groups of.
    type: list
    elements: str
    choices: [site, mode, state, health]
    default: [site, mode, state, health]
"""

EXAMPLES = r"""
# north_and_south.hyperv_replica.yml
plugin: hyperv.replica.hyperv_replica
hosts:
  - {name: hv-a.example.com, site: north}
  - {name: hv-b.example.com, site: south}
user: EXAMPLE\replica-reader
password: "{{ lookup('ansible.builtin.env', 'READER_PASSWORD') }}"
auth: kerberos
scheme: http
gather_guest: true
strict: true
compose:
  ansible_host: hyperv_replica_guest_addresses | first | default(hyperv_replica_name)
groups:
  overdue: hyperv_replica_age_seconds is none or hyperv_replica_age_seconds > 900
keyed_groups:
  - {key: hyperv_replica_host, prefix: host}
"""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any, Final

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.hyperv.replica.plugins.module_utils._errors import HyperVReplicaError
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.host import Host, Limits
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.looking import Gather, Look
from ansible_collections.hyperv.replica.plugins.module_utils._surface.inventory import (
    Copy,
    copies,
    group_names,
    virtual_machines,
)
from ansible_collections.hyperv.replica.plugins.module_utils._surface.inventory_hosts import (
    InventoryHost,
    inventory_hosts,
    psrp_getter,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils._hosts import open_psrp

_ALL: Final = "hyperv_replica_vms"
_ENDINGS: Final = ("hyperv_replica.yml", "hyperv_replica.yaml")
_AT_ONCE: Final = 16
_TEMPLATES: Final = ("{{", "{%", "{#")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Asks every host at the same time and puts each VM into the inventory once."""

    NAME = "hyperv.replica.hyperv_replica"

    def verify_file(self, path: str) -> bool:
        """Whether the file is for this plugin, by its name."""
        return bool(super().verify_file(path)) and path.endswith(_ENDINGS)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory from the hosts, or from what they said the last time."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self.load_cache_plugin()
        key = self.get_cache_key(path)
        cached = self.get_option("cache")
        found = self.cache.get(key) if cached and cache else None
        if found is None:
            found, complete = self._ask()
            if cached and complete:
                self.cache[key] = found
        for name, variables in virtual_machines(found).items():
            self._add(name, variables)

    def _ask(self) -> tuple[list[Copy], bool]:
        """What all hosts show, and whether all of them did."""
        try:
            hosts = inventory_hosts(self.get_option("hosts"), self.templar.template)
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                answers = list(threads.map(self._prepared(), hosts))
        except HyperVReplicaError as error:
            raise AnsibleParserError(str(error)) from None
        lost = [answer for answer in answers if isinstance(answer, HyperVReplicaError)]
        if lost and self.get_option("on_unreachable") == "fail":
            raise AnsibleParserError("; ".join(map(str, lost)))
        for silence in lost:
            self.display.warning(f"the inventory is without what this host has: {silence}")
        pairs = [(host, answer) for host, answer in zip(hosts, answers, strict=True) if isinstance(answer, Look)]
        return [copy for host, look in pairs for copy in copies(host, look, hosts)], not lost

    def _prepared(self) -> Callable[[InventoryHost], Look | HyperVReplicaError]:
        """A function that looks at one host in a thread of its own; templates are filled before."""
        names = [name for name in self.get_options() if name not in ("hosts", "compose", "groups", "keyed_groups")]
        options = {name: self.templar.template(self.get_option(name)) for name in names}
        gather = {Gather.STATE, Gather.SETTINGS} | ({Gather.GUEST} if options["gather_guest"] else set())

        def look(host: InventoryHost) -> Look | HyperVReplicaError:
            try:
                return _look(host, options, gather)
            except HyperVReplicaError as error:
                return error

        return look

    def _add(self, name: str, variables: dict[str, Any]) -> None:
        self.inventory.add_host(name)
        for group in (_ALL, *map(self._sanitize_group_name, group_names(variables, self.get_option("group_by")))):
            self.inventory.add_group(group)
            self.inventory.add_child(group, name)
        for variable, value in variables.items():
            self.inventory.set_variable(name, variable, _no_template(value))
        known, strict = self.inventory.get_host(name).get_vars(), self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), known, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), known, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), known, name, strict=strict)


def _no_template(value: Any) -> Any:
    """The value; one that looks like a template is marked as none, since people name VMs as they like."""
    return wrap_var(value) if any(mark in str(value) for mark in _TEMPLATES) else value


def _look(host: InventoryHost, options: dict[str, Any], gather: set[Gather]) -> Look:
    opened = open_psrp(host.name, psrp_getter(host, options.__getitem__))
    try:
        asked = Host(
            host.name,
            opened.carrier,
            endpoint=opened.endpoint,
            new_id=uuid.uuid4,
            now=lambda: datetime.now(timezone.utc),
            limits=Limits(operation_timeout=opened.operation_timeout, max_envelope_size=opened.max_envelope_size),
        )
        return asked.look(gather)
    finally:
        opened.close()
