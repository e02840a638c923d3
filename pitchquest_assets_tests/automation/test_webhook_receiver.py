import pytest

from pitchquest_assets.automation.webhook_receiver import Receiver, is_inner, receiver_of
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import load_settings
from pitchquest_assets_tests.support.webhooks import OLD_SECRET, SECRET, Backend

PUBLIC = "https://backend.example/hook"


def named(monkeypatch: pytest.MonkeyPatch, url: str, **variables: str) -> Receiver:
    monkeypatch.setenv("PITCHQUEST_WEBHOOK_URL", url)
    for name, value in variables.items():
        monkeypatch.setenv(f"PITCHQUEST_WEBHOOK_{name}", value)
    found = receiver_of(load_settings())
    assert found
    return found


def test_without_a_url_there_is_no_receiver() -> None:
    assert receiver_of(load_settings()) is None


@pytest.mark.parametrize(
    ("url", "variables", "told"),
    [
        (PUBLIC, {}, "WEBHOOK_SECRET must be set too"),
        (PUBLIC, {"SECRET": "whsec_c2hvcnQ="}, "24 to 64 bytes in base64"),
        (PUBLIC, {"SECRET": "whsec_not base64"}, "24 to 64 bytes in base64"),
        ("http://backend.example/hook", {"SECRET": SECRET}, "must begin with https://"),
        ("ftp://backend.example", {"SECRET": SECRET}, "PITCHQUEST_WEBHOOK_URL is not usable"),
    ],
)
def test_settings_that_cannot_work_are_refused_without_the_secret(
    monkeypatch: pytest.MonkeyPatch, url: str, variables: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        named(monkeypatch, url, **variables)
    assert "c2hvcnQ" not in str(error.value)


def test_while_one_secret_replaces_another_both_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    for known in (SECRET, OLD_SECRET):
        backend = Backend(known)
        with backend.running():
            both = {"SECRET": f"{SECRET} {OLD_SECRET}", "INNER_ADDRESSES": "allowed"}
            with named(monkeypatch, backend.url, **both) as receiver:
                assert receiver.send("evt_1", '{"type": "ä"}') is None
        assert backend.events == [{"type": "ä"}]
        assert backend.event_ids == ["evt_1"]


def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend()
    backend.answers = [302]
    with (
        backend.running(),
        named(monkeypatch, backend.url, SECRET=SECRET, INNER_ADDRESSES="allowed") as receiver,
    ):
        assert "answers 302, and redirects are not followed" in str(receiver.send("evt_1", "{}"))
    assert backend.events == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001", "2130706433", "0"],
)
def test_the_inner_network_is_refused_whatever_its_address_looks_like(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    backend = Backend()
    with (
        backend.running(),
        named(monkeypatch, f"https://{host}:{backend.port}/", SECRET=SECRET) as receiver,
    ):
        assert "an internal address" in str(receiver.send("evt_1", "{}"))
        with pytest.raises(SettingsError, match="PITCHQUEST_WEBHOOK_INNER_ADDRESSES=allowed"):
            receiver.check_address()


def test_a_name_that_leads_outside_and_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, port)) for address in ("93.184.215.14", "10.0.0.1")]

    receiver = named(monkeypatch, PUBLIC, SECRET=SECRET)
    monkeypatch.setattr("socket.getaddrinfo", both)
    assert "10.0.0.1, an internal address" in str(receiver.send("evt_1", "{}"))


def test_the_address_that_was_checked_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise a second DNS answer that leads elsewhere would get past the check."""
    backend = Backend()
    asked: list[str] = []

    def rebinding(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        assert host == "backend.example" or host[0].isdigit()
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    with backend.running():
        url = f"http://backend.example:{backend.port}/"
        with named(monkeypatch, url, SECRET=SECRET, INNER_ADDRESSES="allowed") as receiver:
            monkeypatch.setattr("socket.getaddrinfo", rebinding)
            assert receiver.send("evt_1", "{}") is None
    assert asked.count("backend.example") == 1


def test_a_name_that_does_not_exist_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = named(monkeypatch, "https://nowhere.invalid/", SECRET=SECRET)
    assert "its name nowhere.invalid cannot be resolved" in str(receiver.send("evt_1", "{}"))
    with pytest.raises(SettingsError, match="cannot be resolved"):
        receiver.check_address()


@pytest.mark.parametrize(
    ("address", "inner"),
    [
        ("93.184.215.14", False),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", False),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("192.168.1.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("224.0.0.1", True),
        ("255.255.255.255", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("::ffff:93.184.215.14", False),
        ("64:ff9b::a00:1", True),
        ("2002:a00:1::", True),
    ],
)
def test_which_addresses_are_inner(address: str, inner: bool) -> None:
    assert is_inner(address) is inner
