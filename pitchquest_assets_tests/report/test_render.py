"""The report: complete, self-contained, and proof against text that wants to be markup."""

import base64
import os
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from pitchquest_assets.model import (
    Costs,
    Event,
    Measurement,
    ModelsUsed,
    PitchResult,
    Score,
    Series,
)
from pitchquest_assets.report.render import render_report
from pitchquest_assets_tests.support import factories

PAYLOAD = (
    "</style></title></textarea><script>alert(1)</script><img src=x onerror=alert(2)>"
    "\" onload='alert(3)' --><svg/onload=alert(4)>{{ 7*7 }}{% raw %} &lt;b&gt; "
    "\u202eשלום مرحبا 🚀"
)
STATES = {
    "whole": factories.pitch_result,
    "sound only": factories.sound_only,
    "picture only": factories.picture_only,
    "untrusted transcript": factories.untrusted_transcript,
    "nothing measurable": factories.nothing_measurable,
    "one hour": factories.hour_long,
}
VOID = {"meta", "link", "img", "br", "hr"}


class Page(HTMLParser):
    """What a browser would see: elements with attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.badly_nested: list[str] = []
        self.texts: list[str] = []
        self.declarations: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.badly_nested.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.declarations.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))

    @property
    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def html_of(result: PitchResult, **frames: Any) -> str:
    value = frames.get("frames", factories.frames_value(12))
    return render_report(result, value).payload.decode("utf-8")


def page_of(result: PitchResult, **frames: Any) -> Page:
    return Page(html_of(result, **frames))


def poisoned(value: Any, poison: str) -> Any:
    """The same value with the poison after every free text in it, keys of free dicts included."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        changes = {}
        for name in fields:
            one = getattr(value, name)
            closed = name in {"engine", "status", "part", "speaking_pace", "kind"}
            if closed or isinstance(one, bytes):
                continue
            changes[name] = poisoned(one, poison)
        return value.model_copy(update=changes)
    if isinstance(value, str):
        return value + poison
    if isinstance(value, list | tuple):
        return type(value)(poisoned(one, poison) for one in value)
    if isinstance(value, dict):
        known = {"content", "delivery", "visual", "pace", "pitch", "loudness", "face"}
        known |= {"camera_facing", "brightness", "face_height"}
        return {
            key if key in known else key + poison: poisoned(one, poison)
            for key, one in value.items()
        }
    return value


def with_notes(result: PitchResult) -> PitchResult:
    """The result with a text in the places that are mostly empty."""
    metadata = result.metadata.model_copy(
        update={
            "warnings": ["one warning"],
            "transcript": result.metadata.transcript.model_copy(update={"warnings": ["another"]}),
        }
    )
    return result.model_copy(update={"metadata": metadata})


@pytest.mark.parametrize("state", STATES)
def test_markup_in_any_text_stays_text(state: str) -> None:
    """Every free text of the result at once: the page has the same elements and attributes."""
    result = with_notes(STATES[state]())
    harmless = page_of(poisoned(result, "x"))
    attacked = page_of(poisoned(result, PAYLOAD))
    assert attacked.skeleton == harmless.skeleton
    assert attacked.declarations == harmless.declarations
    assert not attacked.badly_nested
    assert "alert(1)" in attacked.text
    assert "🚀" in attacked.text
    assert "{{ 7*7 }}" in attacked.text


