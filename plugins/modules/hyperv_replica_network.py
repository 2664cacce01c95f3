#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_network
short_description: Set failover addresses and test switches of virtual machines' network adapters
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - What the guest of an adapter is given when its virtual machine starts on the task's host after a failover or a test
    failover, and which switch its test copies are connected to.
  - The task's host is the one where the virtual machine will start. For the way home, run it on the other host too.
  - Hyper-V hands the addresses to the guest's integration services. What may keep them from being applied, a dynamic
    MAC address, a guest that is silent or not known to apply them, is a warning.
options:
  adapters:
    description:
      - What each adapter shall say. Adapters that are not named stay as they are.
    type: list
    elements: dict
    required: true
    suboptions:
      vm:
        description:
          - Name or GUID of the virtual machine, as the task's host knows it.
          - A name that two virtual machines share is refused with both GUIDs. A test copy never matches a name.
        type: str
        required: true
      adapter:
        description: Name or MAC address of the adapter. Needed where the virtual machine has more than one.
        type: str
      test_switch:
        description:
          - Name of the switch that test copies are connected to. Empty connects them to nothing.
          - A switch that a virtual machine which is no test copy is connected to is refused.
        type: str
      failover:
        description: What the guest is given, as a whole. What is left out is taken away.
        type: dict
        suboptions:
          dhcp:
            description: Nothing is given; the guest asks a DHCP server, as it does by default.
            type: bool
            default: false
          addresses:
            description: IPv4 and IPv6 addresses with the length of their prefix, such as V(192.0.2.10/24).
            type: list
            elements: str
          gateways:
            description: Default gateways.
            type: list
            elements: str
          dns:
            description: DNS servers, in the order of preference.
            type: list
            elements: str
  peer:
    description:
      - Inventory name of the host on which the virtual machine runs now, or V(auto) to find it by the names of the
        relationship. Its guest is looked at for the warnings; nothing is changed there.
      - An inventory group with C(hyperv_cluster_name) stands for all nodes of a failover cluster, and so does each of
        its hosts.
    type: str
extends_documentation_fragment:
  - hyperv.replica.operation
  - hyperv.replica.attributes
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_test_failover
"""

EXAMPLES = r"""
- name: SQL01 gets the second site's address when it starts there, and its test copies a bubble
  hyperv.replica.hyperv_replica_network:
    peer: hv-a
    adapters:
      - vm: SQL01
        test_switch: Bubble
        failover:
          addresses: [198.51.100.10/24, "2001:db8:2::10/64"]
          gateways: [198.51.100.1]
          dns: [198.51.100.53]

- name: WEB01 asks for its address again
  hyperv.replica.hyperv_replica_network:
    adapters:
      - vm: WEB01
        adapter: LAN
        failover:
          dhcp: true
"""

RETURN = r"""
changed:
  description: Whether a request that changes something was carried out, or may have been. In check mode, would be.
  returned: always
  type: bool
msg:
  description: What came of it, in plain words, with the error of each virtual machine that failed and where it is now.
  returned: always
  type: str
  sample: 2 VMs done, 1 VM already there.
summary:
  description:
    - How many virtual machines ended with which outcome. In check mode V(done) is replaced by V(planned).
  returned: when the virtual machines were found
  type: dict
  sample: {done: 2, already_there: 1, failed: 0, skipped: 0}
