# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs of the modules that take down what a host is like, for a simulator to be like it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

PROBE_INFO: Final[Mapping[str, Any]] = {"argument_spec": {"timeout": {"type": "int", "default": 300}}}
ESTATE_INFO: Final[Mapping[str, Any]] = {"argument_spec": {"timeout": {"type": "int", "default": 600}}}
