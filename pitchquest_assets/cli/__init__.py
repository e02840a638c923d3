"""The command `pitchquest`: what it runs, watches, examines and prints.

May import everything; nothing imports from here.
"""