vms:
  description: One entry for each virtual machine.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the virtual machine.
      type: str
      returned: always
      sample: SQL01
    id:
      description: Its GUID, which is the same on both hosts.
      type: str
      returned: always
      sample: 8E2B4F6A-7C1D-4E3B-9A54-0D2F6B8C1E90
    direction:
      description: The peer, where one was given, and the task's host.
      type: str
      returned: always
      sample: hv-a → hv-b
    outcome:
      description: V(done), V(already_there), V(failed) or V(skipped). In check mode V(planned) instead of
        V(done).
      type: str
      returned: always
      sample: done
    changed:
      description: The same as RV(changed), of this virtual machine.
      type: bool
      returned: always
    now:
      description: One line that says where the virtual machine is now, or what is unknown.
      type: str
      returned: always
      sample: runs on hv-a, protected (replicates to hv-b)
    before:
      description: Both ends before anything was done. Every state is given as C(number) and C(name).
      type: dict
      returned: always
      contains:
        destination:
          description: >-
            What the destination showed. C(host), C(vm_name), C(power), C(mode), C(state), C(health),
            C(last_replicated), C(start_action), C(test_copy), C(guest) and the running C(jobs); or C(host), C(why) and
            C(said) where nothing is known.
          type: dict
          returned: always
        source:
          description: What the source showed, in the same form.
          type: dict
          returned: always
    after:
      description: Both ends when the run ended, in the same form.
      type: dict
      returned: always
    plan:
      description:
        - The steps that were decided before anything was asked for, in their order. Their keys are C(host), C(end)
          (V(destination) or V(source)), C(method), C(mutates), C(arguments), C(expects), C(loses) (V(nothing),
          V(recovery_points), V(writes) or V(saved_state)), C(can_be_undone), C(consent), C(contingent) (taken only if
          the host asks for it), C(expected_seconds) and C(why).
      type: list
      elements: dict
      returned: always
    performed:
      description:
        - The calls that were sent, in their order. Beside the keys of RV(vms[].plan) they have C(started), C(ended),
          C(seconds), C(job_id), C(return_code) (number and name) and C(outcome), which is V(done), V(refused),
          V(failed) or V(unknown).
      type: list
      elements: dict
      returned: always
    adapters:
      description: >-
        Every network adapter of the virtual machine as it is now. C(name), C(mac), C(dynamic_mac), C(switch),
        C(test_switch) and C(failover) (C(dhcp), C(addresses), C(gateways), C(dns); null where it takes none).
      type: list
      elements: dict
      returned: always
    facts:
      description: What else was found out about this virtual machine.
      type: dict
      returned: always
    warnings:
      description: What the operator should know although it did not stop the run.
      type: list
      elements: str
      returned: always
    error:
      description: What went wrong; null when nothing did. The same keys as RV(error).
      type: dict
      returned: always
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: when the virtual machines were found
  type: dict
  sample: {hv-a: 14, hv-b: 16}
records:
  description: What was done when on which host, oldest first. See O(journal_dir).
  returned: when the virtual machines were found
  type: list
  elements: dict
error:
  description: What went wrong before anything could be said of single virtual machines.
  returned: when the task failed as a whole
  type: dict
  contains:
    kind:
      description: >-
        A word that playbooks may decide by, such as V(wrong_peer), V(peer_unreachable), V(connection_lost),
        V(production_network), V(not_replicated), V(changed_by_other), V(no_such_vm), V(ambiguous_name),
        V(access_refused), V(refused), V(job_failed), V(timed_out) or V(bad_option).
      type: str
      returned: always
    code:
      description: The number that the host gave, if any.
      type: int
      returned: always
    code_name:
      description: What Microsoft calls that number.
      type: str
      returned: always
    found:
      description: What was seen.
      type: str
      returned: always
    cause:
      description: Why, as far as it is known.
      type: str
      returned: always
    remedy:
      description: What would make it right.
      type: str
      returned: always
    next:
      description: What to do now.
      type: str
      returned: always
    detail:
      description: The host's own words, in the host's language.
      type: str
      returned: always
    host:
      description: Inventory name of the host.
      type: str
      returned: always
    vm:
      description: Name of the virtual machine.
      type: str
      returned: always
    consent:
      description: The consents that would make a path legal.
      type: list
      elements: str
      returned: always
    msg:
      description: All of it in one line.
      type: str
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import NETWORK


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**NETWORK, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_network works through its action plugin of the same name")


if __name__ == "__main__":
    main()
