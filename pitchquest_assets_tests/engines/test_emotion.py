"""The emotion model through its real loading code; tiny random weights where no others are given.

With PITCHQUEST_TEST_WEIGHTS=folder (it holds wav2vec2-emotion/) they use the real ones.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pitchquest_assets.engines import emotion
from pitchquest_assets.engines.emotion import hear_energy, load_emotion_model
from pitchquest_assets.engines.weights.devices import choose_device, computing_on
from pitchquest_assets.engines.weights.progress import log_progress
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.sounds import RATE, audio_from, silence
from pitchquest_assets_tests.support.tiny_emotion import real_weights, reference, write_tiny_emotion

RANDOM = np.random.default_rng(0)
SOUNDS = [
    (0.1 * level * RANDOM.standard_normal(round(RATE * seconds)) + 0.02).astype(np.float32)
    for seconds, level in ((3.0, 1), (4.37, 3), (3.9, 0.2))
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model."""
    return real_weights() or write_tiny_emotion(tmp_path_factory.mktemp("models") / "emotion")


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A tiny model of the test's own, to be damaged."""
    return write_tiny_emotion(tmp_path / "wav2vec2-emotion")


def test_it_computes_what_plain_tensor_operations_do(folder: Path) -> None:
    heard = load_emotion_model(folder, precision="float32").hear(SOUNDS[:1])
    expected = reference(folder, torch.from_numpy(SOUNDS[0])).numpy()
    assert ((expected > 0) & (expected < 1)).all()
    np.testing.assert_allclose(heard[0], expected, atol=1e-5)


def test_a_turn_comes_out_the_same_in_a_batch_as_alone(folder: Path) -> None:
    model = load_emotion_model(folder, precision="float32")
    together = model.hear(SOUNDS)
    alone = np.concatenate([model.hear([sound]) for sound in SOUNDS])
    assert not np.allclose(alone[0], alone[1], atol=1e-4)
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_lower_precisions_come_near(folder: Path, precision: emotion.Precision) -> None:
    exact = load_emotion_model(folder, precision="float32").hear(SOUNDS)
    model = load_emotion_model(folder, precision=precision)
    assert precision in model.name
    heard = model.hear(SOUNDS)
    assert not np.array_equal(heard, exact)
    np.testing.assert_allclose(heard, exact, atol=0.05)


@pytest.mark.skipif(real_weights() is None, reason="PITCHQUEST_TEST_WEIGHTS has no real weights")
def test_silence_gives_the_figures_of_the_model_card(folder: Path) -> None:
    heard = load_emotion_model(folder, precision="float32").hear([np.zeros(RATE, np.float32)])
    np.testing.assert_allclose(heard[0], (0.546, 0.606, 0.404), atol=0.005)


@pytest.mark.parametrize(
    ("without", "told"),
    [
        ("classifier.out_proj.weight", "classifier.out_proj.weight is missing"),
        ("classifier.", "classifier.dense.bias is missing (and 3 more)"),
        ("wav2vec2.encoder.layers.1.attention.q_proj.bias", "q_proj.bias is missing"),
    ],
)
def test_a_missing_weight_is_refused(damaged: Path, without: str, told: str) -> None:
    weights = load_file(damaged / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith(without)}
    assert len(kept) < len(weights)
    save_file(kept, damaged / "model.safetensors")
    with pytest.raises(EngineUnavailable) as caught:
        load_emotion_model(damaged)
    assert told in str(caught.value)
    assert "pitchquest models pull wav2vec2-emotion" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lm_head.weight": torch.zeros(2, 2)}, "lm_head.weight is not part of the model"),
        ({"classifier.dense.bias": torch.zeros(7)}, "classifier.dense.bias has another shape"),
    ],
)
def test_weights_of_another_model_are_refused(
    damaged: Path, change: dict[str, torch.Tensor], told: str
) -> None:
    save_file(load_file(damaged / "model.safetensors") | change, damaged / "model.safetensors")
    with pytest.raises(EngineUnavailable, match=told):
        load_emotion_model(damaged)


@pytest.mark.parametrize(
    "changed",
    [{"id2label": {0: "anger", 1: "joy", 2: "disgust"}}, {"feat_extract_norm": "group"}],
)
def test_a_configuration_of_another_model_is_refused(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    other = write_tiny_emotion(tmp_path, **changed)
    with pytest.raises(EngineUnavailable, match="describes another model"):
        load_emotion_model(other)


def settings(models: Path, **changed: object) -> Settings:
    made = {"models": models, "emotion": "on", "device": "cpu"} | changed
    return Settings(_env_file=None, **made)  # type: ignore[call-arg, arg-type]


@pytest.fixture
def here(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder in which the tiny model counts as the pinned one."""
    monkeypatch.setattr(
        "pitchquest_assets.engines.weights.files.find", lambda name, folder: damaged
    )
    return damaged.parent


def test_each_turn_of_the_speech_gets_its_energy_in_time_order(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = ((0.0, 4.0), (6.0, 9.5), (10.0, 13.0))
    monkeypatch.setattr(emotion, "voice_of", lambda audio: spans)
    monkeypatch.setitem(emotion.TURNS_AT_ONCE, "cpu", 2)
    audio = audio_from(RANDOM.normal(0, 3000, 14 * RATE).astype(np.int16))
    log: list[str] = []
    energy = hear_energy(audio, settings(here), log_progress(log.append))
    assert [(turn.start_seconds, turn.end_seconds) for turn in energy.turns] == list(spans)
    assert all(0 <= turn.arousal <= 1 for turn in energy.turns)
    assert (energy.model or "").startswith("wav2vec2-emotion (")
    assert "CC-BY-NC-SA-4.0" in log[0]
    assert "Article 5(1)(f)" in energy.warnings[0]


def test_off_loads_nothing(tmp_path: Path) -> None:
    energy = hear_energy(
        audio_from(silence(1)), settings(tmp_path, emotion="off"), log_progress(print)
    )
    assert not energy.turns
    assert "PITCHQUEST_EMOTION" in (energy.reason or "")


def test_no_turn_that_is_long_enough_is_a_reason(here: Path) -> None:
    energy = hear_energy(audio_from(silence(4)), settings(here), log_progress(print))
    assert "no turn of speech" in (energy.reason or "")


def test_absent_weights_are_named_and_never_fetched(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="pitchquest models pull wav2vec2-emotion"):
        hear_energy(audio_from(silence(1)), settings(tmp_path, downloads="on"), log_progress(print))


def test_absent_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emotion, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match=r"needs torch and transformers.*\[emotion\]"):
        hear_energy(audio_from(silence(1)), settings(tmp_path), log_progress(print))


def test_a_gpu_is_used_where_there_is_one_and_missed_where_it_was_asked_for() -> None:
    assert choose_device("auto", gpus=0) == choose_device("cpu", gpus=1) == "cpu"
    assert choose_device("auto", gpus=1) == choose_device("cuda", gpus=2) == "cuda"
    with pytest.raises(EngineUnavailable, match="no CUDA GPU"):
        choose_device("cuda", gpus=0)


def test_a_gpu_that_fails_is_told_in_a_sentence() -> None:
    with pytest.raises(EngineUnavailable, match="PITCHQUEST_DEVICE=cpu"), computing_on("cuda"):
        raise RuntimeError("CUDA out of memory. Tried to allocate 20 MiB.\nMore of it")
    with pytest.raises(RuntimeError, match="a bug"), computing_on("cpu"):
        raise RuntimeError("a bug")
