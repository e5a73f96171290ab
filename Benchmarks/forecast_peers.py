#!/usr/bin/env python3
"""Well-known forecasters on the origins of `foreshard evaluate`, scored beside it.

    foreshard evaluate --trace TRACE.csv --out DIR
    Benchmarks/forecast_peers.py TRACE.csv STEP_SECONDS DIR [--peers spar,prophet,mstl,lstm] [--segments N]
    Benchmarks/forecast_peers.py TRACE.csv STEP_SECONDS DIR --peers none        # only the table

Needs `pip install numpy pandas prophet statsforecast torch`; a peer whose package is missing is left out with a word. Every
peer learns from at most 28 days, anew each day (the LSTM goes on), and forecasts from every origin at which `combined`
spoke. Results are added to DIR/peers.csv, in the columns of forecasts.csv; what is there already is not done again.

  spar     as P-Store has it: 7 days, the last 30 minutes (6 steps where steps are longer), least squares for each step
           ahead; quantiles from its own misses of the 7 days before, in the scale of the load ("rolling residuals")
  kernel   as QB5000 has it for rare spikes: pasts alike (two hours, the same time a day and a week before; logarithms)
           count by their distance; quantiles of what came after them
  prophet  the package with its defaults, not below zero, quantiles of 1,000 predictive samples
  mstl     statsforecast: the seasons of MSTL (day, and week where there are two) made daily, and its AutoETS without
           season going on from every origin; normal quantiles
  lstm     PyTorch: one network for all segments, two layers of 40 units over 48 steps of load, lags of a day and a week
           and the time; all quantiles of all steps ahead at once

Figures are those of `foreshard evaluate`: WAPE of the median, pinball loss over mean load, coverage and width of the 90 %
interval at the farthest step, share below the 95 % bound there; medians over the segments.
"""
import argparse
import csv
import logging
import math
import os
import sys
import time
import warnings
from collections import defaultdict
from datetime import datetime, timezone

import numpy as np

LEVELS = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
COLUMNS = ["q05", "q10", "q25", "q50", "q75", "q90", "q95", "q99"]
DAY = 86400
HISTORY_DAYS = 28


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp())


