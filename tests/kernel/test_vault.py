"""What is sealed opens again, and nothing else does."""

from __future__ import annotations

import pytest

from mashang.kernel import vault
from mashang.kernel.refused import Refused


def test_what_is_sealed_opens_again_and_twice_the_same_gives_other_bytes() -> None:
    sealed = vault.seal_bytes(b"house")
    assert vault.open_bytes(sealed) == b"house" and vault.seal_bytes(b"house") != sealed


@pytest.mark.parametrize("size", [0, 1, 4, 12, 13, 20, 33])
def test_what_was_cut_off_or_altered_is_refused(size: int) -> None:
    sealed = vault.seal_bytes(b"house")
    for broken in (sealed[:size], sealed[:size] + b"\x00" + sealed[size + 1 :]):
        if broken != sealed:
            with pytest.raises(Refused) as no:
                vault.open_bytes(broken)
            assert no.value.code == "vault.altered"
