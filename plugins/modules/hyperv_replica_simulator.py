#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_simulator
short_description: Start or stop simulated Hyper-V hosts to rehearse on
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Runs a simulated estate of Hyper-V hosts as a process of its own on the controller, each host with a real WinRM
    endpoint (HTTP and HTTPS) on the loopback address, and returns the hosts ready for M(ansible.builtin.add_host).
  - The simulator ends when it is stopped, when the playbook that started it ends, or when nobody has asked it
    anything for O(idle_timeout) seconds.
  - The module works on the controller only, on a host whose connection is C(local).
options:
  state:
    description:
      - V(started) makes sure that the simulator runs, and then orders O(trouble), moves its clock and sets its rate.
      - V(stopped) makes sure that it does not run any more; its world is gone with it.
    type: str
    choices: [started, stopped]
    default: started
  name:
    description: Tells the simulators of one playbook apart.
    type: str
    default: rehearsal
  control:
    description:
      - The RV(control) of a simulator that another playbook or a command line started.
      - Without it, the simulator of this playbook with this O(name) is meant.
    type: path
  estate:
    description:
      - The estate file. A relative path begins at the variable C(hyperv_replica_project_dir), or else where
        C(ansible-playbook) was called.
      - The bare name V(rehearsal) or V(three_tiers) means an estate of this collection, in C(playbooks/files/estates).
        Without it, V(rehearsal) is used.
    type: path
  rate:
    description:
      - Simulated seconds per second; V(0) lets time stand still, so that only O(advance) moves it.
      - Without it, a new simulator runs at V(1) and a running one keeps its rate.
    type: float
  seed:
    description: Seed of the GUIDs that the simulated hosts make up.
    type: int
    default: 0
  switches:
    description: Behaviours of Hyper-V that nobody has documented, by name; see the guide to the simulator.
    type: dict
    default: {}
  idle_timeout:
    description: Seconds without any request after which the simulator ends by itself; V(0) for never.
    type: float
    default: 3600.0
  log_file:
    description: File to which the request log is appended as JSON lines, readable by its owner only.
    type: path
  connection:
    description: The connection plugin for which RV(hosts) is made.
    type: str
    choices: [psrp, winrm]
    default: psrp
  scheme:
    description: The scheme for which RV(hosts) is made.
    type: str
    choices: [http, https]
    default: http
  auth:
    description: The sign-in for which RV(hosts) is made. V(basic) and V(certificate) need O(scheme=https).
    type: str
    choices: [ntlm, basic, certificate]
    default: ntlm
  trouble:
    description: Trouble to order, each a dictionary with C(kind), C(match), C(times) and what the kind takes.
    type: list
    elements: dict
    default: []
  clear_trouble:
    description: Forget the trouble that was ordered before.
    type: bool
    default: false
  advance:
    description: Seconds of simulated time to move forward.
    type: float
    default: 0.0
attributes:
  check_mode:
    description: Says whether a simulator would be started or stopped. RV(hosts) is empty while none runs.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  async:
    description: The simulator outlives its task anyway.
    support: none
  platform:
    description: Where the simulator runs.
    support: full
    platforms: posix
notes:
  - RV(hosts) holds a one-time password, so the output of this module is hidden as if C(no_log) were set. The registered
    variable is whole. Set C(no_log) on each task that handles it, as the example does.
  - It needs nothing beyond ansible-core and pypsrp.
seealso:
  - module: ansible.builtin.add_host
"""

EXAMPLES = r"""
- name: Start the simulated estate
  hyperv.replica.hyperv_replica_simulator:
    estate: estates/tonight.yml
    rate: 60
  delegate_to: localhost
  register: simulator

- name: Add its hosts to the inventory
  ansible.builtin.add_host: "{{ item | combine({'groups': 'hyperv'}) }}"
  loop: "{{ simulator.hosts }}"
  no_log: true
  changed_when: false

- name: Cut the connection after the next failover was asked for
  hyperv.replica.hyperv_replica_simulator:
    trouble:
      - kind: cut_after
        match: {method: InitiateFailover, host: HV-B}
  delegate_to: localhost

- name: Let an hour pass
  hyperv.replica.hyperv_replica_simulator:
    advance: 3600
  delegate_to: localhost

- name: Stop the simulated estate
  hyperv.replica.hyperv_replica_simulator:
    state: stopped
  delegate_to: localhost
"""

RETURN = r"""
hosts:
  description:
    - The simulated hosts, each as the arguments of M(ansible.builtin.add_host), C(name) and connection variables.
    - Contains the one-time password.
  returned: when O(state=started)
  type: list
  elements: dict
  sample:
    - name: HV-A
      ansible_connection: psrp
      ansible_host: 127.0.0.1
      ansible_port: 40123
      ansible_user: rehearsal
      ansible_password: "********"
      ansible_psrp_auth: ntlm
      ansible_psrp_protocol: http
      ansible_psrp_ignore_proxy: true
      hyperv_replica_simulated: true
      hyperv_replica_simulated_rate: 60.0
      hyperv_replica_simulated_names: [HV-A, hv-a.example.com]
control:
  description: Path of a file, readable by its owner only, by which a later task finds the simulator.
  returned: always
  type: str
  sample: /tmp/hyperv-replica-simulator-1000/4711-rehearsal.json
pid:
  description: Process id of the simulator; V(0) where none runs.
  returned: always
  type: int
  sample: 4712
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.simulator_spec import SIMULATOR


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**SIMULATOR, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_simulator works on the controller, through its action plugin of the same name")


if __name__ == "__main__":
    main()
