import pytest

from pitchquest_assets.media.captions.spoken_text import spoken_lines


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("<v Jordan Example>We grew</v>", ["We grew"]),
        ("<c.loud>We</c> <i>really</i> grew", ["We really grew"]),
        ("we<00:00:00.370><c> grew</c><00:00:00.740><c> fast</c>", ["we grew fast"]),
        (r'{\an8}<font color="#fff">We grew</font>', ["We grew"]),
        ("{b}We{/b} {y:i}grew", ["We grew"]),
        ("We<br/>grew<br>fast", ["We", "grew", "fast"]),
        ("Profit &amp; loss&nbsp;&#8211; &quot;now&quot; &#x27;25", ['Profit & loss – "now" \'25']),
        ("AT&T &amp sons &unknown;", ["AT&T &amp sons &unknown;"]),
        ("churn < 5 % and growth > 20 %", ["churn < 5 % and growth > 20 %"]),
        ("we <3 hospitals", ["we <3 hospitals"]),
        ("under <10 and over >3 percent", ["under <10 and over >3 percent"]),
        ("{company} grew", ["{company} grew"]),
    ],
)
def test_markup_is_not_spoken(text: str, spoken: list[str]) -> None:
    assert spoken_lines(text) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("[Music]", []),
        ("[upbeat\nmusic]", []),
        ("[[Music]] We grew", ["We grew"]),
        ("(audience\nlaughing)", []),
        ("We grew. (audience laughing)", ["We grew."]),
        ("We grew *applause* fast", ["We grew fast"]),
        ("*door slams*\nWe grew", ["We grew"]),
        ("(sigh, long)\nWe grew", ["We grew"]),
        ("♪ la la la ♪", []),
        ("♪ upbeat music ♪ We grew ♪", ["We grew"]),
        ("We grew ♫", ["We grew"]),
        ("【音楽】 We grew", ["We grew"]),
        ("We grew (by forty percent) last year", ["We grew (by forty percent) last year"]),
        (
            "(human capital) is (Singapore's) strength",
            ["(human capital) is (Singapore's) strength"],
        ),
        ("We *really* grew", ["We really grew"]),
        ("[never closed", ["[never closed"]),
    ],
)
def test_labels_of_sounds_are_not_spoken(text: str, spoken: list[str]) -> None:
    assert spoken_lines(text) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (">> We grew", ["We grew"]),
        ("- We grew\n- How?", ["We grew", "How?"]),
        ("– We grew", ["We grew"]),
        ("[Jordan]: We grew", ["We grew"]),
        ("-5 percent", ["-5 percent"]),
    ],
)
def test_a_mark_of_another_speaker_is_not_spoken(text: str, spoken: list[str]) -> None:
    assert spoken_lines(text) == spoken


def test_a_number_of_thousands_of_digits_stays_text() -> None:
    text = "&#" + "9" * 5_000 + ";"
    assert spoken_lines(text) == [text]
