"""The vocabulary: the values that flow between assets and are stored in tables.

Times are seconds on the audio's clock (the start of the file is 0). No float may be NaN or
infinite: building such a value raises pydantic's ValidationError, so neither ever reaches JSON.
"""

from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Part = Literal["content", "delivery", "visual"]
Pace = Literal["slow", "optimal", "fast"]
Transcriber = Literal["captions", "whisper", "pocketsphinx", "openai"]


class Value(BaseModel):
    """Base of all values: immutable, no unknown fields, finite floats only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class BlobValue(Value):
    """A value with bytes: `payload` becomes an object, the other fields a row."""

    media_type: ClassVar[str]
    suffix: ClassVar[str]
    payload: bytes = Field(exclude=True, repr=False)


class ClockPiece(Value):
    """A stretch of a file in which its clock runs on; times in the file count from its start."""

    start_seconds: float = Field(description="in the file")
    end_seconds: float = Field(description="in the file")
    begins_at_seconds: float = Field(description="on the mended clock, which has no gaps")


class SourceVideo(Value):
    """What the container says about one uploaded file, after checks against the limits."""

    video_id: str
    filename: str
    path: str = Field(description="absolute path on this machine, or bucket/path in Storage")
    captions_path: str | None = Field(None, description="captions of this upload, of the same form")
    sha256: str
    size_bytes: int
    container: str = Field(description="demuxer that opened it: mov, matroska, avi")
    duration_seconds: float = Field(description="longest stream, measured")
    has_video: bool
    has_audio: bool
    video_codec: str | None = None
    audio_codec: str | None = None
    width_px: int | None = Field(None, description="upright width, rotation applied")
    height_px: int | None = Field(None, description="upright height, rotation applied")
    rotation_degrees: int = Field(0, description="clockwise turn that makes the picture upright")
    fps: float | None = Field(None, description="average frame rate; null if unknown")
    clock: list[ClockPiece] = Field([], description="empty unless the file's clock jumps")
    warnings: list[str] = []


class Frame(Value):
    """One sampled picture."""

    time_seconds: float
    name: str = Field(description="file name inside the frames object")
    cells: int = Field(1, ge=1, description="of the equal parts of the video, those it stands for")
    scale: float = Field(1.0, gt=0, description="its width divided by that in the video")


class Frames(BlobValue):
    """Sampled pictures of one video; the payload is a ZIP of JPEGs with contact_sheet.jpg."""

    media_type: ClassVar[str] = "application/zip"
    suffix: ClassVar[str] = ".zip"
    frames: list[Frame]
    width_px: int
    height_px: int
    spacing_seconds: float = Field(description="wanted distance between samples")
    method: Literal["none", "keyframes", "decode"] = Field(description="how they were picked")
    reason: str | None = Field(None, description="why there are none")
    warnings: list[str] = []


class Audio(BlobValue):
    """The sound as 16 kHz mono; the payload is one FLAC file, empty if there is no sound."""

    media_type: ClassVar[str] = "audio/flac"
    suffix: ClassVar[str] = ".flac"
    sample_rate_hz: int = 16_000
    duration_seconds: float
    reason: str | None = Field(None, description="why there is no sound")
    warnings: list[str] = []


class Word(Value):
    """One spoken word; `probability` is the engine's own confidence, 0–1."""

    text: str
    start_seconds: float
    end_seconds: float
    probability: float = Field(ge=0, le=1)
    engine: Transcriber | None = Field(
        None, description="where it came from; where captions fit in part, Whisper has the rest"
    )


class Transcript(Value):
    """What was said and when, by which engine, and whether it can be trusted."""

    text: str
    words: list[Word]
    language: str | None
    engine: Literal["captions", "whisper", "pocketsphinx", "openai", "none"]
    model: str | None = None
    model_source: str | None = Field(None, description="where the weights were fetched from")
    mean_probability: float | None = None
    expected_wer: float | None = Field(
        None, ge=0, le=1, description="share of words expected to be wrong or missing, as measured"
    )
    expected_wer_reason: str | None = Field(None, description="why it is not known")
    borne_out: float | None = Field(
        None, ge=0, le=1, description="share of the captions' words that Whisper heard too"
    )
    trusted: bool = Field(description="the words are good enough for the content")
    reason: str | None = Field(None, description="why there is none, or why it is not trusted")
    hint: str | None = Field(None, description="one line: how to get a better one")
    warnings: list[str] = []
    cost_usd: float = Field(0.0, ge=0, description="paid for it by the run that made it")


