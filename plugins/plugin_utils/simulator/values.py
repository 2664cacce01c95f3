# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What passes between the service, which reads envelopes, and the rules, which know no XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Job


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an instance: its class and its keys by name, as the client gave them.

    A key is text, or a reference again where it is the end of an association.
    """

    class_name: str
    keys: Mapping[str, Any]

    def key(self, name: str) -> str:
        """The key of this name as text, whatever its case; empty where it is not given or is a reference."""
        found = next((value for key, value in self.keys.items() if key.casefold() == name.casefold()), "")
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class Emb:
    """An instance that stood as text inside a parameter. Values are text, lists of text, or None for null.

    A property that was not in the text is not in ``properties``.
    """

    class_name: str
    properties: Mapping[str, str | list[str] | None]

    def text(self, name: str) -> str:
        """The property as one text; empty where it is absent, null or a list."""
        value = self.properties.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCall:
    """One method, asked of one instance.

    Attributes:
        keys: the selectors of the instance the method is asked of.
        arguments: by the method's signature: int, bool, str or None; Ref; Emb; aware datetime; lists of these.
    """

    class_name: str
    keys: Mapping[str, str]
    method: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What the host answers.

    Attributes:
        job: the job that was started; set exactly when ``return_value`` is 4096.
        outputs: out-parameters other than Job: Emb, Ref, list of these, list of str, or None for null.
            GetSummaryInformation gives a list of Vm and RecoveryPoint, in the order asked for.
    """

    return_value: int
    job: Job | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
