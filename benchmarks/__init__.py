"""What the tool costs, as ratios measured in one run: `python -m benchmarks.NAME`."""
