#!/usr/bin/env python3
"""What scheduled events are worth: the forecasts of `foreshard evaluate` with --events against those without.

    foreshard evaluate --trace TRACE.csv --until TIME --origins N --events EVENTS.csv --out WITH
    foreshard evaluate --trace TRACE.csv --until TIME --origins N --out WITHOUT
    Benchmarks/events_gain.py TRACE.csv EVENTS.csv STEP_SECONDS WITH WITHOUT [--lead MINUTES] [--tail MINUTES]

An event's window reaches from --lead minutes (60) before its start to --tail (60) after its end. A peak is a step whose
load is in the top quarter of its window. Prints the WAPE of the median of every model and of `combined` over the whole
path: on peaks, in windows, and at all other steps ("ordinary"), each with and without. Only events known in advance count.
"""
import argparse
import csv
from collections import defaultdict
from datetime import datetime, timezone


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp())


def loads(path, step):
    sums, counts = defaultdict(float), defaultdict(int)
    for row in csv.DictReader(open(path, newline="")):
        if row["load"]:
            key = (row["segment"], seconds(row["timestamp"]) // step * step)
            sums[key] += float(row["load"])
            counts[key] += 1
    return {key: total / counts[key] for key, total in sums.items()}


def marked(seen, events, step, lead, tail):
    """The steps in windows, and those at peaks, by segment."""
    windows, peaks = set(), set()
    for segment in {segment for segment, _ in seen}:
        for start, end, only in events:
            if only not in ("*", segment):
                continue
            steps = [(segment, at) for at in range((start - lead) // step * step, end + tail, step) if (segment, at) in seen]
            windows.update(steps)
            highest = sorted(steps, key=seen.get)[len(steps) * 3 // 4:]
            peaks.update(highest)
    return windows, peaks


def judge(folder, seen, windows, peaks):
    errors, totals = defaultdict(float), defaultdict(float)
    for row in csv.DictReader(open(folder + "/forecasts.csv", newline="")):
        key = (row["segment"], seconds(row["timestamp"]))
        if key not in seen:
            continue
        kinds = ["windows", "peaks"] if key in peaks else ["windows"] if key in windows else ["ordinary"]
        for kind in kinds:
            errors[row["model"], kind] += abs(float(row["q50"]) - seen[key])
            totals[row["model"], kind] += seen[key]
    return {key: 100 * error / totals[key] for key, error in errors.items() if totals[key] > 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace"), parser.add_argument("events"), parser.add_argument("step", type=int)
    parser.add_argument("with_events"), parser.add_argument("without")
    parser.add_argument("--lead", type=int, default=60), parser.add_argument("--tail", type=int, default=60)
    options = parser.parse_args()
    seen = loads(options.trace, options.step)
    events = [
        (seconds(row["start"]), seconds(row["end"]), row["segment"])
        for row in csv.DictReader(open(options.events, newline=""))
        if row["known_in_advance"] == "true"
    ]
    windows, peaks = marked(seen, events, options.step, 60 * options.lead, 60 * options.tail)
    first, second = (judge(folder, seen, windows, peaks) for folder in (options.with_events, options.without))
    print(f"{'WAPE %':<12}" + "".join(f"{kind + ' without':>19}{'with':>8}{'change':>9}" for kind in ("peaks", "windows", "ordinary")))
    for model in dict.fromkeys(model for model, _ in second):
        line = f"{model:<12}"
        for kind in ("peaks", "windows", "ordinary"):
            before, after = second.get((model, kind)), first.get((model, kind))
            if before is None or after is None:
                line += f"{'-':>19}{'-':>8}{'-':>9}"
            else:
                line += f"{before:>19.2f}{after:>8.2f}{100 * (after / before - 1):>8.1f}%"
        print(line)


main()
