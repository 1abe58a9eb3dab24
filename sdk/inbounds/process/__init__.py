"""What a process has: its clock, ids, locks and threads."""
