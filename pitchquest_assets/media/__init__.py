"""Files from outside become pictures, sound and captions; they are opened as untrusted here.

Imports `model`, `errors` and nothing else of ours; `analysis` and everything above may import it.
"""
