# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every key of a recovery plan, written once: parser, JSON schema, argument spec and documentation come from here."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.shape import Field, Kind

#: The only version of the plan's form that there is.
SCHEMA_VERSION: Final = 1

SERVICES: Final = ("kdc", "dns", "awx", "ca")
PROBE_KINDS: Final = ("heartbeat", "addresses", "tcp", "http", "dns", "tasks")
_DNS_TYPES: Final = ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT")
_MOST_PORT: Final = 65535


def _text(about: str, *, required: bool = False) -> Field:
    return Field(kind=Kind.TEXT, about=about, required=required)


def _texts(about: str, *, required: bool = False, least: int = 0) -> Field:
    element = Field(kind=Kind.TEXT, about="")
    return Field(kind=Kind.LIST, about=about, element=element, required=required, least=least)


def _choice(about: str, *choices: str, default: str | None = None) -> Field:
    return Field(kind=Kind.TEXT, about=about, choices=choices, default=default)


def _duration(about: str) -> Field:
    return Field(kind=Kind.DURATION, about=about)


def _flag(about: str, *, default: bool | None = None) -> Field:
    return Field(kind=Kind.FLAG, about=about, default=default)


def _whole(about: str, *, least: int = 1, most: int | None = None) -> Field:
    return Field(kind=Kind.WHOLE, about=about, least=least, most=most)


def _table(about: str, fields: dict[str, Field]) -> Field:
    return Field(kind=Kind.TABLE, about=about, fields=fields)


def _list(about: str, element: Field, *, required: bool = False, least: int = 0) -> Field:
    return Field(kind=Kind.LIST, about=about, element=element, required=required, least=least)


_HTTP: Final = _table(
    "A web page that must answer.",
    {
        "url": _text("Its address, C(http) or C(https), without credentials.", required=True),
        "status": _list("Status codes that are good. V(200) when left out.", _whole("", least=100, most=599)),
        "contains": _text("Text that must be in the answer."),
        "validate_certs": _flag("Whether the certificate must be trusted.", default=True),
        "ca_path": _text("File with the certificates of the authorities to trust."),
        "certificate_days": _whole("For how many days from now the certificate must be valid.", least=0),
    },
)

_DNS: Final = _table(
    "A name that a name server must answer for.",
    {
        "name": _text("The name that is asked for.", required=True),
        "server": _text("Address of the name server. Without it, the controller's own resolver is asked."),
        "type": _choice("Type of the record.", *_DNS_TYPES, default="A"),
        "expect": _texts("Each of them must be among the answers. Any answer is right without it."),
    },
)

_PROBE: Final = Field(
    kind=Kind.TABLE,
    about="",
    one_of=PROBE_KINDS,
    beside={"address": ("tcp", "http")},
    fields={
        "heartbeat": _flag("Whether the heartbeat of the guest must be OK."),
        "addresses": _texts("Addresses or networks. The guest must have an address in one of them.", least=1),
        "tcp": _whole("Port that must accept a connection.", most=_MOST_PORT),
        "http": _HTTP,
        "dns": _DNS,
        "tasks": _text("Task file that must end well, relative to C(hyperv_replica_project_dir)."),
        "address": _text("Where to connect to. Without it, the first address that the guest tells."),
        "timeout": _whole("Seconds to wait for one answer."),
    },
)

_ADAPTERS: Final = _list(
    "Settings of the adapters, as in M(hyperv.replica.hyperv_replica_network).",
    Field(
        kind=Kind.TABLE,
        about="",
        any_of=("test_switch", "failover"),
        fields={
            "adapter": _text("Name or MAC address of the adapter. Needed where there are several."),
            "test_switch": _text("Switch that a test copy's adapter is connected to."),
            "failover": _table(
                "What the guest's adapter gets at a failover.",
                {
                    "dhcp": _flag("Whether it asks a DHCP server.", default=False),
                    "addresses": _texts("Its addresses, each with the length of its prefix."),
                    "gateways": _texts("Its default gateways."),
                    "dns": _texts("Its name servers."),
                },
            ),
        },
    ),
)

