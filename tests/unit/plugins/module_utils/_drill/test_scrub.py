# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hyperv.replica.plugins.module_utils._drill.evidence import canonical
from ansible_collections.hyperv.replica.plugins.module_utils._drill.scrub import LEFT_OUT, Scrubber

SECRET = "Pla1nted-Word"
SCRUB = Scrubber([SECRET, "abc"])


@pytest.mark.parametrize(
    "name",
    ["password", "ansible_password", "ansible_winrm_pass", "vault-token", "api_key", "client_secret", "Authorization"],
)
def test_what_is_called_a_secret_is_left_out_whatever_it_is(name: str) -> None:
    assert SCRUB.value({name: "x", "list": [{name: 7}]}) == {name: LEFT_OUT, "list": [{name: LEFT_OUT}]}


@pytest.mark.parametrize("name", ["pass_count", "passed", "name", "authorization_entries", "tokens_left", "secretary"])
def test_what_only_sounds_like_one_is_kept(name: str) -> None:
    assert SCRUB.value({name: "x"}) == {name: "x"}


def test_a_secret_that_is_known_is_left_out_wherever_it_stands() -> None:
    assert SCRUB.value({"said": f"sign in as me/{SECRET}!", SECRET: 1}) == {
        "said": f"sign in as me/{LEFT_OUT}!",
        LEFT_OUT: 1,
    }


def test_a_short_secret_is_left_out_where_it_stands_alone_and_does_not_eat_words() -> None:
    assert SCRUB.value(["abc", "abcess"]) == [LEFT_OUT, "abcess"]


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://me:pw@a.example/x", f"https://{LEFT_OUT}@a.example/x"),
        ("https://a.example/x?token=t&page=2", f"https://a.example/x?token={LEFT_OUT}&page=2"),
        ("https://a.example/mail@x", "https://a.example/mail@x"),
    ],
)
def test_what_stands_in_a_url_to_sign_in_with_is_left_out(url: str, clean: str) -> None:
    assert SCRUB.text(url) == clean


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(VALUES)
def test_whatever_comes_can_be_written_down_afterwards(value: object) -> None:
    canonical(SCRUB.value({"value": value, "text": "\ud800"})).encode()
