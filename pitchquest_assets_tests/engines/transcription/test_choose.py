"""Which transcriber does the job, with the real engines; Whisper has tiny random weights here."""

import dataclasses
import hashlib
import shutil
from pathlib import Path

import pytest

from pitchquest_assets.engines.transcription.choose import transcribe
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.engines.vendors.openai import open_client
from pitchquest_assets.engines.weights.pinned import MODELS, ModelFile
from pitchquest_assets.engines.weights.progress import log_progress
from pitchquest_assets.errors import (
    EngineUnavailable,
    InvalidCaptions,
    SettingsError,
    VendorRefused,
)
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, probe
from pitchquest_assets.media.sound_choice import extract_audio
from pitchquest_assets.model import Transcript
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.media_factory import Pictures, Sound, steady, write_media
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.tiny_whisper import write_tiny_whisper
from pitchquest_assets_tests.support.vendors import OPENAI_KEY, FakeVendor


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder that holds the pinned Whisper: the tiny one, pinned for this test."""
    folder = write_tiny_whisper(tmp_path / "models" / "whisper-base.en")
    files = tuple(
        ModelFile(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.iterdir())
    )
    pinned = dataclasses.replace(MODELS["whisper-base.en"], files=files)
    monkeypatch.setitem(MODELS, "whisper-base.en", pinned)
    return folder.parent


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The first seconds of the sample's sound, without captions."""
    import av

    path = tmp_path / "bare.mkv"
    with av.open(str(SAMPLE_PITCH)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.pts is None or packet.pts * packet.time_base > 6:
                break
            packet.stream = stream
            target.mux(packet)
    return path


def run(path: Path, captions: Path | None = None, **settings: object) -> Transcript:
    source = probe(
        path,
        video_id="v",
        filename=path.name,
        captions_path=str(captions) if captions else None,
        limits=Limits(),
    )
    video = LocalVideo(source, path, captions)
    audio = extract_audio(video, limits=Limits())
    log: list[str] = []
    made = Settings(_env_file=None, downloads="off", **settings)  # type: ignore[call-arg, arg-type]
    return transcribe(video, audio, Caller(made), log_progress(log.append))


def test_a_tampered_whisper_is_not_loaded_and_it_is_said(bare: Path, models: Path) -> None:
    weights = models / "whisper-base.en" / "model.bin"
    assert run(bare, models=models, transcriber="auto").engine == "whisper"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    assert run(bare, models=models, transcriber="auto").engine == "pocketsphinx"
    with pytest.raises(EngineUnavailable, match=r"run `pitchquest models pull whisper-base\.en`"):
        run(bare, models=models, transcriber="whisper", whisper_model="base.en")
    # Where a person names it, it is theirs.
    weights.parent.rename(models / "whisper-mine.en")
    heard = run(bare, models=models, transcriber="whisper", whisper_model="mine.en")
    assert heard.engine == "whisper"


def test_captions_beside_the_video_come_first(bare: Path, models: Path) -> None:
    shutil.copy(SAMPLE_PITCH.with_suffix(".vtt"), bare.with_suffix(".vtt"))
    assert run(bare, models=models).engine == "captions"


def test_captions_are_checked_against_what_whisper_hears(bare: Path, models: Path) -> None:
    shutil.copy(SAMPLE_PITCH.with_suffix(".vtt"), bare.with_suffix(".vtt"))
    for wanted in ("auto", "captions"):
        heard = run(bare, models=models, transcriber=wanted)
        assert (heard.engine, heard.model) == ("captions", "checked by whisper base.en")
        # These weights are random, and so is what they hear.
        assert not heard.trusted
        assert "PocketSphinx" not in " ".join(heard.warnings)


@pytest.mark.parametrize("size", ["auto", "no-such-size"])
def test_captions_are_checked_by_pocketsphinx_alone_where_whisper_is_missing_and_it_is_said(
    bare: Path, tmp_path: Path, size: str
) -> None:
    given = bare.with_suffix(".txt")
    given.write_text(
        "Every winter, thousands of families lose their homes to a leaking pipe, because nobody"
    )
    heard = run(bare, given, models=tmp_path, whisper_model=size)
    assert (heard.engine, heard.trusted, heard.borne_out) == ("captions", True, None)
    assert heard.model == "pocketsphinx en-us (forced alignment)"
    assert {word.engine for word in heard.words} == {"captions"}
    assert "the captions were checked by PocketSphinx alone" in heard.warnings[-1]
    assert ("no-such-size" in heard.warnings[-1]) == (size == "no-such-size")


def test_captions_that_were_given_win_over_those_beside(bare: Path, tmp_path: Path) -> None:
    shutil.copy(SAMPLE_PITCH.with_suffix(".vtt"), bare.with_suffix(".vtt"))
    given = tmp_path / "given.txt"
    given.write_text("Every winter, thousands of families lose their homes.")
    assert run(bare, given).text == given.read_text()


def test_captions_inside_the_video_are_found(tmp_path: Path) -> None:
    path = write_media(
        tmp_path / "inside.mp4",
        Pictures(steady(2)),
        Sound([(0, 2)]),
        captions=[(0.2, 1.8, "We sell shelves.")],
    )
    heard = run(path)
    assert (heard.engine, heard.text, heard.trusted) == ("captions", "We sell shelves.", False)


def test_openai_is_next_where_its_key_is_set(
    bare: Path, models: Path, openai: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenAI's own address, without the setting that leads elsewhere.
    monkeypatch.setattr(
        "pitchquest_assets.engines.transcription.openai.open_client",
        lambda settings: open_client(settings.model_copy(update={"openai_base_url": openai.url})),
    )
    key = {"OPENAI_API_KEY": OPENAI_KEY}
    heard = run(bare, models=models, **key)
    assert (heard.engine, heard.model, heard.trusted) == ("openai", "whisper-1", True)
    assert run(bare, models=models, transcriber="whisper", **key).engine == "whisper"
    shutil.copy(SAMPLE_PITCH.with_suffix(".vtt"), bare.with_suffix(".vtt"))
    assert run(bare, models=models, **key).engine == "captions"
    assert len(openai.requests) == 1


def test_a_server_of_one_s_own_gets_the_sound_by_name_only(
    bare: Path, models: Path, openai: FakeVendor
) -> None:
    own = {"OPENAI_API_KEY": OPENAI_KEY, "OPENAI_BASE_URL": openai.url}
    assert run(bare, models=models, **own).engine == "whisper"
    assert openai.requests == []
    assert run(bare, models=models, transcriber="openai", **own).engine == "openai"


def test_openai_that_fails_is_replaced_by_no_other(
    bare: Path, models: Path, openai: FakeVendor
) -> None:
    with pytest.raises(VendorRefused, match="refuses the key in OPENAI_API_KEY"):
        run(
            bare,
            models=models,
            transcriber="openai",
            OPENAI_API_KEY="sk-wrong",
            OPENAI_BASE_URL=openai.url,
        )
    with pytest.raises(SettingsError, match="OPENAI_API_KEY is not set"):
        run(bare, models=models, transcriber="openai")


def test_whisper_is_next_where_its_weights_are_here(bare: Path, models: Path) -> None:
    heard = run(bare, models=models)
    assert (heard.engine, heard.model) == ("whisper", "base.en")
    assert not heard.trusted
    assert "--captions" in (heard.hint or "")


def test_pocketsphinx_is_last_and_says_how_to_do_better(bare: Path, tmp_path: Path) -> None:
    heard = run(bare, models=tmp_path)
    assert heard.engine == "pocketsphinx"
    assert "pitchquest models pull whisper-base.en" in (heard.hint or "")


def test_off_skips_it_even_with_captions(bare: Path) -> None:
    shutil.copy(SAMPLE_PITCH.with_suffix(".vtt"), bare.with_suffix(".vtt"))
    heard = run(bare, transcriber="off")
    assert (heard.engine, heard.trusted) == ("none", False)
    assert "switched off" in (heard.reason or "")


def test_a_video_without_sound_has_no_transcript(tmp_path: Path) -> None:
    heard = run(write_media(tmp_path / "mute.mp4", Pictures(steady(1))))
    assert heard.engine == "none"
    assert heard.reason == "the file has no audio stream"


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [("captions", "bare.mkv has none"), ("whisper", "whisper-base.en is not in")],
)
def test_an_engine_asked_for_by_name_is_never_replaced(
    bare: Path, tmp_path: Path, engine: str, sentence: str
) -> None:
    with pytest.raises(EngineUnavailable, match=sentence):
        run(bare, transcriber=engine, models=tmp_path)


def test_damaged_captions_are_refused_not_skipped(bare: Path, models: Path) -> None:
    bare.with_suffix(".srt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidCaptions):
        run(bare, models=models)


def test_downloads_are_told_as_a_bar() -> None:
    log: list[str] = []
    progress = log_progress(log.append)
    for done in range(0, 101):
        progress.downloaded(done * 1_000_000, 100_000_000)
    assert len(log) == 21
    assert log[0].startswith("░" * 20)
    assert log[-1] == "█" * 20 + " 100.0 of 100.0 MB"
