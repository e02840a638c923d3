"""`pitchquest doctor`: tries everything that must work.

Only `cli` imports from here.
"""