TEXT_PLACES: dict[str, Any] = {
    "filename": lambda: factories.pitch_result(source=factories.source_video(filename=PAYLOAD)),
    "video id": lambda: factories.pitch_result(video_id=PAYLOAD),
    "job id": lambda: factories.pitch_result(job_id=PAYLOAD),
    "warning": lambda: factories.pitch_result(warnings=[PAYLOAD]),
    "word": lambda: factories.pitch_result(
        transcript=factories.transcript_value(
            words=[word.model_copy(update={"text": PAYLOAD}) for word in factories.words_of()]
        )
    ),
    "language": lambda: factories.pitch_result(
        transcript=factories.transcript_value(language=PAYLOAD)
    ),
    "hint": lambda: factories.pitch_result(transcript=factories.transcript_value(hint=PAYLOAD)),
    "reason": lambda: factories.pitch_result(
        content_analysis=factories.content_analysis(reason=PAYLOAD)
    ),
    "measurement": lambda: factories.pitch_result(
        delivery_analysis=factories.delivery_analysis(
            measurements={PAYLOAD: Measurement(value=1, unit=PAYLOAD, reference=PAYLOAD)}
        )
    ),
    "basis": lambda: factories.pitch_result(
        delivery_analysis=factories.delivery_analysis(scores={"a": Score(value=1, basis=PAYLOAD)})
    ),
    "event": lambda: factories.pitch_result(
        visual_analysis=factories.visual_analysis(
            events=[Event(kind=PAYLOAD, start_seconds=5, end_seconds=6, text=PAYLOAD)]
        )
    ),
    "unit of a series": lambda: factories.pitch_result(
        delivery_analysis=factories.delivery_analysis(
            timeline={"pitch": Series(unit=PAYLOAD, times_seconds=[1, 2], values=[90, 99])}
        )
    ),
    "engine version": lambda: factories.pitch_result(engine_versions={PAYLOAD: PAYLOAD}),
}


@pytest.mark.parametrize("place", TEXT_PLACES)
def test_a_script_in_a_text_field_is_shown_and_never_run(place: str) -> None:
    page = page_of(TEXT_PLACES[place]())
    names = Counter(tag for tag, _ in page.elements)
    attributes = {name for _, given in page.elements for name in given}
    assert names["script"] == 0
    assert names["style"] == names["title"] - _titles_of_marks(page) == 1
    assert not {name for name in attributes if name.startswith("on")}
    assert all(str(one["src"]).startswith("data:image/jpeg;base64,") for one in page.all("img"))
    assert "<script>alert(1)</script>" in page.text or place == "language"
    assert not page.badly_nested


def _titles_of_marks(page: Page) -> int:
    """The <title> elements that belong to shapes of the timeline."""
    return sum(
        tag == "title" and before[0] in {"rect", "path"}
        for before, (tag, _) in pairwise(page.elements)
    )


@pytest.mark.parametrize("state", STATES)
def test_every_state_gives_a_sound_page(state: str) -> None:
    report = render_report(STATES[state](), factories.frames_value())
    page = Page(report.payload.decode("utf-8"))
    assert not page.open
    assert not page.badly_nested
    assert len(report.payload) < 1_500_000
    assert not re.search(r"\b(None|NaN|nan|inf|undefined)\b", page.text)
    assert all(re.fullmatch(r"[MLHvh\d.\s-]+", str(one["d"])) for one in page.all("path"))
    identifiers = [given["id"] for _, given in page.elements if "id" in given]
    assert len(identifiers) == len(set(identifiers))
    targets = {str(one["href"])[1:] for one in page.all("a")}
    assert targets <= set(identifiers)


def test_page_needs_no_network_and_no_script() -> None:
    page = page_of(factories.pitch_result())
    policy = next(one for one in page.all("meta") if "http-equiv" in one)
    assert str(policy["content"]).startswith(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    )
    addresses = [
        str(given[name]) for _, given in page.elements for name in ("src", "href") if name in given
    ]
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "url(" not in html_of(factories.pitch_result())
    assert "@import" not in html_of(factories.pitch_result())


