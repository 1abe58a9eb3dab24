package inbounds.lib.clock_test

import data.inbounds.lib.clock

test_now_is_whole_seconds if {
	every nanoseconds, seconds in {
		"0": 0,
		"999999999": 0,
		"1000000000": 1,
		"1800000000000000000": 1800000000,
		"1800000000999999999": 1800000000,
		"9007199254740991000000000": 9007199254740991,
	} {
		clock.now == seconds with time.now_ns as to_number(nanoseconds)
	}
}

test_now_is_the_time_of_the_engine if {
	clock.now == floor(time.now_ns() / 1000000000)
	clock.now > 1700000000
}
