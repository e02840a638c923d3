from pitchquest_assets.analysis.content.boundaries import MAX_WORDS, cut


def test_no_words_make_no_thought_and_one_makes_one() -> None:
    assert cut([], []) == []
    assert cut(["hello"], []) == [(0, 1)]


def test_the_pieces_hold_every_word_once_and_none_is_too_long() -> None:
    words = ("we sell soap to hotels and they pay us every month " * 12).split()
    spans = cut(words, [0.0] * (len(words) - 1))
    assert [at for first, end in spans for at in range(first, end)] == list(range(len(words)))
    assert max(end - first for first, end in spans) <= MAX_WORDS


def test_a_pause_of_a_second_ends_a_thought() -> None:
    words = "we make soap for hotels it costs four dollars a bar".split()
    pauses = [0.0] * (len(words) - 1)
    pauses[4] = 1.0
    assert (0, 5) in cut(words, pauses)


def test_without_pauses_a_new_thought_is_told_by_its_words() -> None:
    words = "every year farmers lose a third of their crop so we built a sensor".split()
    assert any(end == words.index("so") for _, end in cut(words, [0.0] * (len(words) - 1)))