def test_page_is_accessible() -> None:
    page = page_of(factories.pitch_result())
    assert page.all("html")[0]["lang"] == "en"
    assert all(one["alt"] for one in page.all("img"))
    assert all(one["aria-label"] for one in page.all("svg"))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("caption") == tags.count("table") > 0
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_scores_come_with_their_weight_coverage_and_meaning() -> None:
    text = page_of(factories.pitch_result()).text
    for part in ("72 of 100", "71 60 % 95 %", "69 25 % 100 %", "82 15 % 75 %", "93 % coverage"):
        assert part in text
    assert "whether the venture is good" in text
    assert "Partial score" not in text


def test_a_score_that_rests_on_little_says_so() -> None:
    text = page_of(factories.picture_only()).text
    assert "Partial score. It rests on 11 % of the rubric" in text


def test_a_missing_score_is_not_scored_and_tells_why() -> None:
    page = page_of(factories.nothing_measurable())
    assert "Not scored" in page.text
    assert factories.NO_SOUND in page.text
    assert "no face in any frame" in page.text
    assert "of 100" not in page.text
    assert not page.all("svg")


def test_feedback_shows_its_evidence_and_time() -> None:
    text = page_of(factories.pitch_result()).text
    assert "0:00 “Every winter, one greenhouse in five loses its crop”" in text
    assert "0:31 no face for 4.0 s" in text
    assert "whole pitch no sentence about timing was found" in text


def test_content_items_tell_absent_from_unscored() -> None:
    text = page_of(factories.pitch_result()).text
    assert "Why now 0 of 5" in text
    assert "Not found" in text
    assert "Clarity and structure not scored" in text
    assert "too few sentences to judge structure" in text


def test_measurements_have_units_references_and_reasons() -> None:
    text = page_of(factories.pitch_result()).text
    assert "Speech rate 136 wpm 110–160" in text
    assert "Face height 31 % of height 20–50 %" in text
    assert "Harmonics-to-noise ratio not measured: too little steady voicing" in text


def test_timeline_breaks_where_nothing_was_measured() -> None:
    page = page_of(factories.pitch_result())
    lines = [str(one["d"]) for one in page.all("path") if one.get("class") == "line"]
    pace, pitch, loudness = lines
    assert (pace.count("M"), pitch.count("M"), loudness.count("M")) == (1, 2, 2)


def test_vocal_energy_has_a_row_and_a_notice_where_it_was_measured() -> None:
    assert "Vocal energy 0 calm" not in page_of(factories.pitch_result()).text
    energy = Series(unit="0–1", times_seconds=[2.0, 9.0, 15.0], values=[0.4, 0.5, 0.6])
    delivery = factories.delivery_analysis(
        timeline=factories.delivery_analysis().timeline | {"vocal_energy": energy},
        measurements={"vocal_energy": Measurement(value=0.5, unit="0–1")},
        warnings=["Not for commercial use."],
    )
    text = page_of(factories.pitch_result(delivery_analysis=delivery)).text
    assert "Vocal energy 0 calm, 1 excited; not scored" in text
    assert "Vocal energy 0.5 (0–1)" in text
    assert "Not for commercial use." in text


def test_long_series_are_thinned() -> None:
    page = page_of(factories.hour_long())
    lines = [str(one["d"]) for one in page.all("path") if one.get("class") == "line"]
    assert max(line.count("M") + line.count("L") for line in lines) <= 600
    assert len(page.all("rect")) <= 300


def test_timeline_survives_series_without_extent() -> None:
    delivery = factories.delivery_analysis(
        timeline={
            "pace": Series(unit="wpm", times_seconds=[0.0], values=[120.0]),
            "pitch": Series(unit="Hz", times_seconds=[0.0, 1.0], values=[100.0, 100.0]),
            "loudness": Series(unit="dB", times_seconds=[0.0, 0.0], values=[60.0, 60.0]),
        },
        events=[],
        speech=[],
    )
    source = factories.source_video(duration_seconds=0.0)
    page = page_of(factories.pitch_result(delivery_analysis=delivery, source=source))
    assert len([one for one in page.all("path") if one.get("class") == "line"]) == 3


