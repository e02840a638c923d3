"""PitchQuest assets: a pitch video goes in; a scored, explained analysis comes out."""

__version__ = "0.1.0"
