"""Fake vendors on this machine that speak the real wire formats; the real SDKs call them.

Each vendor records its `requests` and answers from the queue `script`, or with its `usual` answer
if that is empty. An answer is a werkzeug Response or a function of the request.
"""

import io
import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import av
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.engines.judges.prompts import load_prompt

Responder = Callable[[Request], Response]

GEMINI_KEY = "AIza-fake-key-of-the-tests"
OPENAI_KEY = "sk-fake-key-of-the-tests"
GEMINI_VERSION = "gemini-3.5-flash-lite-2026-10"
OPENAI_VERSION = "judge-1-2026-11-01"
# The words in every sound.
SPOKEN = "Um, every winter, thousands of families lose their homes - we end that. Join us!"
# The usage of each call, as the vendors report it.
TOKENS_IN, TOKENS_THOUGHT, TOKENS_OUT = 3_000, 100, 900


@dataclass
class FakeVendor:
    """One vendor: its requests and its answers."""

    url: str
    usual: Responder
    requests: list[Request] = field(default_factory=list)
    script: list[Response | Responder] = field(default_factory=list)

    @property
    def bodies(self) -> list[Any]:
        """The JSON of each request that had one."""
        return [json.loads(one.get_data()) for one in self.requests if one.get_data()]

    def calls(self, part_of_path: str) -> list[Request]:
        """The requests of one kind."""
        return [one for one in self.requests if part_of_path in one.path]

    def reset(self) -> None:
        """Forget all requests."""
        self.requests.clear()
        self.script.clear()

    def handle(self, request: Request) -> Response:
        request.get_data()  # keeps the body beyond the request
        self.requests.append(request)
        answer = self.script.pop(0) if self.script else self.usual
        return answer if isinstance(answer, Response) else answer(request)


@contextmanager
def fake_gemini() -> Iterator[FakeVendor]:
    """The Gemini API: generateContent, and models by name."""
    with _served(lambda server: server.url_for("").rstrip("/"), answer_as_gemini) as vendor:
        yield vendor


@contextmanager
def fake_openai() -> Iterator[FakeVendor]:
    """The OpenAI API: chat completions, transcriptions, and the list of models."""
    with _served(lambda server: server.url_for("/v1"), answer_as_openai) as vendor:
        yield vendor


@contextmanager
def _served(url: Callable[[HTTPServer], str], usual: Responder) -> Iterator[FakeVendor]:
    server = HTTPServer(threaded=True)
    server.start()
    vendor = FakeVendor(url(server), usual)
    server.expect_request(re.compile(".*")).respond_with_handler(vendor.handle)
    try:
        yield vendor
    finally:
        server.stop()


def answer_as_gemini(request: Request) -> Response:
    """A judgement of the words, or of the pictures if there are any."""
    if request.headers.get("x-goog-api-key") != GEMINI_KEY:
        return gemini_error(
            400, "INVALID_ARGUMENT", "API key not valid.", [{"reason": "API_KEY_INVALID"}]
        )
    if request.method == "GET":
        name = request.path.rsplit("/", 1)[-1]
        return as_json({"name": f"models/{name}", "version": "3.5", "displayName": name})
    asked = json.loads(request.get_data())
    parts = asked["contents"][0]["parts"]
    if any("inlineData" in part for part in parts):
        return gemini_answer(json.dumps(sight()))
    return gemini_answer(json.dumps(judgement(parts[0]["text"])))


def answer_as_openai(request: Request) -> Response:
    """A judgement of the words, or the words of a sound."""
    if request.headers.get("authorization") != f"Bearer {OPENAI_KEY}":
        said = "Incorrect API key provided: sk-fake****ests."
        return openai_error(401, said, "invalid_request_error", "invalid_api_key")
    if request.method == "GET":
        names = ("judge-1", "whisper-1", "gpt-transcribe")
        models = [{"id": n, "object": "model", "created": 1, "owned_by": "fake"} for n in names]
        return as_json({"object": "list", "data": models})
    if request.path.endswith("/audio/transcriptions"):
        return openai_transcription(request)
    asked = json.loads(request.get_data())
    return openai_answer(json.dumps(judgement(asked["messages"][-1]["content"])))


def judgement(data: str, **items: dict[str, Any]) -> dict[str, Any]:
    """A whole judgement with level 3 for each item; its quotes are from the request."""
    sentences = [one["text"] for one in json.loads(data)["sentences"]]
    long_enough = [text for text in sentences if len(text.split()) >= 3]
    answer = {
        item.name: {
            "quote": long_enough[index % len(long_enough)],
            "explanation": f"{item.title} is there in part.",
            "not_present": False,
            "score": 3,
            "suggestion": "We save ___ hours a week.",
        }
        for index, item in enumerate(load_rubric().all_items)
    }
    return {name: one | items.get(name, {}) for name, one in answer.items()}


