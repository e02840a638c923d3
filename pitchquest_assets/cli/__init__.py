"""The command `pitchquest`: what it runs, watches, examines and prints.

Nothing imports from here.
"""
