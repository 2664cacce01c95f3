# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._probes.tcp import probe_tcp


def test_a_port_that_listens_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = probe_tcp("127.0.0.1", server.getsockname()[1], 2)

    assert result.ok
    assert 0 <= result.seconds < 2


def test_a_port_that_nobody_listens_at_is_not_there_and_nothing_is_raised() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    result = probe_tcp("127.0.0.1", port, 2)

    assert not result.ok
    assert str(port) in result.detail


@pytest.mark.parametrize(("address", "port"), [("127.0.0.1", 70000), ("127.0.0.1", -1), ("a" * 70, 80), ("\x00", 80)])
def test_an_address_that_cannot_be_one_fails_and_raises_nothing(address: str, port: int) -> None:
    assert not probe_tcp(address, port, 1).ok
