"""What a decision costs, measured beside what it cannot do without."""
