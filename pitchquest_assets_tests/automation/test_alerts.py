import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dagster as dg
import pytest
from sqlalchemy import text

from pitchquest_assets.automation.alerts import deliver, deliver_alerts
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.rows.alerts import Kind, raise_alert
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.wiring import evaluate

TOKEN = "a1b2c3d4e5f6g7h8i9j0k1l2m3"


class Chat:
    """A chat service on this machine: what was posted to it, and what it answers."""

    def __init__(self) -> None:
        self.posts: list[str] = []
        self.answer = 200
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name is the library's
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if chat.answer == 200:
                    chat.posts.append(json.loads(body)["text"])
                self.send_response(chat.answer)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"mmost://127.0.0.1:{self.server.server_port}/{TOKEN}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def start_chat() -> Iterator[Callable[[], Chat]]:
    started: list[Chat] = []

    def start() -> Chat:
        started.append(Chat())
        return started[-1]

    yield start
    for chat in started:
        chat.server.shutdown()
        chat.server.server_close()


@pytest.fixture
def chat(start_chat: Callable[[], Chat], monkeypatch: pytest.MonkeyPatch) -> Chat:
    chat = start_chat()
    monkeypatch.setenv("ALERT_URLS", chat.url)
    return chat


def fail_videos(store: Store, count: int) -> None:
    for number in range(count):
        videos.register(store, f"pitch-{number:02d}", f"/in/{number}.mp4")
        videos.mark_failed(store, f"pitch-{number:02d}", f"{number}.mp4 is empty.")


def tell(store: Store, kind: Kind, message: str) -> None:
    store.transaction(lambda c: raise_alert(c, kind, message, message))


def pass_time(store: Store, minutes: float) -> None:
    statement = text("""
        update alerts set created_at = created_at - make_interval(secs => :seconds),
          tried_at = tried_at - make_interval(secs => :seconds)
    """)
    store.transaction(lambda c: c.execute(statement, {"seconds": minutes * 60}))


def tick(caplog: pytest.LogCaptureFixture) -> str:
    """One tick of the sensor; all that it says."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        reason = evaluate(deliver_alerts)
    assert isinstance(reason, dg.SkipReason)
    return "\n".join([reason.skip_message or "", caplog.text])


def test_twenty_five_failures_make_one_message_with_the_count(
    store: Store, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    fail_videos(store, 25)
    assert "25 alerts were delivered" in tick(caplog)
    (post,) = chat.posts
    assert "25 failed videos" in post
    assert "pitch-00: 0.mp4 is empty." in post
    assert "pitch-04: 4.mp4 is empty." in post
    assert "and 20 more" in post
    assert "pitch-05" not in post
    tick(caplog)
    assert len(chat.posts) == 1


def test_failures_of_the_same_minute_wait_for_the_next_message(store: Store, chat: Chat) -> None:
    fail_videos(store, 2)
    deliver(store, load_settings())
    fail_videos(store, 4)
    assert deliver(store, load_settings()) == (0, [])
    pass_time(store, minutes=1)
    deliver(store, load_settings())
    assert len(chat.posts) == 2
    assert "4 failed videos" in chat.posts[1]


def test_each_kind_has_its_own_message(store: Store, chat: Chat) -> None:
    for kind in ("drift", "budget", "stuck_queue"):
        tell(store, kind, f"about {kind}")  # type: ignore[arg-type]
    assert deliver(store, load_settings()) == (3, [])
    assert sorted(post.splitlines()[-1] for post in chat.posts) == [
        "about budget",
        "about drift",
        "about stuck_queue",
    ]


def test_a_service_that_is_down_gets_the_alert_when_it_is_up_again_with_growing_pauses(
    store: Store, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    tell(store, "drift", "Scores drift.")
    chat.answer = 503
    assert "did not accept a message" in tick(caplog)
    pauses = []
    for _ in range(7):
        pauses.append(0)
        while deliver(store, load_settings()) == (0, []):
            pass_time(store, minutes=1)
            pauses[-1] += 1
    assert pauses == [1, 2, 4, 8, 16, 32, 60]
    chat.answer = 200
    pass_time(store, minutes=60)
    assert deliver(store, load_settings()) == (1, [])
    assert len(chat.posts) == 1


def test_an_alert_is_given_up_after_a_day(store: Store, chat: Chat) -> None:
    tell(store, "drift", "Scores drift.")
    pass_time(store, minutes=24 * 60 + 1)
    assert deliver(store, load_settings()) == (0, [])
    assert chat.posts == []


def test_a_service_that_has_the_alert_does_not_get_it_again_because_another_is_down(
    store: Store, start_chat: Callable[[], Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    up, down = start_chat(), start_chat()
    monkeypatch.setenv("ALERT_URLS", f"{up.url}  {down.url}")
    tell(store, "drift", "Scores drift.")
    down.answer = 500
    delivered, problems = deliver(store, load_settings())
    assert (delivered, len(problems), len(up.posts)) == (0, 1, 1)
    down.answer = 200
    pass_time(store, minutes=1)
    assert deliver(store, load_settings()) == (1, [])
    assert (len(up.posts), len(down.posts)) == (1, 1)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"mmost://{TOKEN}", "number 1 of ALERT_URLS (mmost://…)"),
        (f"nonsense://host/{TOKEN}", "number 1 of ALERT_URLS (nonsense://…)"),
        (f"{TOKEN}", "number 1 of ALERT_URLS is not a URL"),
        (f"mmost://127.0.0.1:1/{TOKEN}", "number 1 of ALERT_URLS (mmost://…) did not accept"),
        (f"slack://{TOKEN}/B/{TOKEN}", "number 1 of ALERT_URLS (slack://…)"),
    ],
)
def test_a_url_that_does_not_work_is_named_without_its_token(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    url: str,
    shown: str,
) -> None:
    monkeypatch.setenv("ALERT_URLS", url)
    tell(store, "drift", "Scores drift.")
    said = tick(caplog)
    assert shown in said
    assert TOKEN not in said


def test_without_urls_alerts_are_kept_and_count_as_untried(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALERT_URLS", "")
    fail_videos(store, 1)
    assert "ALERT_URLS is not set" in tick(caplog)
    kept = store.transaction(lambda c: c.execute(text("select tries, delivered_at from alerts")))
    assert kept.all() == [(0, None)]


def test_ticks_that_overlap_send_nothing_twice(store: Store, chat: Chat) -> None:
    fail_videos(store, 10)
    barrier = threading.Barrier(4)

    def overlapping() -> None:
        barrier.wait()
        deliver(store, load_settings())

    threads = [threading.Thread(target=overlapping) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (post,) = chat.posts
    assert "10 failed videos" in post
