"""Whatever calls a vendor or loads weights: transcription, judges, model files, vocal energy.

Imports `analysis`, `media` and `vendor_calls`; may be imported by assets and `cli`.
"""
