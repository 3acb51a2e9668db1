# SPDX-License-Identifier: Apache-2.0
# What tests/live/fault.sh runs programs under.

# In LIVE_TOOLS (live.mk).

$(BUILD)/tests/fault/inject: tests/fault/inject.c tests/fault/mark.h tests/lib/tracee.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -static -o $@ $<

$(BUILD)/tests/fault/mark.so: tests/fault/mark.c tests/fault/mark.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O1 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden -o $@ $< -lpam
