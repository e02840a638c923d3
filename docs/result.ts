// `make schema` writes this file from `pitchquest_assets/model.py`: do not edit it.
// Fields with a question mark may be missing in older results.

/** A stretch of a file in which its clock runs on; times in the file count from its start. */
export interface ClockPiece {
  /** in the file */
  start_seconds: number;
  /** in the file */
  end_seconds: number;
  /** on the mended clock, which has no gaps */
  begins_at_seconds: number;
}

/** What was said, item by item; the flat fields repeat the scores of `items` for convenience. */
export interface ContentAnalysis {
  problem_clarity: number | null;
  solution_fit: number | null;
  market_opportunity: number | null;
  why_now: number | null;
  competition: number | null;
  business_model: number | null;
  traction: number | null;
  team: number | null;
  ask: number | null;
  clarity: number | null;
  /** name and version; null in older values */
  rubric?: string | null;
  /** which judge scored: local, gemini, openai; rules in older values */
  judge: string;
  /** the model, as the vendor's answer names it */
  judge_model?: string | null;
  prompt_version?: string | null;
  /** number of answers, whose medians are the scores */
  samples?: number | null;
  items: RubricItem[];
  /** paid for it by the run that made it; 0 or more */
  cost_usd?: number;
  warnings?: string[];
}

/** US dollars, from the vendors' own usage figures; the names are those of the contract. Each
 * is the cost of a job, whichever vendor did it: a judge of OpenAI is in `gemini_text`, too.
 */
export interface Costs {
  /** transcription */
  whisper_api?: number;
  /** vision judge */
  gemini_vision?: number;
  /** content judge */
  gemini_text?: number;
  /** the total */
  total_usd?: number;
}

/** How it was said: pace, pauses, fillers, pitch, loudness. */
export interface DeliveryAnalysis {
  /** slow < 110 wpm, fast > 160 wpm */
  speaking_pace: "slow" | "optimal" | "fast" | null;
  /** mean of the scores; 0 to 10 */
  vocal_confidence: number | null;
  measurements: Record<string, Measurement>;
  scores: Record<string, Score>;
  events?: Event[];
  timeline?: Record<string, Series>;
  /** spans with voice, seconds */
  speech?: [number, number][];
  /** what measured the vocal energy */
  emotion_model?: string | null;
  warnings?: string[];
}

/** Something that happened at a time: a long pause, a filler, a face lost. */
export interface Event {
  kind: string;
  start_seconds: number;
  end_seconds: number;
  text: string;
  /** false for a filler that was heard only as sound */
  transcribed?: boolean;
}

/** The evidence for a claim: a quote or a measurement, and its time. */
export interface Evidence {
  quote?: string | null;
  measurement?: string | null;
  time_seconds?: number | null;
}

/** One strength or improvement, with its evidence. */
export interface Feedback {
  title: string;
  detail: string;
  part: "content" | "delivery" | "visual";
  evidence: Evidence;
  /** points of 100 that full marks would bring; null for a strength */
  points?: number | null;
}

/** The three strongest points and the three most useful improvements, or fewer. */
export interface FeedbackLists {
  strengths: Feedback[];
  improvements: Feedback[];
}

/** One figure with its unit, or null with the reason. */
export interface Measurement {
  value: number | null;
  unit: string;
  reason?: string | null;
  /** what is usual, in the same unit */
  reference?: string | null;
}

/** The engine of each job; null if the job was not done. */
export interface ModelsUsed {
  transcription: string | null;
  emotion: string | null;
  vision: string | null;
  content: string | null;
}

/** What was chosen for the run, or is in the settings if nothing was chosen. */
export interface Options {
  transcriber: "auto" | "captions" | "openai" | "whisper" | "pocketsphinx" | "off";
  whisper_model: string;
  judge: "auto" | "local" | "rules" | "gemini" | "openai";
  judge_samples: number;
  language: string | null;
  max_frames: number;
}

/** One of the three parts of the overall score, 0–100, and the share of it that was measured. */
export interface PartScore {
  /** 0 to 100 */
  score: number | null;
  weight: number;
  /** 0 to 1 */
  coverage: number;
  reason?: string | null;
}

/** How the result was made. */
export interface ResultMetadata {
  video_duration_seconds: number;
  frames_analyzed: number;
  models_used: ModelsUsed;
  costs: Costs;
  rubric: Rubric;
  /** measured share of the rubric's weight; 0 to 1 */
  coverage: number;
  /** why there is no overall score */
  unscored?: string | null;
  parts: Partial<Record<"content" | "delivery" | "visual", PartScore>>;
  engine_versions: Record<string, string>;
  /** of the run; null if several runs made the parts */
  options?: Options | null;
  /** the run that made each part, by asset */
  runs?: Record<string, string>;
  transcript: Transcript;
  source: SourceVideo;
  warnings?: string[];
}

/** The scores and the analyses behind them. */
export interface Results {
  /** 0 to 100 */
  overall_score: number | null;
  content_analysis: ContentAnalysis;
  delivery_analysis: DeliveryAnalysis;
  visual_analysis: VisualAnalysis;
}

/** The rubric with which a score was made. */
export interface Rubric {
  name: string;
  version: string;
  weights: Partial<Record<"content" | "delivery" | "visual", number>>;
}