def shown(at):
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Series:
    """Mean loads on the grid of `step`; NaN where any reading of a step is missing."""

    def __init__(self, readings, step):
        own = min((b[0] - a[0] for a, b in zip(readings, readings[1:])), default=step)
        self.step, self.start = step, readings[0][0] // step * step
        count = (readings[-1][0] - self.start) // step + 1
        sums, seen = np.zeros(count), np.zeros(count)
        for at, load in readings:
            if load is not None:
                sums[(at - self.start) // step] += load
                seen[(at - self.start) // step] += 1
        self.values = np.where(seen * own >= step, sums / np.maximum(seen, 1), np.nan)

    def index(self, at):
        return (at - self.start) // self.step

    def before(self, at):
        """The loads that were known at `at`, of 28 days at most."""
        end = self.index(at)
        return self.values[max(0, end - HISTORY_DAYS * DAY // self.step):end]


def filled(values, day):
    """Gaps closed by the load a day before, else by the last one."""
    values = values.copy()
    for i in np.flatnonzero(np.isnan(values)):
        values[i] = values[i - day] if i >= day else (values[i - 1] if i else 0)
    return np.nan_to_num(values)


class Spar:
    """Sparse periodic auto-regression."""

    def __init__(self, series, horizon):
        self.series, self.horizon, self.day = series, horizon, DAY // series.step
        self.recent = max(6, 1800 // series.step) if series.step >= 300 else 1800 // series.step
        self.misses = [[] for _ in range(horizon)]
        self.pending = []

    def rows(self, values, origins, ahead, days):
        """`values` are loads; an origin is the index after the last known one."""
        targets = origins + ahead
        columns = [np.ones(len(origins))]
        columns += [values[targets - k * self.day] for k in range(1, days + 1)]
        for back in range(1, self.recent + 1):
            at = origins - back
            usual = sum(values[at - k * self.day] for k in range(1, days + 1)) / days
            columns.append(values[at] - usual)
        return np.stack(columns, 1)

    def learn(self, origin):
        raw = self.series.before(origin)
        values = filled(raw, self.day)
        self.days = min(7, int(len(values) / self.day / 2))
        self.fits = None
        if self.days < 1:
            return
        first = self.days * self.day + self.recent
        self.fits = []
        for ahead in range(self.horizon):
            origins = np.arange(first, len(values) - ahead)
            taught = ~np.isnan(raw[origins + ahead])
            x, y = self.rows(values, origins[taught], ahead, self.days), raw[origins[taught] + ahead]
            gram = x.T @ x
            gram[np.diag_indices_from(gram)] += 1e-6 * np.trace(gram) / len(gram)
            self.fits.append(np.linalg.solve(gram, x.T @ y))
            if not self.misses[ahead]:
                self.misses[ahead] = [(0, miss) for miss in (y - x @ self.fits[-1])[-7 * self.day::12]]

    def path(self, origin):
        self.settle(origin)
        values = filled(self.series.before(origin), self.day)
        if self.fits is None or len(values) < self.days * self.day + self.recent:
            return None
        padded = np.concatenate([values, np.zeros(self.horizon)])
        at = np.array([len(values)])
        points = [max(0, float((self.rows(padded, at, a, self.days) @ self.fits[a])[0])) for a in range(self.horizon)]
        self.pending.append((origin, points))
        return [[max(0, p + np.quantile([m for _, m in self.misses[a]], q)) for q in LEVELS] for a, p in enumerate(points)]

    def settle(self, now):
        known, step = self.series.index(now), self.series.step
        still = []
        for origin, points in self.pending:
            if self.series.index(origin) + self.horizon > known:
                still.append((origin, points))
                continue
            for ahead, point in enumerate(points):
                seen = self.series.values[self.series.index(origin) + ahead]
                if not math.isnan(seen):
                    self.misses[ahead].append((origin, seen - point))
        self.pending = still
        oldest = now - 7 * DAY
        for ahead, misses in enumerate(self.misses):
            recent = [m for m in misses if m[0] >= oldest]
            self.misses[ahead] = recent if len(recent) >= 100 else misses


class Kernel:
    """Kernel regression, as QB5000 has it for spikes."""

    def __init__(self, series, horizon):
        self.series, self.horizon, self.day = series, horizon, DAY // series.step
        self.back = max(6, 7200 // series.step)

    def features(self, logs, ends):
        """The last two hours, and the hours around the same time a week and a day before."""
        columns = [logs[ends - k] for k in range(1, self.back + 1)]
        for lag in (self.day, 7 * self.day):
            columns += [logs[np.maximum(0, ends - lag + k)] for k in range(0, self.horizon, max(1, self.horizon // 4))]
        return np.stack(columns, 1)

    def learn(self, origin):
        values = filled(self.series.before(origin), self.day)
        logs = np.log1p(values / max(1e-9, np.mean(values)))
        first = min(7 * self.day, len(values) // 2) + self.back
        ends = np.arange(first, len(values) - self.horizon)
        self.x = None
        if len(ends) < self.day:
            return
        self.x, self.mean = self.features(logs, ends), max(1e-9, np.mean(values))
        self.y = np.stack([logs[ends + k] for k in range(self.horizon)], 1)
        sample = self.x[:: max(1, len(self.x) // 300)]
        distance = np.sort(((sample[:, None] - sample[None]) ** 2).sum(2), 1)
        self.width = np.median(distance[:, 4]) + 1e-9

    def path(self, origin):
        if self.x is None:
            return None
        values = filled(self.series.before(origin), self.day)
        logs = np.log1p(values / self.mean)
        x = self.features(np.concatenate([logs, np.repeat(logs[-1], self.horizon)]), np.array([len(logs)]))
        distance = ((self.x - x) ** 2).sum(1)
        weights = np.exp(-(distance - distance.min()) / self.width)
        weights /= weights.sum()
        path = []
        for ahead in range(self.horizon):
            order = np.argsort(self.y[:, ahead])
            reached = np.cumsum(weights[order])
            chosen = [order[min(len(order) - 1, np.searchsorted(reached, q))] for q in LEVELS]
            path.append([float(np.expm1(self.y[c, ahead]) * self.mean) for c in chosen])
        return path


class Prophet:
    def __init__(self, series, horizon):
        import pandas
        import prophet

        logging.getLogger("cmdstanpy").disabled = True
        logging.getLogger("prophet").disabled = True
        self.pandas, self.package, self.series, self.horizon = pandas, prophet, series, horizon

    def learn(self, origin):
        values, step = self.series.before(origin), self.series.step
        start = origin - len(values) * step
        frame = self.pandas.DataFrame({"ds": self.pandas.to_datetime([start + i * step for i in range(len(values))], unit="s"), "y": values})
        model = self.package.Prophet()
        model.fit(frame)
        count = (DAY // step) + self.horizon
        future = self.pandas.DataFrame({"ds": self.pandas.to_datetime([origin + i * step for i in range(count)], unit="s")})
        np.random.seed(1)
        samples = model.predictive_samples(future)["yhat"]
        self.first, self.quantiles = origin, np.maximum(0, np.quantile(samples, LEVELS, axis=1).T)

    def path(self, origin):
        at = (origin - self.first) // self.series.step
        return self.quantiles[at:at + self.horizon].tolist()


class Mstl:
    def __init__(self, series, horizon):
        from statsforecast.models import MSTL, AutoETS

        self.make = lambda seasons: MSTL(season_length=seasons, trend_forecaster=AutoETS(model="ZZN"))
        self.series, self.horizon, self.day = series, horizon, DAY // series.step

    def learn(self, origin):
        """The seasons are made once a day; the trend goes on from every origin."""
        values = filled(self.series.before(origin), self.day)
        self.first = origin
        self.seasons = [s for s in (self.day, 7 * self.day) if len(values) >= 2 * s]
        if not self.seasons:
            return
        model = self.make(self.seasons).fit(values)
        parts = model.model_
        columns = [c for c in parts.columns if c.startswith("seasonal")]
        count = len(values) + self.day + self.horizon
        self.season = np.zeros(count)
        for column, period in zip(columns, self.seasons):
            part = parts[column].to_numpy()
            self.season[:len(part)] += part
            self.season[len(part):] += np.resize(part[-period:], count - len(part))
        self.trend, self.length = model.trend_forecaster, len(values)

    def path(self, origin):
        if not self.seasons:
            return None
        step = self.series.step
        passed = (origin - self.first) // step
        known = self.length + passed
        start = self.series.index(self.first) - self.length
        values = filled(self.series.values[start:start + known], self.day)[-14 * self.day:]
        said = self.trend.forward(values - self.season[known - len(values):known], self.horizon, level=[50, 80, 90, 98])
        columns = ["lo-90", "lo-80", "lo-50", "mean", "hi-50", "hi-80", "hi-90", "hi-98"]
        ahead = self.season[known:known + self.horizon]
        return np.maximum(0, np.stack([np.asarray(said[c]) + ahead for c in columns], 1)).tolist()


class Lstm:
    """One for all segments, hence with an interface of its own."""

    CONTEXT, UNITS = 48, 40

    def __init__(self, all_series, horizon):
        import torch

        torch.manual_seed(1)
        torch.set_num_threads(1)
        self.torch, self.horizon, self.all = torch, horizon, all_series
        step = next(iter(all_series.values())).step
        self.step, self.day = step, DAY // step
        self.encoder = torch.nn.LSTM(7, self.UNITS, 2, batch_first=True)
        self.head = torch.nn.Sequential(torch.nn.Linear(self.UNITS + 7, 64), torch.nn.ReLU(), torch.nn.Linear(64, len(LEVELS)))
        self.levels = torch.tensor(LEVELS)
        self.random = np.random.default_rng(1)
        self.trained_at = None
        self.logs = {name: np.log1p(np.nan_to_num(series.values)) for name, series in all_series.items()}

    def parameters(self):
        return list(self.encoder.parameters()) + list(self.head.parameters())

    def window(self, name, origin):
        """What is known at the index `origin` (after the last known): past steps and the steps ahead."""
        logs, series, n = self.logs[name], self.all[name], self.CONTEXT
        base = logs[origin - 1]

        def lagged(steps, lag):
            at = steps - lag
            known = (at >= 0) & (at < origin)
            return np.where(known, logs[np.clip(at, 0, len(logs) - 1)] - base, 0), known.astype(float)

        def features(steps, own):
            day_before, there = lagged(steps, self.day)
            week_before, there_too = lagged(steps, 7 * self.day)
            angle = 2 * np.pi * ((series.start + steps * self.step) % DAY) / DAY
            weekday = ((series.start + steps * self.step) // DAY + 3) % 7 / 7
            return np.stack([own, day_before * there, there, week_before * there_too, np.sin(angle), np.cos(angle), weekday], 1)

        past = np.arange(origin - n, origin)
        ahead = np.arange(origin, origin + self.horizon)
        return features(past, logs[past] - base), features(ahead, np.linspace(0, 1, self.horizon)), base

    def answer(self, pasts, aheads):
        torch = self.torch
        pasts = torch.tensor(np.array(pasts), dtype=torch.float32).clamp(-10, 10)
        aheads = torch.tensor(np.array(aheads), dtype=torch.float32).clamp(-10, 10)
        state = self.encoder(pasts)[0][:, -1:, :].expand(-1, self.horizon, -1)
        return self.head(torch.cat([state, aheads], 2))

    def learn(self, now):
        """`now` in seconds; all segments up to then."""
        torch, batches = self.torch, 150 if self.trained_at else 1200
        self.trained_at = now
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3 if batches == 150 else 3e-3, weight_decay=1e-6)
        spans = []
        for name, series in self.all.items():
            end = min(series.index(now), len(series.values))
            first = max(self.CONTEXT, end - HISTORY_DAYS * self.day)
            if end - self.horizon > first + self.day:
                spans.append((name, first, end - self.horizon))
        for _ in range(batches if spans else 0):
            chosen = [spans[self.random.integers(len(spans))] for _ in range(64)]
            windows, targets = [], []
            for name, first, last in chosen:
                origin = int(self.random.integers(first, last))
                windows.append(self.window(name, origin))
                seen = self.all[name].values[origin:origin + self.horizon]
                targets.append(np.where(np.isnan(seen), np.nan, np.log1p(np.nan_to_num(seen)) - windows[-1][2]))
            answers = self.answer([w[0] for w in windows], [w[1] for w in windows])
            targets = torch.tensor(np.array(targets), dtype=torch.float32)
            there = ~torch.isnan(targets)
            miss = torch.nan_to_num(targets).unsqueeze(2) - answers
            loss = (torch.maximum(self.levels * miss, (self.levels - 1) * miss).mean(2) * there).sum() / there.sum().clamp(min=1)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters(), 1)
            optimizer.step()

    def path(self, name, at):
        origin = self.all[name].index(at)
        if origin < self.CONTEXT:
            return None
        past, ahead, base = self.window(name, origin)
        with self.torch.no_grad():
            answer = self.answer([past], [ahead])[0].numpy()
        return np.maximum(0, np.expm1(np.sort(answer, 1) + base)).tolist()


def own_peer(make, series, origins, horizon):
    """Each segment by itself, learned anew each day."""
    for segment, times in origins.items():
        try:
            peer = make(series[segment], horizon)
        except ImportError as error:
            print(f"left out, {error.name} is not installed", file=sys.stderr)
            return
        learned = None
        for origin in times:
            if learned is None or origin - learned >= DAY:
                peer.learn(origin)
                learned = origin
            path = peer.path(origin)
            if path is not None:
                yield segment, origin, path


def global_peer(make, series, origins, horizon):
    try:
        peer = make(series, horizon)
    except ImportError as error:
        print(f"left out, {error.name} is not installed", file=sys.stderr)
        return
    times = sorted((origin, segment) for segment, all_times in origins.items() for origin in all_times)
    for origin, segment in times:
        if peer.trained_at is None or origin - peer.trained_at >= DAY:
            peer.learn(origin)
        path = peer.path(segment, origin)
        if path is not None:
            yield segment, origin, path


PEERS = {
    "spar": (own_peer, Spar), "kernel": (own_peer, Kernel), "prophet": (own_peer, Prophet), "mstl": (own_peer, Mstl),
    "lstm": (global_peer, Lstm),
}


def read_rows(path, prefix=""):
    """Quantile rows by (segment, model) and origin, in the order of the steps."""
    rows = defaultdict(lambda: defaultdict(list))
    for row in csv.DictReader(open(path, newline="")):
        values = [float(row[c]) for c in COLUMNS]
        rows[row["segment"], prefix + row["model"]][seconds(row["origin"])].append((seconds(row["timestamp"]), values))
    return rows


def pinball(seen, level, quantile):
    return level * (seen - quantile) if seen >= quantile else (1 - level) * (quantile - seen)


def score(series, paths):
    """On these origins of one segment and model."""
    error = total = count = 0
    losses = {0.9: 0.0, 0.95: 0.0}
    last = []
    for path in paths:
        for place, (at, q) in enumerate(path):
            index = series.index(at)
            if not 0 <= index < len(series.values) or math.isnan(series.values[index]):
                continue
            seen = series.values[index]
            error, total, count = error + abs(seen - q[3]), total + seen, count + 1
            losses[0.9] += pinball(seen, 0.9, q[5])
            losses[0.95] += pinball(seen, 0.95, q[6])
            if place == len(path) - 1:
                last.append((q[0] <= seen <= q[6], seen <= q[6], q[6] - q[0], seen))
    if not total or not last:
        return None
    last = np.array(last, float)
    return [100 * error / total, losses[0.9] / total, losses[0.95] / total, 100 * last[:, 0].mean(), 100 * last[:, 1].mean(), last[:, 2].mean() / max(last[:, 3].mean(), 1e-12)]


def table(series, rows):
    """Of the origins from which every model spoke; a model that left a segment out is held against none of it."""
    figures = defaultdict(list)
    for segment in series:
        own = {model: paths for (name, model), paths in rows.items() if name == segment}
        if not own:
            continue
        common = set.intersection(*(set(paths) for paths in own.values()))
        for model, paths in own.items():
            scored = score(series[segment], [paths[origin] for origin in sorted(common)])
            if scored:
                figures[model].append(scored)
    print(f"{'model':<14}{'segments':>9}{'WAPE %':>9}{'pinball .9':>12}{'.95':>9}{'in 90 %':>9}{'below 95 %':>12}{'width':>8}")
    for model, scores in sorted(figures.items(), key=lambda item: np.median([s[0] for s in item[1]])):
        middle = np.median(np.array(scores), axis=0)
        print(f"{model:<14}{len(scores):>9}{middle[0]:>9.2f}{middle[1]:>12.4f}{middle[2]:>9.4f}{middle[3]:>9.1f}{middle[4]:>12.1f}{middle[5]:>8.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace"), parser.add_argument("step", type=int), parser.add_argument("out")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--segments", type=int, help="only the first so many")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    readings = defaultdict(list)
    for row in csv.DictReader(open(options.trace, newline="")):
        readings[row["segment"]].append((seconds(row["timestamp"]), float(row["load"]) if row["load"] else None))
    rows = read_rows(options.out + "/forecasts.csv")
    segments = sorted({segment for segment, _ in rows})[:options.segments]
    series = {segment: Series(readings[segment], options.step) for segment in segments}
    origins = {segment: sorted(rows[segment, "combined"]) for segment in segments}
    horizon = len(next(iter(rows[segments[0], "combined"].values())))
    path = options.out + "/peers.csv"
    done = {model for _, model in read_rows(path)} if os.path.exists(path) else set()
    for name in options.peers.split(",") if options.peers != "none" else []:
        if name not in PEERS:
            parser.error(f"there is no peer {name}; there are {', '.join(PEERS)}")
        if name in done:
            continue
        run, make = PEERS[name]
        begin, paths = time.process_time(), list(run(make, series, origins, horizon))
        if not paths:
            continue
        is_new = not os.path.exists(path)
        with open(path, "a", newline="") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(["origin", "segment", "timestamp", "model", "mean"] + COLUMNS)
            for segment, origin, steps in paths:
                for ahead, values in enumerate(steps):
                    at = origin + ahead * options.step
                    writer.writerow([shown(origin), segment, shown(at), name, "", *(f"{v:.6g}" for v in values)])
        print(f"{name}: {len(paths)} paths, {time.process_time() - begin:.0f} s of processor time", file=sys.stderr)
    if os.path.exists(path):
        for (segment, model), paths in read_rows(path, "peer ").items():
            if segment in series:
                rows[segment, model] = paths
    table(series, {key: paths for key, paths in rows.items() if key[0] in series})


main()
