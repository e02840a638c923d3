"""Captions as a transcript: aligned with the sound, or checked against what Whisper heard."""
