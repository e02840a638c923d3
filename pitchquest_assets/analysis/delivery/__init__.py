"""How it was said: pace, pauses, fillers, pitch, loudness, and their scores.

May be imported by engines, assets and the report.
"""