class Measurement(Value):
    """One figure with its unit, or null with the reason."""

    value: float | None
    unit: str
    reason: str | None = None
    reference: str | None = Field(None, description="what is usual, in the same unit")

    @model_validator(mode="after")
    def _null_has_a_reason(self) -> Self:
        if (self.value is None) != (self.reason is not None):
            raise ValueError("a measurement is either a value or null with a reason")
        return self


class Event(Value):
    """Something that happened at a time: a long pause, a filler, a face lost."""

    kind: str
    start_seconds: float
    end_seconds: float
    text: str
    transcribed: bool = Field(True, description="false for a filler that was heard only as sound")


class Score(Value):
    """A sub-score 0–10 and what it is based on, or null with the reason."""

    value: float | None = Field(ge=0, le=10)
    reason: str | None = None
    basis: str = Field("", description="the measurement in words, with its unit")
    measurement: str | None = Field(None, description="the name of that measurement, if it is one")
    is_bound: bool = Field(False, description="based on a bound, so too weak to be praised")
    time_seconds: float | None = Field(None, description="a moment that is typical of it")
    covers: float = Field(1.0, ge=0, le=1, description="share of the time that it is about")

    @model_validator(mode="after")
    def _null_has_a_reason(self) -> Self:
        if (self.value is None) != (self.reason is not None):
            raise ValueError("a score is either a value or null with a reason")
        return self


class Series(Value):
    """One curve of the timeline; its values are null where nothing could be measured."""

    unit: str
    times_seconds: list[float]
    values: list[float | None]

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if len(self.times_seconds) != len(self.values):
            raise ValueError("a series needs one value for each time")
        return self


class DeliveryAnalysis(Value):
    """How it was said: pace, pauses, fillers, pitch, loudness."""

    speaking_pace: Pace | None = Field(description="slow < 110 wpm, fast > 160 wpm")
    vocal_confidence: float | None = Field(ge=0, le=10, description="mean of the scores")
    measurements: dict[str, Measurement]
    scores: dict[str, Score]
    events: list[Event] = []
    timeline: dict[str, Series] = {}
    speech: list[tuple[float, float]] = Field([], description="spans with voice, seconds")
    emotion_model: str | None = Field(None, description="what measured the vocal energy")
    warnings: list[str] = []


class VisualAnalysis(Value):
    """What was seen: face presence, framing, movement, picture quality."""

    frames_analyzed: int
    body_language_score: float | None = Field(ge=0, le=10, description="mean of the sub-scores")
    posture_quality: float | None = Field(None, ge=0, le=10, description="by a vision judge")
    detector: str | None
    measurements: dict[str, Measurement]
    scores: dict[str, Score]
    events: list[Event] = []
    timeline: dict[str, Series] = {}
    notable_frames: list[str] = Field([], description="names in the frames object worth showing")
    judge: str | None = Field(None, description="the vision judge, with the model that answered")
    prompt_version: str | None = Field(None, description="of the vision judge")
    cost_usd: float = Field(0.0, ge=0, description="paid for it by the run that made it")
    warnings: list[str] = []


class Evidence(Value):
    """The evidence for a claim: a quote or a measurement, and its time."""

    quote: str | None = None
    measurement: str | None = None
    time_seconds: float | None = None


class RubricItem(Value):
    """One of the ten content items: 0–5, or null with the reason; 0 means looked for, not found."""

    name: str
    title: str
    score: int | None = Field(ge=0, le=5)
    reason: str | None = None
    looked_for: str
    found: list[str] = Field([], description="the signs that were found, by name")
    evidence: list[Evidence] = []
    explanation: str | None = Field(None, description="why, in a language model's words")
    suggestion: str | None = Field(None, description="a better wording, by a language model")
    spread: int | None = Field(None, ge=0, description="highest minus lowest of several answers")
    low_confidence: bool = Field(False, description="the answers differ by more than a level")


