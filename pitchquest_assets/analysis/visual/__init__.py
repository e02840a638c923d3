"""What was seen: faces, framing, movement, picture quality, and their scores.

May be imported by engines, assets and the report.
"""
