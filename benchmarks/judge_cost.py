"""What the local judge costs: python benchmarks/judge_cost.py FILE.txt.

Judges three minutes of a script (its words, repeated if they are fewer) in this process, once with
everything to load and then again, and prints the CPU seconds and how much the memory has grown.
Memory is PSS, each page counted once.
"""

import argparse
import time
from pathlib import Path

import psutil

from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.cli.judge import MIDDLE_WPM, words_of
from pitchquest_assets.engines.judges.content import judge_content
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.model import Transcript
from pitchquest_assets.settings import Settings

MINUTES = 3
TIMES = 5


def pss_mb() -> float:
    """Return the proportional memory of this process, in MB."""
    return float(psutil.Process().memory_full_info().pss) / 1e6


def main() -> None:
    """Print the memory before and after, and the CPU seconds of the first and the later runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.txt")
    tokens = parser.parse_args().file.read_text("utf-8").split()
    count = MINUTES * MIDDLE_WPM
    text = " ".join((tokens * (1 + count // len(tokens)))[:count])
    transcript = Transcript(
        text=text, words=words_of(text), language="en", engine="captions", trusted=True
    )
    caller = Caller(Settings(judge="local"), announce=print)
    before, seconds, grown = pss_mb(), [], []
    for _ in range(TIMES):
        started = time.process_time()
        judged = judge_content(transcript, load_rubric(), caller)
        seconds.append(time.process_time() - started)
        grown.append(pss_mb() - before)
    print(f"{count} words, judged by {judged.judge_model}")
    print(
        f"memory: {before:.0f} MB before, {grown[0]:.0f} MB more after one, {grown[-1]:.0f} MB more"
    )
    print(f"CPU: {seconds[0]:.2f} s with loading, then {min(seconds[1:]):.2f} s")


if __name__ == "__main__":
    main()