def test_a_face_in_every_sample_leaves_no_gap_however_uneven_the_samples() -> None:
    face = Series(unit="share", times_seconds=[0, 1, 9, 10, 30, 60], values=[1, 1, 1, 1, 1, 1])
    visual = factories.visual_analysis(timeline={"face": face}, events=[])
    delivery = factories.delivery_analysis(timeline={}, events=[], speech=[])
    page = page_of(
        factories.pitch_result(visual_analysis=visual, delivery_analysis=delivery),
        frames=None,
    )
    spans = [str(one["d"]) for one in page.all("path") if one.get("class") == "span"]
    assert spans == ["M0.0 50H1000.0"]


def test_fillers_that_were_not_looked_for_are_not_reported_as_none() -> None:
    whole = factories.delivery_analysis()
    measurements = whole.measurements | {
        "fillers_per_100_words": Measurement(value=None, unit="per 100 words", reason="no words")
    }
    delivery = whole.model_copy(update={"measurements": measurements, "events": []})
    text = page_of(factories.pitch_result(delivery_analysis=delivery)).text
    assert "Fillers none found" not in text
    assert "Not measured: fillers (no words)" in text
    assert "Long pauses none found" in text


def test_transcript_marks_unsure_words_and_fillers() -> None:
    page = page_of(factories.pitch_result())
    spans = Counter(one.get("class") for one in page.all("span"))
    unsure = sum(word.probability < 0.5 for word in factories.words_of())
    assert spans["unsure"] == unsure + 1  # the legend shows one of each
    assert spans["filler"] == 3
    assert "By Whisper ( base.en ), language en , 154 words" in page.text


def test_transcript_text_is_whole_and_in_order() -> None:
    page = page_of(factories.pitch_result())
    spoken = " ".join(word.text for word in factories.words_of())
    letters = re.sub(r"\s|\d+:\d\d", "", page.text)
    assert re.sub(r"\s", "", spoken) in letters


def test_untrusted_transcript_is_called_untrusted() -> None:
    text = page_of(factories.untrusted_transcript()).text
    assert "The transcript is not trusted" in text
    assert "Not trusted." in text
    assert factories.UNTRUSTED in text


def test_long_transcripts_are_folded() -> None:
    short = page_of(factories.pitch_result()).all("details")
    long = page_of(factories.hour_long()).all("details")
    assert [("open" in one) for one in short if one["class"] == "transcript"] == [True]
    assert [("open" in one) for one in long if one["class"] == "transcript"] == [False]


def test_notable_frames_are_embedded_with_their_times() -> None:
    frames = factories.frames_value()
    page = page_of(factories.pitch_result(), frames=frames)
    images = page.all("img")
    assert [one["alt"] for one in images] == [
        "Frame of the video at 0:05",
        "Frame of the video at 0:32: Face lost",
        "Frame of the video at 0:43: Too far",
    ]
    first = base64.b64decode(str(images[0]["src"]).partition(",")[2])
    assert first.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "frames",
    [
        None,
        factories.no_frames(),
        factories.frames_value(3, payload=b"not a zip"),
        factories.frames_value(3),
    ],
    ids=["pruned", "no picture", "damaged", "other names"],
)
def test_frames_that_cannot_be_shown_leave_a_page_without_them(frames: Any) -> None:
    page = page_of(factories.pitch_result(), frames=frames)
    assert not page.all("img")
    assert "not kept with this result" in page.text


def test_pictures_are_few_however_many_are_notable() -> None:
    names = [f"{index:04d}.jpg" for index in range(50)]
    result = factories.pitch_result(visual_analysis=factories.visual_analysis(notable_frames=names))
    assert len(page_of(result, frames=factories.frames_value()).all("img")) == 8


