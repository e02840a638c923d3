"""The parts put together: overall score, coverage and feedback.

May be imported by assets and the report.
"""
