# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option of every module that probes guests."""

from __future__ import annotations


class ModuleDocFragment:
    """Read by the documentation builder."""

    DOCUMENTATION = r"""
options:
  probes:
    description:
      - What must be right about a guest and what it serves. Each has one of O(probes[].heartbeat),
        O(probes[].addresses), O(probes[].tcp), O(probes[].http) and O(probes[].dns). The host tells the first two, the
        others are asked from the controller.
    type: list
    elements: dict
    suboptions:
      vm:
        description: Name or GUID of the virtual machine that the probe belongs to, as in O(vms).
        type: str
        required: true
      heartbeat:
        description: V(true), its heartbeat must be OK. V(false), none is asked of this one.
        type: bool
      addresses:
        description: Addresses or networks such as V(192.0.2.0/24), of which the guest must tell one.
        type: list
        elements: str
      address:
        description:
          - Address to connect to for O(probes[].tcp) and O(probes[].http).
          - Without it, the first address that the guest tells, and the host of the URL.
        type: str
      tcp:
        description: Port that must accept a connection.
        type: int
      http:
        description: A web page that must answer.
        type: dict
        suboptions:
          url:
            description: Its address, C(http) or C(https). It must not contain credentials.
            type: str
            required: true
          status:
            description: Status codes that are good.
            type: list
            elements: int
            default: [200]
          contains:
            description: Text that must be in the answer.
            type: str
          validate_certs:
            description: Whether the certificate must be trusted.
            type: bool
            default: true
          ca_path:
            description: File with the certificates of the authorities to trust.
            type: path
          certificate_days:
            description: For how many days from now the certificate must be valid, trusted or not.
            type: int
      dns:
        description: A name that must be answered.
        type: dict
        suboptions:
          name:
            description: The name, or for a C(PTR) the name below C(in-addr.arpa).
            type: str
            required: true
          server:
            description:
              - Address of the name server, with a port where it is not 53, such as V(192.0.2.53:5353).
              - Without it, the controller's own resolver is asked, which answers V(A) and V(AAAA) only.
            type: str
          type:
            description: Type of the record.
            type: str
            choices: [A, AAAA, CNAME, MX, NS, PTR, SRV, TXT]
            default: A
          expect:
            description:
              - What must be among the answers, such as V(192.0.2.7), or V(10 mail.example.com) for V(MX).
              - Any answer is good when it is empty.
            type: list
            elements: str
            default: []
      timeout:
        description: Seconds to wait for one answer.
        type: int
        default: 5
"""