_NETWORK: Final = _table(
    "How the virtual machine is connected in a test and after a failover.",
    {
        "test": _choice(
            "How a test copy is connected, as O(hyperv.replica.hyperv_replica_test_failover#module:network).",
            "isolated",
            "configured",
        ),
        "test_networks": _list(
            "Switch for each adapter of a test copy.",
            _table(
                "",
                {
                    "adapter": _text("Name of the adapter. All of them without it."),
                    "switch": _text("Name of the switch.", required=True),
                },
            ),
        ),
        "test_switch": _text("Switch for all adapters of a test copy."),
        "adapters": _ADAPTERS,
    },
)

_VM: Final = Field(
    kind=Kind.TABLE,
    about="",
    any_of=("name", "id"),
    fields={
        "name": _text("Its name. Needed unless there is a GUID in C(id)."),
        "id": Field(kind=Kind.GUID, about="Its GUID, where the name is not enough."),
        "home": _text("Inventory name of the host where it belongs.", required=True),
        "recovery": _text("Inventory name of the host that holds its replica.", required=True),
        "tier": _text("Name of its tier. The first one when left out."),
        "depends_on": _texts("Virtual machines of the plan whose probes must be green before this one starts."),
        "start_delay": _duration("How long to wait after its turn has come, before it starts."),
        "provides": _list("What others need it for. Such a machine moves last and alone.", _choice("", *SERVICES)),
        "consistency_group": _text("Machines with the same word here are switched together."),
        "limits": _table(
            "What is allowed for this virtual machine.",
            {
                "rpo": _duration("How old its last replication may be."),
                "rto": _duration("How long it may be without service."),
            },
        ),
        "probes": _list("What must answer before it counts as recovered.", _PROBE),
        "probe_within": _duration("In which time its probes must be green. Its RTO when left out."),
        "network": _NETWORK,
    },
)

_TIER: Final = _table(
    "",
    {
        "name": _text("Its name.", required=True),
        "before": _texts("Task files that run before the first machine of the tier is started."),
        "after": _texts("Task files that run when the last machine of the tier is green."),
        "pause_before": _text("What a human is asked to confirm before the tier."),
        "pause_after": _text("What a human is asked to confirm after the tier."),
        "on_vm_failure": _choice(
            "What is done when a machine of the tier fails.", "stop", "continue", "walk_back", default="stop"
        ),
        "barrier": _flag("Whether everything up to this tier is moved whole before the next is begun.", default=False),
    },
)

PLAN: Final = _table(
    "The recovery plan.",
    {
        "schema_version": Field(
            kind=Kind.WHOLE, about="Version of the plan's form.", required=True, choices=(SCHEMA_VERSION,)
        ),
        "name": _text("What people call the plan.", required=True),
        "description": _text("What it is for."),
        "owner": _text("Who answers for it."),
        "vms": _list("The virtual machines, in the order in which they start.", _VM, required=True, least=1),
        "tiers": _list("The tiers, in the order in which they start.", _TIER),
        "barrier": _choice(
            "What is moved whole before the next is begun.", "plan", "consistency_group", "tier", default="plan"
        ),
        "limits": _table(
            "Limits that lower what the hosts say.",
            {
                "concurrency": _whole("Virtual machines with a step outstanding at the same time."),
                "active_transfers": _whole("Virtual machines that one host sends or receives at the same time."),
                "winrm_operations": _whole("WinRM operations of one user on one host at the same time."),
                "memory_reserve": Field(kind=Kind.SIZE, about="Memory that stays free on every host."),
            },
        ),
        "excluded": _list(
            "Virtual machines that are left out on purpose, for the report.",
            _table("", {"name": _text("Its name.", required=True), "why": _text("The reason.", required=True)}),
        ),
        "provided_elsewhere": _list(
            "Services that machines outside the plan provide as well, and go on providing while it runs.",
            _choice("", *SERVICES),
        ),
    },
)
