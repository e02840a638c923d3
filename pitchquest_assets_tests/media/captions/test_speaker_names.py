from pitchquest_assets.media.captions.speaker_names import without_names


def test_names_before_most_captions_are_left_out() -> None:
    captions = [
        ["Jordan Example: Hello", "there."],
        ["Dr. O'Neil (CEO): Hi."],
        ["jordan example: Go."],
    ]
    captions += [["Dr. O'Neil (CEO): We grew."], [], ["And more."]]
    assert without_names(captions) == [
        ["Hello", "there."],
        ["Hi."],
        ["Go."],
        ["We grew."],
        [],
        ["And more."],
    ]


def test_both_speakers_of_one_caption_are_left_out() -> None:
    captions = [["Ann: Hi.", "Ben: Hello."], ["Ben:", "Go on."], ["Ann: We grew."]]
    captions += [["Ben: Well."]]
    assert without_names(captions) == [["Hi.", "Hello."], ["Go on."], ["We grew."], ["Well."]]


def test_other_words_with_a_colon_are_spoken() -> None:
    captions = [
        ["Ann: The problem: waste."],
        ["Ann: Why now: cameras."],
        ["Ann: Ask: two million."],
    ]
    assert without_names(captions) == [
        ["The problem: waste."],
        ["Why now: cameras."],
        ["Ask: two million."],
    ]


def test_headings_that_do_not_repeat_are_spoken() -> None:
    captions = [["Problem: waste."], ["Solution: cameras."], ["Market: large."], ["Team: us."]]
    assert without_names(captions) == captions


def test_a_prefix_before_few_captions_is_spoken() -> None:
    captions = [
        ["Question: why now?"],
        ["Because."],
        ["It is cheap."],
        ["Question: why us?"],
        ["Us."],
    ]
    assert without_names(captions) == captions


def test_a_clock_or_an_address_is_no_name() -> None:
    captions = [["At 10:30 we met."], ["https://example.org"], ["At 10:45 we sold."]] * 2
    assert without_names(captions) == captions
