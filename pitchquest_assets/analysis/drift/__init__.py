"""Whether newer results differ from older ones, and what may have caused it.

May be imported by assets and the report.
"""
