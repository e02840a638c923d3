"""Where the repository's files are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SAMPLES = ROOT / "samples"
SAMPLE_PITCH = SAMPLES / "pitch.mp4"
SHARED = ROOT.parent / "shared"
