"""Caption formats: text becomes cues, and cues become the words that were said.

Every parser is one pass over the lines. The regular expressions are anchored or stop at the next
opening mark, so none costs more than in proportion to the text, whatever it holds.
"""
