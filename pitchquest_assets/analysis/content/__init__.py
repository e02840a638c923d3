"""What was said: sentences, quotes, the rubric's items, and a judge that was trained on them.

May be imported by engines, assets and the report.
"""