def test_how_it_was_made_is_told() -> None:
    text = page_of(factories.pitch_result()).text
    for fact in (
        "whisper base.en",
        "yunet_2026may",
        "pitchquest, version 1",
        "content 60, delivery 25, visual 15",
        "nothing was paid",
        "21.4 s",
        "faster-whisper 1.2.1",
        "6f1c1f6e-0f7f-4b6e-9a53-1d1a5f0a7c11",
    ):
        assert fact in text


def test_costs_are_itemised_where_there_are_any() -> None:
    costs = Costs(gemini_text=0.0123, total_usd=0.0123)
    text = page_of(factories.pitch_result(costs=costs)).text
    assert "$0.0123" in text
    assert "nothing was paid" not in text


def test_what_a_language_model_said_is_shown_as_text() -> None:
    told = {
        "explanation": "The amount is <b>missing</b>.",
        "suggestion": "We are raising ___.",
        "reason": "3 answers from 1 to 4: low confidence",
    }
    content = factories.content_analysis(judge="gemini", judge_model="g-1")
    items = [one.model_copy(update=told) for one in content.items]
    judged = content.model_copy(update={"items": items})
    used = ModelsUsed(transcription=None, emotion=None, vision=None, content="gemini: g-1")
    text = page_of(factories.pitch_result(content_analysis=judged, models_used=used)).text
    assert "The amount is <b>missing</b>." in text
    assert "You could say: “We are raising ___.”" in text
    assert "low confidence" in text
    assert "a language model" in text


def test_sub_scores_that_count_come_first_in_the_rubrics_order_then_the_vision_judges() -> None:
    seen = factories.visual_analysis()
    judged = {"slides": Score(value=None, reason="No slides."), "eye_contact": Score(value=8.0)}
    # In the order in which the database returns them: short names first.
    scores = dict(sorted((seen.scores | judged).items(), key=lambda item: len(item[0])))
    visual = seen.model_copy(update={"scores": scores, "judge": "gemini: g-1"})
    text = page_of(factories.pitch_result(visual_analysis=visual)).text
    picture = text[text.index("what is seen") :]
    shown = ("Presence", "Framing", "Not part of the score: seen by gemini: g-1", "Eye", "Slides")
    places = [picture.index(name) for name in shown]
    assert places == sorted(places)


def test_without_a_vision_judge_nothing_is_said_to_count_in_no_score() -> None:
    seen = factories.visual_analysis()
    posture = Score(value=None, reason="needs a vision judge")
    visual = seen.model_copy(update={"scores": seen.scores | {"posture": posture}})
    text = page_of(factories.pitch_result(visual_analysis=visual)).text
    assert "Not part of the score" not in text


def test_an_improvement_shows_the_points_that_it_would_bring() -> None:
    text = page_of(factories.pitch_result()).text
    assert "Say why now +5 points" in text
    assert "Stay in the frame +0.3 points" in text
    assert "The problem is concrete +" not in text


RENDERED_ELSEWHERE = """
import jinja2.bccache, jinja2.environment
from pitchquest_assets.report.render import render_report
from pitchquest_assets_tests.support import factories

def forbidden(*_, **__):
    raise PermissionError("This must not happen.")

{forbid}
print(len(render_report(factories.pitch_result(), None).payload) > 0)
"""


def rendered_elsewhere(bytecode: Path, forbid: str = "") -> str:
    """What a process prints that renders a report, and keeps Python's bytecode in this folder."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(bytecode)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    code = RENDERED_ELSEWHERE.format(forbid=forbid)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr


def test_templates_are_compiled_once_for_all_processes(tmp_path: Path) -> None:
    assert rendered_elsewhere(tmp_path) == "True"
    assert rendered_elsewhere(tmp_path, "jinja2.environment.generate = forbidden") == "True"


def test_a_report_is_rendered_where_compiled_templates_cannot_be_kept(tmp_path: Path) -> None:
    unwritable = "jinja2.bccache.tempfile.NamedTemporaryFile = forbidden"
    assert rendered_elsewhere(tmp_path, unwritable) == "True"
