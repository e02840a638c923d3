"""Turns sound into words: captions, OpenAI, Whisper, PocketSphinx, and the choice between them.

May be imported by assets and `cli`.
"""
