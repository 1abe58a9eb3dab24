"""What the SDK looks for in a text before the policy is asked takes time in proportion to the text.

A test that took its square or cube would not end in the time that a fast test has.
"""

import pytest

from inbounds.canonical.code_hosts import hosts
from inbounds.provenance.destinations import has_scheme, names_host, names_host_within

SIGNS = ["@", "(", "@:", "a@", ":/", "a", "a_", "a.", "x:", "[", "\t@", "ü@", "9", "-a:"]


@pytest.mark.parametrize("end", ["", "://", "://evil.example", "@evil.example:", "!"])
@pytest.mark.parametrize("signs", SIGNS)
def test_it_takes_time_in_proportion_to_the_text(signs, end):
    text = signs * (60_000 // len(signs)) + end
    for looked_for in (names_host, names_host_within, has_scheme, hosts):
        looked_for(text)
