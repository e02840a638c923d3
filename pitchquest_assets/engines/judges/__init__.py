"""Language models that judge content and pictures, and their prompts.

May be imported by assets and `cli`.
"""
