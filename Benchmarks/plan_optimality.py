#!/usr/bin/env python3
"""How far the controller's placements are from the cheapest ones.

    scripts/build --product PlanBenchmark
    .build/release/PlanBenchmark --optimality 200 | python3 Benchmarks/plan_optimality.py

Each line of the input is a small cluster with certain, constant loads, and what the controller made of it. The optimum is
that of an integer programme, solved exactly by HiGHS: every segment at its home or on a contingent instance; a home that
was over its threshold ends under its target, any other under its threshold; a contingent instance under its target; the
price is that of the instances for the horizon's hours and of the moves. Needs scipy.
"""
import json
import statistics
import sys
from collections import defaultdict

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp


def optimum(case):
    """The lowest price, or None when no placement keeps the limits."""
    homes = [i for i in case["instances"] if i["isHome"]]
    pool = [i for i in case["instances"] if not i["isHome"]]
    segments = case["segments"]
    # x[s, c]: segment s goes to pool instance c; then y[c]: c is used.
    count = len(segments) * len(pool) + len(pool)

    def x(s, c):
        return s * len(pool) + c

    def y(c):
        return len(segments) * len(pool) + c

    price = np.zeros(count)
    rows, upper = [], []
    for c, instance in enumerate(pool):
        price[y(c)] = instance["costPerHour"] * case["hours"]
        row = np.zeros(count)
        for s, segment in enumerate(segments):
            price[x(s, c)] = case["pricePerMove"]
            row[x(s, c)] = segment["load"]
        row[y(c)] = -case["target"] * instance["capacity"]
        rows.append(row)
        upper.append(0)
    for s in range(len(segments)):
        row = np.zeros(count)
        row[x(s, 0) : x(s, 0) + len(pool)] = 1
        rows.append(row)
        upper.append(1)
    for home in homes:
        own = [s for s, segment in enumerate(segments) if segment["home"] == home["id"]]
        before = sum(segments[s]["load"] for s in own)
        is_over = before > case["threshold"] * home["capacity"]
        limit = (case["target"] if is_over else case["threshold"]) * home["capacity"]
        row = np.zeros(count)
        for s in own:
            row[x(s, 0) : x(s, 0) + len(pool)] = -segments[s]["load"]
        rows.append(row)
        upper.append(limit - before)
    answer = milp(
        price,
        constraints=LinearConstraint(np.array(rows), -np.inf, np.array(upper) + 1e-9),
        integrality=np.ones(count),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    return answer.fun if answer.success else None


def paid(case):
    """What the controller's placement costs; and whether it keeps the limits."""
    cost = {i["id"]: i["costPerHour"] for i in case["instances"]}
    loads, before = defaultdict(float), defaultdict(float)
    for segment in case["segments"]:
        loads[segment["owner"]] += segment["load"]
        before[segment["home"]] += segment["load"]
    keeps = all(
        loads[i["id"]]
        <= (case["target"] if not i["isHome"] or before[i["id"]] > case["threshold"] * i["capacity"] else case["threshold"])
        * i["capacity"]
        * (1 + 1e-9)
        for i in case["instances"]
    )
    return sum(cost[i] for i in case["leased"]) * case["hours"] + case["moves"] * case["pricePerMove"], keeps


def main():
    gaps, more, broken, impossible = defaultdict(list), defaultdict(int), defaultdict(int), defaultdict(int)
    for line in sys.stdin:
        case = json.loads(line)
        best = optimum(case)
        if best is None:
            impossible[case["policy"]] += 1
            continue
        price, keeps = paid(case)
        if not keeps:
            broken[case["policy"]] += 1
            continue
        gaps[case["policy"]].append((price - best) / best)
        more[case["policy"]] += price - best > 0.5 * case["hours"]
        if "-v" in sys.argv and price > best * 1.05:
            print(case["policy"], case["seed"], round(price, 2), round(best, 2))
    print("policy     cases  mean gap  median  90 %   max   within 5 %  an instance more  limits not kept  impossible")
    for policy, found in gaps.items():
        found.sort()
        within = sum(gap <= 0.05 for gap in found) / len(found)
        print(
            f"{policy:10} {len(found):5} {statistics.mean(found):8.1%} {statistics.median(found):7.1%}"
            f" {found[int(0.9 * len(found))]:6.1%} {found[-1]:6.1%} {within:10.0%} {more[policy]:14}"
            f" {broken[policy]:16} {impossible[policy]:14}"
        )


main()
