"""What programs load of the SDK: the README's first program, and one call through OPA."""

from __future__ import annotations

from tests.closure import PAGE, closures, table


def test_no_program_loads_more_than_it_may():
    measured = closures()
    over = [
        f"{each.program} loads {len(each.lines)} files and {sum(each.lines.values())} lines; "
        f"it may load {each.most_files} and {each.most_lines}"
        for each in measured
        if not each.is_within_bounds
    ]
    assert over == []
    assert table(measured) in PAGE.read_text("utf-8"), "run `make closure`"
