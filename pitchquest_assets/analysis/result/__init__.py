"""Combines the parts into one result: overall score, coverage and feedback.

May be imported by assets and the report.
"""
