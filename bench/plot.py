#!/usr/bin/python3
"""Plots what `kith sim route --json` measured: hops, stretch, sessions, agreement over the nodes.

Beside hops and stretch stand the ideal tables of the yardstick: 16 contacts a bucket, spread one
per 4-bit sub-prefix and near in latency, and plain Kademlia with k = 20 (contacts at random).

    kith sim route --nodes 1000 --json > 1000.json
    bench/plot.py 1000.json 2000.json 5000.json -o routes.png
"""

import argparse
import json
import sys

# Nodes: hops, stretch (ratio of sums) on wonder-home, computed from ideal tables.
SPREAD_16 = {1_000: (1.90, 1.22), 10_000: (2.51, 1.36), 100_000: (3.02, 1.41)}
KADEMLIA_20 = {1_000: (1.93, 1.94), 10_000: (2.53, 2.54), 100_000: (3.11, 3.11)}


def read_results(paths):
    """Every result in the files: one object each, a list, or one object a line."""
    results = []
    for path in paths:
        with sys.stdin if path == "-" else open(path, encoding="utf-8") as file:
            text = file.read()
        try:
            parsed = json.loads(text)
        except json.JSONDecodeError:
            parsed = [json.loads(line) for line in text.splitlines() if line.strip()]
        results += parsed if isinstance(parsed, list) else [parsed]
    for result in results:
        for key in ("nodes", "hops", "stretch", "sessions", "agreement"):
            if key not in result:
                sys.exit(f"plot.py: a result has no '{key}': is it from `kith sim route --json`?")
    return sorted(results, key=lambda result: result["nodes"])


def draw(results):
    """The figure of the four panels."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        sys.exit("plot.py: needs matplotlib: apt-get install python3-matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 2, figsize=(11, 9), sharex=True)
    (hops, stretch), (sessions, agreement) = panels
    nodes = [result["nodes"] for result in results]

    hops.plot(nodes, [result["hops"]["mean"] for result in results], "o-", label="kith, mean")
    hops.plot(nodes, [result["hops"]["p99"] for result in results], "^:", label="kith, p99")
    stretch.plot(nodes, [result["stretch"]["mean"] for result in results], "o-", label="kith")
    for table, label, style in (
        (SPREAD_16, "ideal, 16 spread", "--"),
        (KADEMLIA_20, "ideal Kademlia, k = 20", "-."),
    ):
        hops.plot(list(table), [value[0] for value in table.values()], style, label=label)
        stretch.plot(list(table), [value[1] for value in table.values()], style, label=label)
    for key, label, style in (("mean", "kith, mean", "o-"), ("p99", "kith, p99", "^:")):
        sessions.plot(nodes, [result["sessions"][key] for result in results], style, label=label)
    agreement.plot(nodes, [result["agreement"] for result in results], "o-", label="kith")

    for axes, title in (
        (hops, "hops to the coordinator"),
        (stretch, "latency stretch"),
        (sessions, "sessions of a node"),
        (agreement, "share that ended at the closest node"),
    ):
        axes.set_xscale("log")
        axes.set_xlabel("nodes")
        axes.set_title(title)
        axes.set_ylim(bottom=0)
        axes.grid(True, which="both", alpha=0.3)
        axes.legend()
    figure.tight_layout()
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", help="JSON of `kith sim route --json`; - for stdin")
    parser.add_argument("-o", "--output", default="routes.png", help="the image to write")
    arguments = parser.parse_args()
    draw(read_results(arguments.results)).savefig(arguments.output, dpi=150)
    print(arguments.output)


if __name__ == "__main__":
    main()
