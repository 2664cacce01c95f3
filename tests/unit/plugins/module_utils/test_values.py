# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._values import duration, moment, size

THREE = datetime(2026, 11, 20, 2, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400), ("1h30m", 5400), ("1h 30m", 5400), ("0s", 0)],
)
def test_a_duration_has_a_unit(text: str, seconds: int) -> None:
    assert duration(text, option="max_data_loss") == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["900", "True", "", "15", "15 minutes", "m", "-5m", "30m1h", "1.5h"])
def test_a_bare_number_a_boolean_and_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(PreconditionFailed, match="max_data_loss") as refused:
        duration(text, option="max_data_loss")

    assert refused.value.kind == "bad_option"


@pytest.mark.parametrize(
    "text", ["2026-11-20T03:00:00+01:00", "2026-11-20 03:00:00+01:00", "2026-11-20T02:00:00Z", "2026-11-20T02:00Z"]
)
def test_a_moment_is_utc_whatever_its_offset_was(text: str) -> None:
    assert moment(text, option="outage_began") == THREE
    assert moment(text, option="outage_began").utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["2026-11-20T03:00:00", "2026-11-20"])
def test_a_time_without_an_offset_is_refused(text: str) -> None:
    with pytest.raises(PreconditionFailed, match="offset from UTC") as refused:
        moment(text, option="outage_began")

    assert refused.value.kind == "bad_option"


@pytest.mark.parametrize("text", ["yesterday", "", "03:00", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(PreconditionFailed, match="outage_began"):
        moment(text, option="outage_began")


@pytest.mark.parametrize(
    ("text", "bytes_"), [("512MiB", 512 << 20), ("2GiB", 2 << 30), ("1 TiB", 1 << 40), ("3kib", 3 << 10), ("0GiB", 0)]
)
def test_a_size_has_a_unit(text: str, bytes_: int) -> None:
    assert size(text, option="memory_reserve") == bytes_


@pytest.mark.parametrize("text", ["2048", "2GB", "2G", "1.5GiB", "-1GiB", "", "True"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(PreconditionFailed, match="memory_reserve") as refused:
        size(text, option="memory_reserve")

    assert refused.value.kind == "bad_option"