class ContentAnalysis(Value):
    """What was said, item by item; the flat fields repeat the scores of `items` for convenience."""

    problem_clarity: int | None
    solution_fit: int | None
    market_opportunity: int | None
    why_now: int | None
    competition: int | None
    business_model: int | None
    traction: int | None
    team: int | None
    ask: int | None
    clarity: int | None
    rubric: str | None = Field(None, description="name and version; null in older values")
    judge: str = Field(
        description="which judge scored: local, gemini, openai; rules in older values"
    )
    judge_model: str | None = Field(None, description="the model, as the vendor's answer names it")
    prompt_version: str | None = None
    samples: int | None = Field(None, description="number of answers, whose medians are the scores")
    items: list[RubricItem]
    cost_usd: float = Field(0.0, ge=0, description="paid for it by the run that made it")
    warnings: list[str] = []


class Feedback(Value):
    """One strength or improvement, with its evidence."""

    title: str
    detail: str
    part: Part
    evidence: Evidence
    points: float | None = Field(
        None, gt=0, description="points of 100 that full marks would bring; null for a strength"
    )


class FeedbackLists(Value):
    """The three strongest points and the three most useful improvements, or fewer."""

    strengths: list[Feedback]
    improvements: list[Feedback]


class Results(Value):
    """The scores and the analyses behind them."""

    overall_score: int | None = Field(ge=0, le=100)
    content_analysis: ContentAnalysis
    delivery_analysis: DeliveryAnalysis
    visual_analysis: VisualAnalysis


class Rubric(Value):
    """The rubric with which a score was made."""

    name: str
    version: str
    weights: dict[Part, float]


class PartScore(Value):
    """One of the three parts of the overall score, 0–100, and the share of it that was measured."""

    score: float | None = Field(ge=0, le=100)
    weight: float
    coverage: float = Field(ge=0, le=1)
    reason: str | None = None


class ModelsUsed(Value):
    """The engine of each job; null if the job was not done."""

    transcription: str | None
    emotion: str | None
    vision: str | None
    content: str | None


class Costs(Value):
    """US dollars, from the vendors' own usage figures; the names are those of the contract.

    Each is the cost of a job, whichever vendor did it: a judge of OpenAI is in `gemini_text`, too.
    """

    whisper_api: float = Field(0.0, description="transcription")
    gemini_vision: float = Field(0.0, description="vision judge")
    gemini_text: float = Field(0.0, description="content judge")
    total_usd: float = Field(0.0, description="the total")


class Options(Value):
    """What was chosen for the run, or is in the settings if nothing was chosen."""

    transcriber: Literal["auto", "captions", "openai", "whisper", "pocketsphinx", "off"]
    whisper_model: str
    judge: Literal["auto", "local", "rules", "gemini", "openai"]
    judge_samples: int
    language: str | None
    max_frames: int


class ResultMetadata(Value):
    """How the result was made."""

    video_duration_seconds: float
    frames_analyzed: int
    models_used: ModelsUsed
    costs: Costs
    rubric: Rubric
    coverage: float = Field(ge=0, le=1, description="measured share of the rubric's weight")
    unscored: str | None = Field(None, description="why there is no overall score")
    parts: dict[Part, PartScore]
    engine_versions: dict[str, str]
    options: Options | None = Field(
        None, description="of the run; null if several runs made the parts"
    )
    runs: dict[str, str] = Field({}, description="the run that made each part, by asset")
    transcript: Transcript
    source: SourceVideo
    warnings: list[str] = []


class PitchResult(Value):
    """The whole result; `model_dump(mode="json")` is the contract that backends read."""

    video_id: str
    job_id: str
    timestamp: AwareDatetime
    processing_time_seconds: float
    status: Literal["success"] = "success"
    results: Results
    feedback: FeedbackLists
    metadata: ResultMetadata


class VideoEventData(Value):
    """The video of an event."""

    video_id: str
    owner: str | None = Field(description="the user whose video it is; null: the operator's")
    status: Literal["completed", "failed"]
    job_id: str | None
    attempts: int
    error: str | None = Field(description="why it failed, in one sentence")
    overall_score: int | None = Field(description="null unless it is completed and has a score")


class VideoEvent(Value):
    """What the webhook tells a backend; a trigger of the database makes it."""

    type: Literal["video.completed", "video.failed"]
    timestamp: AwareDatetime = Field(description="when the status changed")
    data: VideoEventData


class Report(BlobValue):
    """The self-contained HTML report."""

    media_type: ClassVar[str] = "text/html; charset=utf-8"
    suffix: ClassVar[str] = ".html"
    video_id: str
