#!/usr/bin/env python3
"""Scores anomaly detectors as the Numenta Anomaly Benchmark (NAB) does, apart from the scorer in Swift.

    nab_score.py --traces DIR --scores SCORES.csv [SCORES.csv ...] [--peers]

SCORES.csv is what `foreshard anomalies --out` writes. Labels are the `anomaly_window` rows of DIR/events/*.csv that were
not known in advance. With --peers two known detectors are run over the same rows: a windowed Gaussian (6,400 points, step
100) and a streaming seasonal hybrid ESD (after Hochenbaum, Vallis and Kejariwal 2017). Needs numpy and scipy.

Scored after NAB's nab/sweeper.py and config/profiles.json, not after its paper.
"""
import argparse
import csv
import math
import pathlib
from datetime import datetime

import numpy as np
from scipy.special import ndtr, stdtrit

PROFILES = {"standard": (1, 0.11, 1), "reward_low_FP": (1, 0.22, 1), "reward_low_FN": (1, 0.11, 2)}
TRACES = ["nab_aws_5min", "nab_tweets_5min", "nyc_taxi_30min"]


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def read_traces(folder, names):
    """{segment: (times, values, step, windows)}, measured rows only."""
    segments = {}
    for name in names:
        rows = {}
        with open(folder / f"{name}.csv") as file:
            for row in csv.DictReader(file):
                if row["load"]:
                    rows.setdefault(row["segment"], []).append((seconds(row["timestamp"]), float(row["load"])))
        step = min(b[0] - a[0] for some in rows.values() for a, b in zip(some, some[1:]))
        windows = {}
        with open(folder / "events" / f"{name}.csv") as file:
            for row in csv.DictReader(file):
                if row["kind"] == "anomaly_window" and row["known_in_advance"] == "false":
                    ends = [seconds(row[end]) // step * step for end in ("start", "end")]
                    windows.setdefault(row["segment"], []).append(ends)
        for segment, some in rows.items():
            times, values = zip(*some)
            segments[segment] = (np.array(times), np.array(values), step, sorted(windows.get(segment, [])))
    return segments


def squash(position):
    return 2 / (1 + math.exp(5 * position)) - 1


def places(times, windows):
    """For each row its window or None, and what a detection is worth there before weights."""
    limits = []
    for start, end in windows:
        inside = np.flatnonzero((times >= start) & (times <= end))
        if len(inside):
            limits.append((inside[0], inside[-1]))
    result = []
    for row in range(len(times)):
        inside = [n for n, (left, right) in enumerate(limits) if left <= row <= right]
        passed = [limit for limit in limits if limit[1] < row]
        if inside:
            left, right = limits[inside[0]]
            result.append((inside[0], squash(-(right - row + 1) / (right - left + 1)) / squash(-1)))
        elif passed:
            left, right = passed[-1]
            position = (row - right) / max(right - left, 1)
            result.append((None, -1.0 if position >= 3 else squash(position)))
        else:
            result.append((None, -1.0))
    return result


def nab(corpus, profile):
    """`corpus`: [(scores, places)] per segment. The best threshold over all of it."""
    hit, false_positive, miss = PROFILES[profile]
    rows, windows = [], set()
    for segment, (scores, where) in enumerate(corpus):
        for row in range(min(math.floor(0.15 * len(scores)), 750), len(scores)):
            window, worth = where[row]
            rows.append((scores[row], None if window is None else (segment, window), worth))
            if window is not None:
                windows.add((segment, window))
    rows.sort(key=lambda row: -row[0])
    worths = {window: -miss for window in windows}
    null = total = -miss * len(windows)
    best, count, found = (total, 1.1, 0, 0), 0, set()
    for n, (score, window, worth) in enumerate(rows):
        if window is None:
            total += worth * false_positive
            count += 1
        else:
            found.add(window)
            total += max(0, worth * hit - worths[window])
            worths[window] = max(worths[window], worth * hit)
        if (n + 1 == len(rows) or rows[n + 1][0] != score) and total > best[0]:
            best = (total, score, len(found), count)
    return 100 * (best[0] - null) / (hit * len(windows) - null), best[1], best[2], len(windows), best[3]


def windowed_gaussian(values, size=6400, step=100):
    """One minus the two-sided tail of a normal with mean and deviation of the window, in NAB's setting."""
    scores, window, buffer, mean, deviation = [], [], [], 0.0, 1.0
    for value in values:
        z = abs(value - mean) / deviation
        scores.append(0.0 if not window else 1 - 2 * ndtr(-z) if z < 40 else 1.0)
        if len(window) < size:
            window.append(value)
            total, count = (0, 0) if len(window) == 1 else (total, count)
            total, squares, count = total + value, (squares if count else 0) + value * value, count + 1
            mean, deviation = total / count, math.sqrt(max(squares / count - (total / count) ** 2, 0)) or 1e-6
        else:
            buffer.append(value)
            if len(buffer) == step:
                window, buffer = window[step:] + buffer, []
                mean, deviation = np.mean(window), np.std(window) or 1e-6
    return np.array(scores)


def seasonal_hybrid_esd(values, period, size_days=14, every=None, alpha=0.05, share=0.02):
    """S-H-ESD as a stream: each batch of six hours is judged with up to 14 days before it, so
    it sees up to six hours ahead. The score of a row is how far its
    generalised ESD statistic lies beyond the critical value, squashed to 0...1; 0 where the test does not reject it."""
    every = every or max(1, period // 4)
    scores = np.zeros(len(values))
    for start in range(2 * period, len(values), every):
        end = min(start + every, len(values))
        part = values[max(0, end - size_days * period):end]
        season = np.array([np.median(part[phase::period]) for phase in range(period)])
        residual = part - np.tile(season, len(part) // period + 1)[:len(part)] - np.median(part) + np.median(season)
        n, kept = len(residual), residual.copy()
        left = np.arange(n)
        marked = {}
        for i in range(1, max(1, int(share * n)) + 1):
            middle = np.median(kept)
            mad = 1.4826 * np.median(np.abs(kept - middle))
            if mad == 0:  # as in Twitter's AnomalyDetection
                break
            far = int(np.argmax(np.abs(kept - middle)))
            statistic = abs(kept[far] - middle) / mad
            t = stdtrit(n - i - 1, 1 - alpha / (2 * (n - i + 1)))
            critical = (n - i) * t / math.sqrt((n - i - 1 + t * t) * (n - i + 1))
            if statistic <= critical:
                break
            marked[left[far]] = statistic / critical
            kept, left = np.delete(kept, far), np.delete(left, far)
        for row in range(start, end):
            ratio = marked.get(row - end + n, 0)
            scores[row] = 0 if ratio == 0 else ratio / (1 + ratio)
    return scores


def read_scores(paths):
    scores = {}
    for path in paths:
        with open(path) as file:
            for row in csv.DictReader(file):
                if row["value"]:
                    scores.setdefault(row["segment"], []).append(float(row["score"]))
    return scores


def show(name, segments, where, scores):
    for profile in PROFILES:
        score, threshold, found, windows, false = nab([(scores[s], where[s]) for s in segments], profile)
        print(f"{name:20} {profile:14} {score:12.6f}  threshold {threshold:.6f}  windows {found}/{windows}"
              f"  false positives {false}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=pathlib.Path, required=True)
    parser.add_argument("--names", nargs="+", default=TRACES)
    parser.add_argument("--scores", nargs="+", default=[])
    parser.add_argument("--peers", action="store_true")
    arguments = parser.parse_args()
    segments = read_traces(arguments.traces, arguments.names)
    where = {name: places(times, windows) for name, (times, _, _, windows) in segments.items()}
    if arguments.scores:
        show("foreshard", segments, where, read_scores(arguments.scores))
    if arguments.peers:
        show("windowed Gaussian", segments, where, {s: windowed_gaussian(v) for s, (_, v, _, _) in segments.items()})
        show("S-H-ESD", segments, where,
             {s: seasonal_hybrid_esd(v, 86400 // step) for s, (_, v, step, _) in segments.items()})


main()
