#!/usr/bin/env python3
"""What the Python package prophet says, to hold against the router's own model.

  prophet_reference.py golden OUT.csv              the series of Tests/ForecastingTests/Golden/prophet.csv
  prophet_reference.py trace OUT.csv STEP [IN.csv SEGMENT FROM DAYS]...
                                                   traces resampled to STEP minutes, with the time of each fit

Needs `pip install prophet` (1.5.0 made the committed file). Columns: series, timestamp, y, yhat; y is empty in the part
that is forecast. Settings are the package's defaults; seasonality as it switches it on by itself.
"""
import csv
import logging
import math
import random
import sys
import time
from datetime import datetime, timedelta

import pandas as pd
from prophet import Prophet

ROOT = __file__.rsplit("/", 2)[0]
WORLD_CUP = ROOT + "/Sources/Demonstration/Resources/worldcup98/load.csv"


def synthetic(days=28, step=60):
    """A slope that turns after 12 days, a day and a week, and noise of a twentieth of the day's height."""
    generator = random.Random(7)
    rows = []
    for index in range(days * 1440 // step):
        day = index * step / 1440
        trend = 400 + 10 * day - 14 * max(0, day - 12)
        season = 100 * math.sin(2 * math.pi * day) + 30 * math.cos(4 * math.pi * day) + 40 * math.sin(2 * math.pi * day / 7)
        rows.append((datetime(2024, 1, 1) + timedelta(days=day), trend + season + generator.gauss(0, 5)))
    return pd.DataFrame(rows, columns=["ds", "y"])


def trace(path, segment, start, days, step):
    frame = pd.read_csv(path)
    frame = frame[frame.segment == segment]
    series = pd.Series(frame.load.values, index=pd.to_datetime(frame.timestamp).dt.tz_localize(None))
    series = series.resample(f"{step}min").mean()
    series = series[start:][: days * 1440 // step]
    return pd.DataFrame({"ds": series.index, "y": series.values})


def forecast(frame, step, periods):
    begin = time.perf_counter()
    model = Prophet(uncertainty_samples=0)
    model.fit(frame)
    seconds = time.perf_counter() - begin
    future = model.make_future_dataframe(periods=periods, freq=f"{step}min", include_history=True)
    begin = time.perf_counter()
    said = model.predict(future)
    return said[["ds", "yhat"]].merge(frame, on="ds", how="left"), seconds, time.perf_counter() - begin


def write(path, tables):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["series", "timestamp", "y", "yhat"])
        for name, table in tables:
            for row in table.itertuples():
                y = "" if math.isnan(row.y) else f"{row.y:.4f}"
                writer.writerow([name, row.ds.strftime("%Y-%m-%dT%H:%M:%SZ"), y, f"{row.yhat:.4f}"])


def main():
    logging.getLogger("cmdstanpy").setLevel(logging.WARNING)
    kind, out = sys.argv[1:3]
    if kind == "golden":
        step = 60
        frames = [("synthetic", synthetic(step=step)), ("worldcup98", trace(WORLD_CUP, "site", "1998-06-01", 21, step))]
    else:
        step = int(sys.argv[3])
        frames = [("synthetic", synthetic(step=step))]
        for path, segment, start, days in zip(*[iter(sys.argv[4:])] * 4):
            frames.append((segment, trace(path, segment, start, int(days), step)))
    tables = []
    for name, frame in frames:
        table, fit, predict = forecast(frame, step, 2 * 1440 // step)
        print(f"{name}: {len(frame)} points, fit {fit:.3f} s, predict {predict:.3f} s", file=sys.stderr)
        tables.append((name, table))
    write(out, tables)


if __name__ == "__main__":
    main()
