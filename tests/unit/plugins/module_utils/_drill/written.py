# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for tests, and every plan there could be, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan import Plan
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan

HOSTS = ("hv-a", "hv-b", "hv-c", "hv-d", "hv-e", "hv-f")


def vm(name: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "home": "hv-a", "recovery": "hv-b", "depends_on": list(depends_on), **more}


def plan(*vms: dict[str, Any], tiers: str = "", **more: Any) -> Plan:
    """A plan of these machines; TIERS are names, those with a barrier after them marked with ``|``."""
    named = [{"name": name.strip("|"), "barrier": name.endswith("|")} for name in tiers.split()]
    return read_plan({"schema_version": 1, "name": "tests", "vms": list(vms), "tiers": named or None, **more})


@st.composite
def plans(draw: st.DrawFn, *, most: int = 14) -> Plan:
    """Plans that can be followed: tiers, dependencies to machines of the same tier or an earlier one, groups, hosts."""
    count = draw(st.integers(1, most))
    tier_count = draw(st.integers(1, 3))
    tier_of = draw(st.lists(st.integers(0, tier_count - 1), min_size=count, max_size=count))
    rank = draw(st.permutations(range(count)))
    vms: list[dict[str, Any]] = []
    for index in range(count):
        before = [o for o in range(count) if (tier_of[o], rank[o]) < (tier_of[index], rank[index])]
        needs = draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before else []
        home, recovery = draw(st.permutations(HOSTS))[:2]
        more: dict[str, Any] = draw(_extras)
        vms.append({"name": f"VM{index:02}", "home": home, "recovery": recovery, "tier": f"tier{tier_of[index]}"})
        vms[-1] |= {"depends_on": [f"VM{o:02}" for o in needs], **more}
    return read_plan(
        {
            "schema_version": 1,
            "name": "tests",
            "vms": vms,
            "tiers": [{"name": f"tier{tier}"} for tier in range(tier_count)],
            "barrier": draw(st.sampled_from(["plan", "consistency_group"])),
        }
    )


_extras: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.sampled_from(["red", "blue"]).map(lambda group: {"consistency_group": group}),
    st.just({"provides": ["kdc"]}),
    st.just({"probes": [{"tasks": "check.yml"}]}),
)
