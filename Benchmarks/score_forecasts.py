#!/usr/bin/env python3
"""Scores what `foreshard evaluate` wrote, without any of its code: forecasts.csv against the trace.

    Benchmarks/score_forecasts.py TRACE.csv STEP_SECONDS OUT_DIRECTORY

Prints WAPE, pinball loss at .9 and .95 and the coverage of the 90 % interval for each segment and model, as a share of the
mean load, on the origins from which every model spoke; then compares with summary.json. The status is 1 when a figure
differs by more than one part in a thousand.
"""
import csv
import json
import sys
from collections import defaultdict
from datetime import datetime, timezone


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp())


def loads(path, step):
    """Mean load per segment and step; a step of which any reading is missing is missing."""
    sums, counts, own = defaultdict(float), defaultdict(int), {}
    last = {}
    for row in csv.DictReader(open(path, newline="")):
        segment, at = row["segment"], seconds(row["timestamp"])
        if segment in last:
            own[segment] = min(own.get(segment, step), at - last[segment])
        last[segment] = at
        if row["load"]:
            key = (segment, at // step * step)
            sums[key] += float(row["load"])
            counts[key] += 1
    return {key: total / counts[key] for key, total in sums.items() if counts[key] * own[key[0]] >= step}


def pinball(seen, level, quantile):
    return level * (seen - quantile) if seen >= quantile else (1 - level) * (quantile - seen)


def main(trace, step, out):
    seen = loads(trace, step)
    rows, models_at, names = defaultdict(list), defaultdict(set), defaultdict(set)
    for row in csv.DictReader(open(out + "/forecasts.csv", newline="")):
        segment, model = row["segment"], row["model"]
        models_at[segment, row["origin"]].add(model)
        names[segment].add(model)
        load = seen.get((segment, seconds(row["timestamp"])))
        if load is not None:
            values = [float(row[q]) for q in ("q05", "q50", "q90", "q95")]
            rows[segment, model].append((row["origin"], load, *values))
    claimed = {
        (s["segment"], m["model"]): m["path"]
        for s in json.load(open(out + "/summary.json"))["segments"]
        for m in s["models"]
    }
    worst = 0.0
    for (segment, model), judged in sorted(rows.items()):
        judged = [r for r in judged if models_at[segment, r[0]] == names[segment]]
        total = sum(load for _, load, *_ in judged)
        figures = {
            "wape": sum(abs(load - q50) for _, load, _, q50, *_ in judged) / total,
            "0.9": sum(pinball(load, 0.9, q90) for _, load, _, _, q90, _ in judged) / total,
            "0.95": sum(pinball(load, 0.95, q95) for _, load, *_, q95 in judged) / total,
            "coverage90": sum(q05 <= load <= q95 for _, load, q05, _, _, q95 in judged) / len(judged),
        }
        own = claimed[segment, model]
        theirs = {**own["pinball"], "wape": own["wape"], "coverage90": own["coverage90"]}
        worst = max(worst, *(abs(figures[k] - theirs[k]) / max(abs(figures[k]), 1e-9) for k in figures))
        print(f"{segment:24} {model:10}", *(f"{key} {value:8.4f}" for key, value in figures.items()))
    print(f"largest relative difference from summary.json: {worst:.1e}")
    return 1 if worst > 1e-3 else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
