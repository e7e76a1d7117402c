"""Draws a few stored results with `bench/plot.py`."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "bench" / "plot.py"
RESULTS = HERE / "routes.json"


def load_plot():
    spec = importlib.util.spec_from_file_location("plot", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Plot(unittest.TestCase):
    def test_shows_every_result_in_four_panels(self):
        plot = load_plot()
        figure = plot.draw(plot.read_results([RESULTS]))
        shown = [axes.lines[0].get_data() for axes in figure.axes]
        self.assertEqual([list(nodes) for nodes, _ in shown], [[100, 240]] * 4)
        self.assertEqual(
            [list(values) for _, values in shown], [[1.1, 1.4], [1.0, 1.1], [60.5, 80.5], [0.5, 1]]
        )

    def test_writes_an_image(self):
        with tempfile.TemporaryDirectory() as folder:
            image = pathlib.Path(folder) / "routes.png"
            subprocess.run([sys.executable, PROGRAM, RESULTS, "-o", image], check=True)
            self.assertTrue(image.read_bytes().startswith(b"\x89PNG"))


if __name__ == "__main__":
    if importlib.util.find_spec("matplotlib") is None:
        sys.exit(77)
    # Where matplotlib keeps its list of fonts: not in the home of whoever runs the tests.
    with tempfile.TemporaryDirectory() as cache:
        os.environ["MPLCONFIGDIR"] = cache
        unittest.main()
