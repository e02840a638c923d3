"""Real videos with known contents, by the command, against the truths told with them."""

import json
from pathlib import Path
from typing import Any

import pytest

from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.sounds import share_inside

SPOKEN_ITEMS = {
    "problem_clarity": "hospitals in this country throw away two billion dollars",
    "solution_fit": "It is a small camera",
    "market_opportunity": "each one spends forty thousand dollars a year",
    "why_now": "Cameras cost ten dollars today",
    "competition": "Our competitors sell cabinets",
    "business_model": "We cost three hundred dollars a month",
    "traction": "eleven paying hospitals",
    "team": "built the vision system at a robotics company",
    "ask": "We are raising one million dollars",
}
CLIPS = [
    "pitch_11s_hevc.mov",
    "pitch_11s_vp9.webm",
    "pitch_11s_portrait_rot.mp4",
    "one_frame.mp4",
    "no_audio.mp4",
    "audio_only.mp4",
    "truncated_faststart.mp4",
    "faces/pyfeat_no_face.mp4",
    "faces/pyfeat_single_face.mp4",
]
PORTRAIT = (720, 1280)


@pytest.fixture(scope="module")
def pitch(
    pitchquest: Command,
    shared_media: Path,
    shared_models: Path,
    minilm: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """The result of the read pitch, with the meaning of sentences and without Whisper's weights."""
    models = tmp_path_factory.mktemp("models")
    for one in (*shared_models.glob("*.onnx"), minilm / "minilm"):
        (models / one.name).symlink_to(one)
    done = pitchquest(
        "analyze",
        shared_media / "pitch_tts_720p.mp4",
        *("--captions", shared_media / "pitch_script.txt", "--json", "-"),
        PITCHQUEST_MODELS=str(models),
    )
    assert done.code == 0, done.err
    return done.json()


@pytest.fixture(scope="module")
def clips(
    pitchquest: Command,
    shared_media: Path,
    shared_models: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """The results of all clips by file name, from one command, without a transcript."""
    out = tmp_path_factory.mktemp("clips") / "out.jsonl"
    done = pitchquest(
        "analyze",
        *(shared_media / clip for clip in CLIPS),
        *("--json", out),
        PITCHQUEST_TRANSCRIBER="off",
        PITCHQUEST_MODELS=str(shared_models),
    )
    assert done.code == 0, done.err
    results = [json.loads(line) for line in out.read_text().splitlines()]
    return {result["metadata"]["source"]["filename"]: result for result in results}


def test_pace_coverage_and_fillers_of_the_read_pitch(pitch: Any) -> None:
    delivery = pitch["results"]["delivery_analysis"]
    assert delivery["measurements"]["speech_rate"]["value"] == pytest.approx(149.5, rel=0.03)
    assert [event for event in delivery["events"] if event["kind"] == "filler"] == []
    assert pitch["metadata"]["coverage"] == 1.0


def test_words_are_in_order_and_inside_speech(pitch: Any) -> None:
    words = pitch["metadata"]["transcript"]["words"]
    starts = [word["start_seconds"] for word in words]
    assert len(words) == 192
    assert starts == sorted(starts)
    middles = [(word["start_seconds"] + word["end_seconds"]) / 2 for word in words]
    speech = pitch["results"]["delivery_analysis"]["speech"]
    assert (share_inside(middles, speech) or 0) >= 0.95


@pytest.mark.parametrize(("item", "sentence"), SPOKEN_ITEMS.items())
def test_each_spoken_item_quotes_its_sentence_at_its_time(
    pitch: Any, item: str, sentence: str
) -> None:
    (found,) = [i for i in pitch["results"]["content_analysis"]["items"] if i["name"] == item]
    assert found["score"] >= 1
    (evidence,) = [e for e in found["evidence"] if sentence in (e["quote"] or "")][:1]
    first = evidence["quote"].split()[:3]
    words = pitch["metadata"]["transcript"]["words"]
    starts = [
        word["start_seconds"]
        for index, word in enumerate(words)
        if [w["text"] for w in words[index : index + 3]] == first
    ]
    assert any(abs(start - evidence["time_seconds"]) < 0.1 for start in starts)


def test_faces_are_found_where_they_are(
    clips: dict[str, Any], pitchquest: Command, shared_media: Path, shared_models: Path
) -> None:
    done = pitchquest(
        "analyze",
        shared_media / "pitch_120s_1080p.mp4",
        *("--json", "-"),
        PITCHQUEST_TRANSCRIBER="off",
        PITCHQUEST_MODELS=str(shared_models),
    )
    assert presence(done.json()) >= 0.95
    assert presence(clips["pyfeat_no_face.mp4"]) == 0
    assert presence(clips["pyfeat_single_face.mp4"]) == 1


def presence(result: Any) -> float:
    measured = result["results"]["visual_analysis"]["measurements"]["face_presence"]
    assert measured["value"] is not None
    return float(measured["value"])


@pytest.mark.parametrize(
    ("clip", "size", "seconds"),
    [
        ("pitch_11s_hevc.mov", None, 11.0),
        ("pitch_11s_vp9.webm", None, 11.0),
        ("pitch_11s_portrait_rot.mp4", PORTRAIT, 11.0),
        ("one_frame.mp4", None, None),
    ],
)
def test_sizes_and_times_are_right_in_every_container(
    clips: dict[str, Any], clip: str, size: tuple[int, int] | None, seconds: float | None
) -> None:
    metadata = clips[clip]["metadata"]
    source = metadata["source"]
    if size:
        assert (source["width_px"], source["height_px"]) == size
    if seconds:
        assert metadata["video_duration_seconds"] == pytest.approx(seconds, abs=0.15)
        assert metadata["frames_analyzed"] == pytest.approx(11, abs=1)
    else:
        assert metadata["frames_analyzed"] == 1


def test_a_picture_without_sound_is_judged_by_the_picture_alone(clips: dict[str, Any]) -> None:
    result = clips["no_audio.mp4"]
    parts = result["metadata"]["parts"]
    assert parts["visual"]["score"] is not None
    assert (parts["delivery"]["score"], parts["content"]["score"]) == (None, None)
    assert "no audio stream" in parts["delivery"]["reason"]


def test_sound_without_a_picture_is_judged_by_the_sound_alone(clips: dict[str, Any]) -> None:
    parts = clips["audio_only.mp4"]["metadata"]["parts"]
    assert parts["delivery"]["score"] is not None
    assert parts["visual"]["score"] is None
    assert "no video stream" in parts["visual"]["reason"]


def test_a_file_cut_short_is_analysed_as_far_as_it_goes_with_a_warning(
    clips: dict[str, Any],
) -> None:
    metadata = clips["truncated_faststart.mp4"]["metadata"]
    assert metadata["video_duration_seconds"] == pytest.approx(16.5, abs=0.2)
    assert any("30.0 s" in warning and "16." in warning for warning in metadata["warnings"])


def test_a_persons_own_voice_is_not_scored_on_words_nobody_can_trust(
    pitchquest: Command, shared_media: Path
) -> None:
    done = pitchquest(
        "analyze",
        shared_media / "pitch_11s_1080p.mp4",
        *("--json", "-"),
        PITCHQUEST_TRANSCRIBER="auto",
    )
    result = done.json()
    assert result["metadata"]["models_used"]["transcription"] == "pocketsphinx: pocketsphinx en-us"
    content = result["results"]["content_analysis"]
    assert [item["score"] for item in content["items"]] == [None] * 10
    assert all("one word in three wrong" in item["reason"] for item in content["items"])
    assert result["metadata"]["coverage"] < 0.4
    assert "Hint: for a better one give captions" in done.err