def sight(**aspects: dict[str, Any]) -> dict[str, Any]:
    """A whole answer of the vision judge: level 4 at the second picture, no slides."""
    answer = {
        name: {
            "picture": 2,
            "observation": f"{one.title} as it should be.",
            "not_visible": False,
            "score": 4,
            "suggestion": "Stand a little nearer.",
        }
        for name, one in load_prompt("vision_judge").aspects.items()
    }
    nothing = {"picture": 0, "observation": "No slides.", "not_visible": True, "score": 0}
    answer["slides"] |= nothing
    return {name: one | aspects.get(name, {}) for name, one in answer.items()}


def gemini_answer(text: str | None, finish: str = "STOP", **fields: Any) -> Response:
    """What generateContent gives back; without text the candidate has no content."""
    content = {"content": {"role": "model", "parts": [{"text": text}]}} if text is not None else {}
    body = {
        "candidates": [{**content, "finishReason": finish, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": TOKENS_IN,
            "candidatesTokenCount": TOKENS_OUT,
            "thoughtsTokenCount": TOKENS_THOUGHT,
            "totalTokenCount": TOKENS_IN + TOKENS_OUT + TOKENS_THOUGHT,
        },
        "modelVersion": GEMINI_VERSION,
        "responseId": "fake",
    }
    return as_json(body | fields)


def gemini_block(reason: str = "PROHIBITED_CONTENT") -> Response:
    """A prompt that was blocked: no candidates."""
    return as_json(
        {
            "promptFeedback": {"blockReason": reason},
            "usageMetadata": {"promptTokenCount": TOKENS_IN, "totalTokenCount": TOKENS_IN},
            "modelVersion": GEMINI_VERSION,
        }
    )


def gemini_error(
    code: int, status: str, message: str, details: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """google.rpc.Status as JSON."""
    error = {"code": code, "message": message, "status": status, "details": details or []}
    return as_json({"error": error}, code, headers)


def openai_answer(
    text: str | None, finish: str = "stop", refusal: str | None = None, **fields: Any
) -> Response:
    """A chat completion."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    body = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1,
        "model": OPENAI_VERSION,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": TOKENS_IN,
            "completion_tokens": TOKENS_OUT,
            "total_tokens": TOKENS_IN + TOKENS_OUT,
        },
    }
    return as_json(body | fields)


def openai_transcription(
    request: Request, text: str = SPOKEN, log_probability: float = -0.1, **fields: Any
) -> Response:
    """The words spread evenly over the sound in the request, in the requested format."""
    seconds = seconds_of_flac(request)
    if request.form["response_format"] == "json":
        usage = {"type": "tokens", "input_tokens": 100, "output_tokens": 50, "total_tokens": 150}
        return as_json({"text": text, "languages": [{"code": "en"}], "usage": usage} | fields)
    bare = re.sub(r"[^\w\s']", " ", text).split()
    step = seconds / max(len(bare), 1)
    words = [
        {"word": word, "start": round(i * step, 2), "end": round((i + 0.8) * step, 2)}
        for i, word in enumerate(bare)
    ]
    segment = {
        "id": 0, "seek": 0, "start": 0.0, "end": seconds, "text": text, "tokens": [1, 2],
        "temperature": 0.0, "avg_logprob": log_probability, "compression_ratio": 1.2,
        "no_speech_prob": 0.01,
    }  # fmt: skip
    body = {
        "task": "transcribe",
        "language": "english",
        "duration": seconds,
        "text": text,
        "words": words,
        "segments": [segment],
        "usage": {"type": "duration", "seconds": math.ceil(seconds)},
    }
    return as_json(body | fields)


def seconds_of_flac(request: Request) -> float:
    """Return the duration of the sound in a transcription request."""
    file = request.files["file"]
    with av.open(io.BytesIO(file.stream.read()), format="flac") as container:
        file.stream.seek(0)
        samples = sum(frame.samples for frame in container.decode(audio=0))
        return float(samples / container.streams.audio[0].rate)


def openai_error(
    code: int, message: str, type_: str, reason: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """OpenAI's error object."""
    error = {"message": message, "type": type_, "param": None, "code": reason}
    return as_json({"error": error}, code, headers)


def as_json(body: Any, code: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), code, headers, content_type="application/json")


def page() -> Response:
    """The answer of a proxy or a wrong address."""
    return Response("<html>Welcome to the hotel's network</html>", content_type="text/html")


def cut(request: Request) -> Response:
    """The connection ends within the body."""
    half = iter([b'{"half": '])
    return Response(half, headers={"Content-Length": "1000"}, content_type="application/json")


def late(request: Request) -> Response:
    """No answer until the client has timed out."""
    threading.Event().wait(0.6)
    return as_json({})
