# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole rounds on the simulated estate, each ending where it began, and what must be true at their end."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import StartAction
from ansible_collections.hyperv.replica.plugins.module_utils._operations.goal import OnFailure, PointChoice, Strategy
from ansible_collections.hyperv.replica.plugins.module_utils._operations.plan import Consent, Target
from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import (
    FirstCopy,
    RelationshipState,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    ALL_CONSENTS,
    PROVIDER,
    Run,
    Site,
    estate,
    guid,
    moved,
    vm,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.test_relationship import (
    TO_B,
    relate,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.test_relationship_chain import (
    Chain,
    made,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.test_replica_test import (
    absent,
    copied,
    copy_of,
    present,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.test_replica_test import (
    site as site_with_adapters,
)

S = RelationshipState
AT_A: Final = ((1, 3, "RUNNING"), (2, 3, "OFF"))
AT_B: Final = ((2, 3, "OFF"), (1, 3, "RUNNING"))
SETTINGS: Final = {**TO_B, "RecoveryHistory": 4, "ReplicationInterval": 300, "CompressionEnabled": False}


HOME: Final = (AT_A, {("b.example.test", 4, 300, False, 1)})


def end(site: Site) -> object:
    """What must be the same at the end of every round: both copies, and the settings of both ends."""
    known = [copy.relationship.settings for copy in (site.a(), site.b())]
    return site.shown(), {
        (
            one.recovery_connection_point,
            one.recovery_history,
            one.replication_interval,
            one.compression_enabled,
            len(one.included_disks),
        )
        for one in known
    }


def done(run: Run) -> Run:
    """The run, which ended well."""
    assert run.one.error is None, str(run.one.error)
    return run


def patient(site: Site) -> Site:
    """The same, looked at less often while something takes its time."""
    site.poll = 60.0
    return site


def unprotected(**switches: str) -> Site:
    """VM001 runs on A and is not replicated; B has no VM of that GUID."""
    site = patient(Site(**switches))
    done(relate(site, S.ABSENT))
    del site.world.hosts["B"].vms[guid(1)]
    return site


def enabled(site: Site, **settings: Any) -> None:
    """VM001 replicates from A to B, its disks named by the file; a second run has nothing to do."""
    wanted = {**SETTINGS, **settings, "IncludedDisks": (site.a().disks[0].path,)}
    done(relate(site, S.REPLICATING, settings=wanted))
    assert relate(site, S.REPLICATING, settings=wanted).one.already_there


def planned(**switches: str) -> Site:
    """Enable, move to B, be refused by the wrong strategy, come home by reverse."""
    site = unprotected(**switches)
    enabled(site)
    site.wait(700)
    done(site.failover())
    assert site.shown() == AT_B
    refused = site.failback(moved(strategy=Strategy.PROVIDER, on_failure=OnFailure.ROLL_BACK))
    assert "strategy: reverse" in str(refused.one.error)
    assert site.runs_at() == ["B"]
    done(site.failback())
    assert site.failback().one.already_there
    return site


def unplanned(**switches: str) -> Site:
    """Enable, lose A's power while the replica is paused, serve from a chosen point at B, protect it, come home."""
    site = unprotected(**switches)
    enabled(site)
    site.wait(3 * 3600)
    site.act("suspend", host="B", vm="VM001")
    site.act("power_loss", host="A")
    point = PointChoice(wanted=site.b().recovery_points[-1].name)
    done(site.unplanned(moved(Target.RUNNING, primary_confirmed_down="by phone", point=point)))
    assert site.runs_at() == ["B"]
    site.a().start_action = StartAction.NOTHING
    site.act("power_return", host="A")
    done(site.unplanned(moved(Target.PROTECTED, *ALL_CONSENTS)))
    assert site.shown() == AT_B
    done(site.failback())
    return site


def by_provider(**switches: str) -> Site:
    """The external provider's replica at A is filled from B, where the VM is served."""
    site = Site(estate(vm(provider=PROVIDER, primary="B", replica="A", recovery_history=4)), **switches)
    done(relate(site, S.PRESENT, home="B", away="A", settings={"CompressionEnabled": False}))
    site.wait(700)
    on_peer = switches.get("failback_called_on") == "sending"
    done(site.failback(moved(initiate_on_peer=on_peer)))
    assert site.failback().one.already_there
    return site


def undone(**switches: str) -> Site:
    """A prepared failover is cancelled, and so is one that was not committed."""
    site = unprotected(**switches)
    enabled(site)
    done(site.failover(moved(Target.SWITCHED_OFF)))
    done(site.cancel())
    assert site.shown() == AT_A
    done(site.failover(moved(Target.RUNNING)))
    done(site.cancel(moved(Target.SYNCED, *ALL_CONSENTS)))
    return site


def repaired(**switches: str) -> Site:
    """Paused and resumed, failed and resumed, resynchronized, paused in the middle of that and continued."""
    site = unprotected(**switches)
    site.world.compare_rate = 50_000_000
    enabled(site)
    done(relate(site, S.SUSPENDED))
    done(relate(site, S.REPLICATING))
    site.act("set_replication", host="A", vm="VM001", state="critical")
    done(relate(site, S.REPLICATING, Consent.RESYNCHRONIZE))
    site.act("lose_tracking", host="A", vm="VM001")
    relate(site, S.RESYNCHRONIZED, timeout=20)
    done(relate(site, S.SUSPENDED))
    assert site.shown()[0][1] == 11
    done(relate(site, S.REPLICATING, Consent.RESYNCHRONIZE))
    assert relate(site, S.REPLICATING).one.already_there
    return site


def seeded_again(**switches: str) -> Site:
    """Removed from both ends and made anew from the copy that is there."""
    site = unprotected(**switches)
    enabled(site)
    done(relate(site, S.ABSENT))
    wanted: dict[str, Any] = {"settings": SETTINGS, "first_copy": FirstCopy.EXISTING}
    site.b().authorized = "a.example.test"
    done(relate(site, S.REPLICATING, Consent.DISCARD_OLD_PRIMARY_DATA, **wanted))
    return site


def tested(**switches: str) -> Site:
    """A test copy is made and removed."""
    site = patient(site_with_adapters(**switches))
    done(present(site))
    assert copied(site).power.name == "OFF"
    assert present(site).one.already_there
    done(absent(site))
    assert copy_of(site) is None
    return site


def chained(**switches: str) -> Site:
    """A leg to C is made; after a disaster at A the copy at B goes on as the primary of C."""
    chain = Chain(**switches)
    patient(chain)
    made(chain)
    chain.act("power_loss", host="A")
    done(chain.unplanned(moved(Target.RUNNING, primary_confirmed_down="by phone")))
    chain.ask_b("CommitFailover")
    done(chain.promote())
    done(relate(chain, S.REPLICATING, Consent.RESYNCHRONIZE, home="B", away="C"))
    assert (int(chain.b().mode), int(chain.b().state), chain.b().power.name) == (1, 3, "RUNNING")
    assert int(chain.c.state) == 3
    return chain
