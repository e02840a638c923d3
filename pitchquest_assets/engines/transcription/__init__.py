"""Sound becomes words: captions, OpenAI, Whisper, PocketSphinx, and which of them does the job.

May be imported by assets and `cli`.
"""
