# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by docs/tools/write_plan_reference.py.

from __future__ import annotations


class ModuleDocFragment:
    """The recovery plan as an option."""

    DOCUMENTATION = r"""
options:
  plan:
    description:
    - The recovery plan.
    type: dict
    required: true
    suboptions:
      schema_version:
        description:
        - Version of the plan's form.
        type: int
        choices:
        - 1
        required: true
      name:
        description:
        - What people call the plan.
        type: str
        required: true
      description:
        description:
        - What it is for.
        type: str
      owner:
        description:
        - Who answers for it.
        type: str
      vms:
        description:
        - The virtual machines, in the order in which they start.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description:
            - Its name. Needed unless there is a GUID in C(id).
            type: str
          id:
            description:
            - Its GUID, where the name is not enough.
            type: str
          home:
            description:
            - Inventory name of the host where it belongs.
            type: str
            required: true
          recovery:
            description:
            - Inventory name of the host that holds its replica.
            type: str
            required: true
          tier:
            description:
            - Name of its tier. The first one when left out.
            type: str
          depends_on:
            description:
            - Virtual machines of the plan whose probes must be green before this one starts.
            type: list
            elements: str
          start_delay:
            description:
            - How long to wait after its turn has come, before it starts.
            type: str
          provides:
            description:
            - What others need it for. Such a machine moves last and alone.
            type: list
            elements: str
            choices:
            - kdc
            - dns
            - awx
            - ca
          consistency_group:
            description:
            - Machines with the same word here are switched together.
            type: str
          limits:
            description:
            - What is allowed for this virtual machine.
            type: dict
            suboptions:
              rpo:
                description:
                - How old its last replication may be.
                type: str
              rto:
                description:
                - How long it may be without service.
                type: str
          probes:
            description:
            - What must answer before it counts as recovered.
            type: list
            elements: dict
            suboptions:
              heartbeat:
                description:
                - Whether the heartbeat of the guest must be OK.
                type: bool
              addresses:
                description:
                - Addresses or networks. The guest must have an address in one of them.
                type: list
                elements: str
              tcp:
                description:
                - Port that must accept a connection.
                type: int
              http:
                description:
                - A web page that must answer.
                type: dict
                suboptions:
                  url:
                    description:
                    - Its address, C(http) or C(https), without credentials.
                    type: str
                    required: true
                  status:
                    description:
                    - Status codes that are good. V(200) when left out.
                    type: list
                    elements: int
                  contains:
                    description:
                    - Text that must be in the answer.
                    type: str
                  validate_certs:
                    description:
                    - Whether the certificate must be trusted.
                    type: bool
                    default: true
                  ca_path:
                    description:
                    - File with the certificates of the authorities to trust.
                    type: str
                  certificate_days:
                    description:
                    - For how many days from now the certificate must be valid.
                    type: int
              dns:
                description:
                - A name that a name server must answer for.
                type: dict
                suboptions:
                  name:
                    description:
                    - The name that is asked for.
                    type: str
                    required: true
                  server:
                    description:
                    - Address of the name server. Without it, the controller's own resolver is asked.
                    type: str
                  type:
                    description:
                    - Type of the record.
                    type: str
                    choices:
                    - A
                    - AAAA
                    - CNAME
                    - MX
                    - NS
                    - PTR
                    - SRV
                    - TXT
                    default: A
                  expect:
                    description:
                    - Each of them must be among the answers. Any answer is right without it.
                    type: list
                    elements: str
              tasks:
                description:
                - Task file that must end well, relative to C(hyperv_replica_project_dir).
                type: str
              address:
                description:
                - Where to connect to. Without it, the first address that the guest tells.
                type: str
              timeout:
                description:
                - Seconds to wait for one answer.
                type: int
          probe_within:
            description:
            - In which time its probes must be green. Its RTO when left out.
            type: str
          network:
            description:
            - How the virtual machine is connected in a test and after a failover.
            type: dict
            suboptions:
              test:
                description:
                - How a test copy is connected, as O(hyperv.replica.hyperv_replica_test_failover#module:network).
                type: str
                choices:
                - isolated
                - configured
              test_networks:
                description:
                - Switch for each adapter of a test copy.
                type: list
                elements: dict
                suboptions:
                  adapter:
                    description:
                    - Name of the adapter. All of them without it.
                    type: str
                  switch:
                    description:
                    - Name of the switch.
                    type: str
                    required: true
              test_switch:
                description:
                - Switch for all adapters of a test copy.
                type: str
              adapters:
                description:
                - Settings of the adapters, as in M(hyperv.replica.hyperv_replica_network).
                type: list
                elements: dict
                suboptions:
                  adapter:
                    description:
                    - Name or MAC address of the adapter. Needed where there are several.
                    type: str
                  test_switch:
                    description:
                    - Switch that a test copy's adapter is connected to.
                    type: str
                  failover:
                    description:
                    - What the guest's adapter gets at a failover.
                    type: dict
                    suboptions:
                      dhcp:
                        description:
                        - Whether it asks a DHCP server.
                        type: bool
                        default: false
                      addresses:
                        description:
                        - Its addresses, each with the length of its prefix.
                        type: list
                        elements: str
                      gateways:
                        description:
                        - Its default gateways.
                        type: list
                        elements: str
                      dns:
                        description:
                        - Its name servers.
                        type: list
                        elements: str
      tiers:
        description:
        - The tiers, in the order in which they start.
        type: list
        elements: dict
        suboptions:
          name:
            description:
            - Its name.
            type: str
            required: true
          before:
            description:
            - Task files that run before the first machine of the tier is started.
            type: list
            elements: str
          after:
            description:
            - Task files that run when the last machine of the tier is green.
            type: list
            elements: str
          pause_before:
            description:
            - What a human is asked to confirm before the tier.
            type: str
          pause_after:
            description:
            - What a human is asked to confirm after the tier.
            type: str
          on_vm_failure:
            description:
            - What is done when a machine of the tier fails.
            type: str
            choices:
            - stop
            - continue
            - walk_back
            default: stop
          barrier:
            description:
            - Whether everything up to this tier is moved whole before the next is begun.
            type: bool
            default: false
      barrier:
        description:
        - What is moved whole before the next is begun.
        type: str
        choices:
        - plan
        - consistency_group
        - tier
        default: plan
      limits:
        description:
        - Limits that lower what the hosts say.
        type: dict
        suboptions:
          concurrency:
            description:
            - Virtual machines with a step outstanding at the same time.
            type: int
          active_transfers:
            description:
            - Virtual machines that one host sends or receives at the same time.
            type: int
          winrm_operations:
            description:
            - WinRM operations of one user on one host at the same time.
            type: int
          memory_reserve:
            description:
            - Memory that stays free on every host.
            type: str
      excluded:
        description:
        - Virtual machines that are left out on purpose, for the report.
        type: list
        elements: dict
        suboptions:
          name:
            description:
            - Its name.
            type: str
            required: true
          why:
            description:
            - The reason.
            type: str
            required: true
      provided_elsewhere:
        description:
        - Services that machines outside the plan provide as well, and go on providing while it runs.
        type: list
        elements: str
        choices:
        - kdc
        - dns
        - awx
        - ca
"""
