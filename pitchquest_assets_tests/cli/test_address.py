import pytest

from pitchquest_assets.cli.address import Address
from pitchquest_assets.errors import SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_loopback_needs_no_further_word(host: str) -> None:
    assert not Address(host, 3000).is_open
    assert (
        Address(host, 3000, ("pitch.example",)).allowed_hosts().endswith(f",{host},pitch.example")
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "pitch.example"])
def test_another_address_than_loopback_is_refused_unless_it_is_said_to_be_insecure(
    host: str,
) -> None:
    with pytest.raises(SettingsError, match=r"Dagit has no login.*--insecure"):
        Address(host, 3000).check()


def test_an_open_address_is_used_if_it_is_said_to_be_insecure() -> None:
    address = Address("0.0.0.0", 0, insecure=True)
    address.check()
    assert (address.is_open, address.allowed_hosts()) == (True, "*")
