"""What was said: sentences, the rubric's items, quotes, and the rules that judge without a model.

May be imported by engines, assets and the report.
"""
