"""What a decision costs, counted where the machine does not show: see `python -m bench.cost`."""
