"""A vendor's server that sends a call elsewhere: neither the key nor what is sent follows."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from werkzeug import Response

from pitchquest_assets.engines.vendors import gemini as gemini_client
from pitchquest_assets.engines.vendors import openai as openai_client
from pitchquest_assets.engines.vendors.errors import Trouble
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.vendors import GEMINI_KEY, OPENAI_KEY, FakeVendor


def moved(url: str) -> Response:
    # Another host to the client, but the same one here.
    return Response(status=307, headers={"Location": url.replace("localhost", "127.0.0.1")})


def ask_gemini(settings: Settings) -> None:
    client = gemini_client.open_client(settings)
    client.models.generate_content(model="any", contents="words")


def ask_openai(settings: Settings) -> None:
    openai_client.open_client(settings).models.list()


@pytest.mark.parametrize(
    ("ask", "troubles"),
    [
        (ask_gemini, gemini_client.gemini_troubles),
        (ask_openai, openai_client.openai_troubles),
    ],
)
def test_a_redirect_to_another_host_is_not_followed(
    gemini: FakeVendor,
    openai: FakeVendor,
    ask: Callable[[Settings], None],
    troubles: Callable[[], AbstractContextManager[None]],
) -> None:
    first, other = (gemini, openai) if ask is ask_gemini else (openai, gemini)
    first.script = [moved(other.url)]
    settings = Settings.model_validate(
        {
            "GEMINI_API_KEY": GEMINI_KEY,
            "GOOGLE_GEMINI_BASE_URL": gemini.url,
            "OPENAI_API_KEY": OPENAI_KEY,
            "OPENAI_BASE_URL": openai.url,
        }
    )
    with pytest.raises(Trouble), troubles():
        ask(settings)
    assert len(first.requests) == 1
    assert other.requests == []
