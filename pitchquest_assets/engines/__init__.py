"""What calls out or loads weights: transcription, judges, vendors, model files, vocal energy.

Imports `analysis`, `media` and `model`; assets and `cli` may import it.
"""