/** One of the ten content items: 0–5, or null with the reason; 0 means looked for, not found. */
export interface RubricItem {
  name: string;
  title: string;
  /** 0 to 5 */
  score: number | null;
  reason?: string | null;
  looked_for: string;
  /** the signs that were found, by name */
  found?: string[];
  evidence?: Evidence[];
  /** why, in a language model's words */
  explanation?: string | null;
  /** a better wording, by a language model */
  suggestion?: string | null;
  /** highest minus lowest of several answers; 0 or more */
  spread?: number | null;
  /** the answers differ by more than a level */
  low_confidence?: boolean;
}

/** A sub-score 0–10 and what it is based on, or null with the reason. */
export interface Score {
  /** 0 to 10 */
  value: number | null;
  reason?: string | null;
  /** the measurement in words, with its unit */
  basis?: string;
  /** the name of that measurement, if it is one */
  measurement?: string | null;
  /** based on a bound, so too weak to be praised */
  is_bound?: boolean;
  /** a moment that is typical of it */
  time_seconds?: number | null;
  /** share of the time that it is about; 0 to 1 */
  covers?: number;
}

/** One curve of the timeline; its values are null where nothing could be measured. */
export interface Series {
  unit: string;
  times_seconds: number[];
  values: (number | null)[];
}

/** What the container says about one uploaded file, after checks against the limits. */
export interface SourceVideo {
  video_id: string;
  filename: string;
  /** absolute path on this machine, or bucket/path in Storage */
  path: string;
  /** captions of this upload, of the same form */
  captions_path?: string | null;
  sha256: string;
  size_bytes: number;
  /** demuxer that opened it: mov, matroska, avi */
  container: string;
  /** longest stream, measured */
  duration_seconds: number;
  has_video: boolean;
  has_audio: boolean;
  video_codec?: string | null;
  audio_codec?: string | null;
  /** upright width, rotation applied */
  width_px?: number | null;
  /** upright height, rotation applied */
  height_px?: number | null;
  /** clockwise turn that makes the picture upright */
  rotation_degrees?: number;
  /** average frame rate; null if unknown */
  fps?: number | null;
  /** empty unless the file's clock jumps */
  clock?: ClockPiece[];
  warnings?: string[];
}

/** What was said and when, by which engine, and whether it can be trusted. */
export interface Transcript {
  text: string;
  words: Word[];
  language: string | null;
  engine: "captions" | "whisper" | "pocketsphinx" | "openai" | "none";
  model?: string | null;
  /** where the weights were fetched from */
  model_source?: string | null;
  mean_probability?: number | null;
  /** share of words expected to be wrong or missing, as measured; 0 to 1 */
  expected_wer?: number | null;
  /** why it is not known */
  expected_wer_reason?: string | null;
  /** share of the captions' words that Whisper heard too; 0 to 1 */
  borne_out?: number | null;
  /** the words are good enough for the content */
  trusted: boolean;
  /** why there is none, or why it is not trusted */
  reason?: string | null;
  /** one line: how to get a better one */
  hint?: string | null;
  warnings?: string[];
  /** paid for it by the run that made it; 0 or more */
  cost_usd?: number;
}

/** What was seen: face presence, framing, movement, picture quality. */
export interface VisualAnalysis {
  frames_analyzed: number;
  /** mean of the sub-scores; 0 to 10 */
  body_language_score: number | null;
  /** by a vision judge; 0 to 10 */
  posture_quality?: number | null;
  detector: string | null;
  measurements: Record<string, Measurement>;
  scores: Record<string, Score>;
  events?: Event[];
  timeline?: Record<string, Series>;
  /** names in the frames object worth showing */
  notable_frames?: string[];
  /** the vision judge, with the model that answered */
  judge?: string | null;
  /** of the vision judge */
  prompt_version?: string | null;
  /** paid for it by the run that made it; 0 or more */
  cost_usd?: number;
  warnings?: string[];
}

/** One spoken word; `probability` is the engine's own confidence, 0–1. */
export interface Word {
  text: string;
  start_seconds: number;
  end_seconds: number;
  /** 0 to 1 */
  probability: number;
  /** where it came from; where captions fit in part, Whisper has the rest */
  engine?: "captions" | "whisper" | "pocketsphinx" | "openai" | null;
}

/** The whole result; `model_dump(mode="json")` is the contract that backends read. */
export interface PitchResult {
  video_id: string;
  job_id: string;
  timestamp: string;
  processing_time_seconds: number;
  status?: "success";
  results: Results;
  feedback: FeedbackLists;
  metadata: ResultMetadata;
}

/** The video of an event. */
export interface VideoEventData {
  video_id: string;
  /** the user whose video it is; null: the operator's */
  owner: string | null;
  status: "completed" | "failed";
  job_id: string | null;
  attempts: number;
  /** why it failed, in one sentence */
  error: string | null;
  /** null unless it is completed and has a score */
  overall_score: number | null;
}

/** What the webhook tells a backend; a trigger of the database makes it. */
export interface VideoEvent {
  type: "video.completed" | "video.failed";
  /** when the status changed */
  timestamp: string;
  data: VideoEventData;
}

/** A row of the table `analysis_results`: the newest result of a video, without its nesting. */
export type AnalysisResultRow = Results &
  Pick<PitchResult, "video_id" | "job_id" | "processing_time_seconds" | "feedback" | "metadata"> & {
    id: number;
    created_at: string;
  };
