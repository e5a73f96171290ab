#!/usr/bin/env python3
"""Reads one generated log with Foreshard's importer and with pgBadger, in turns, and prints megabytes a second of
processor time (all processes of each, so that other work on the machine does not count) and the ratio of the two.

Both parse every entry, its duration, statement and parameters. Foreshard also analyses each statement and finds its
segment; pgBadger normalises statements and ranks them (its output is a file that it writes in its own binary form).

    scripts/build --product ImportBenchmark && python3 Benchmarks/import_vs_pgbadger.py [MEGABYTES]
"""
import os
import resource
import statistics
import subprocess
import sys
import tempfile

BENCH = os.path.join(os.path.dirname(__file__), "..", ".build", "release", "ImportBenchmark")
BENCH = os.environ.get("IMPORT_BENCHMARK", BENCH)
RUNS = 3
FORMATS = [
    ("csvlog", ["-f", "csv"]),
    ("stderr", ["-f", "stderr", "-p", "%m [%p] %u@%d "]),
    ("jsonlog", ["-f", "jsonlog"]),
]


def cpu_seconds(command):
    """The processor time of a command and of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {result.stderr or result.stdout}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, result.stdout


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    version = subprocess.run(["pgbadger", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{megabytes} MB a log, median of {RUNS} runs in turns, {version}, one process each")
    print("format     foreshard MB/s   pgBadger MB/s   ratio   foreshard, resident MB")
    with tempfile.TemporaryDirectory() as directory:
        for name, options in FORMATS:
            path = os.path.join(directory, "shop." + name)
            subprocess.run([BENCH, "make", name, path, str(megabytes)], check=True)
            size = os.path.getsize(path) / 1e6
            ours, theirs, resident = [], [], "-"
            for _ in range(RUNS):
                seconds, output = cpu_seconds([BENCH, "read", path])
                resident = output.split(" MB resident")[0].split()[-1]
                ours.append(size / seconds)
                seconds, _ = cpu_seconds(
                    ["pgbadger", "-q", "-j", "1", *options, "-x", "binary", "-o", os.path.join(directory, "out.bin"), path])
                theirs.append(size / seconds)
            a, b = statistics.median(ours), statistics.median(theirs)
            print(f"{name:<10}{a:15.1f}{b:16.2f}{a / b:8.0f}{resident:>25}")
            os.remove(path)


main()
