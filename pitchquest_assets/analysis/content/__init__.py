"""What was said: sentences, quotes, the rubric's items, and rules that judge without a model.

May be imported by engines, assets and the report.
"""
