from pitchquest_assets.engines.transcription.pronunciation import guess_pronunciation


def test_an_unknown_word_is_pronounced_as_the_two_words_in_it() -> None:
    dictionary = {"shelf": "SH EH L F", "sense": "S EH N S", "robot": "R OW B AA T"}
    assert guess_pronunciation("shelfsense", dictionary.get) == "SH EH L F S EH N S"
    assert guess_pronunciation("robots", dictionary.get) == "R OW B AA T Z"
    assert guess_pronunciation("xyzzy", dictionary.get) is None
