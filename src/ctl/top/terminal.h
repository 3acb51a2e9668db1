// SPDX-License-Identifier: Apache-2.0
/*
 * The terminal of a program that uses the whole screen: taken, and given back as it was however the program ends.
 *
 * Runs in: carrelctl. One for the process, since signal handlers have no argument.
 * Source: termios(3), console_codes(4).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/scope.h"

/*
 * Switch to the alternate screen, keys without echo and without waiting for a line; give it all back on each signal
 * that ends or stops the process, and take it again when it goes on.
 * Returns 0 or -errno of tcgetattr(3) and tcsetattr(3).
 */
int ctl_terminal_take(void) CRL_MUST_CHECK;
void ctl_terminal_give_back(void);

/* Columns and lines of standard output; 80 and 24 when it does not tell. */
void ctl_terminal_size(int *ret_columns, int *ret_lines);

enum {
	CTL_TERMINAL_INPUT = 1, /* read(2) does not wait */
	CTL_TERMINAL_CHANGED = 2 /* it may have another size now, or show something else */
};

/* Wait for either for @ms milliseconds at most. Returns a set of them. */
int ctl_terminal_wait(int ms);

/* Keys that were pressed before now are not to count. */
void ctl_terminal_forget_input(void);

/* Returns 0, or -errno: the terminal is gone. */
int ctl_terminal_write(const char *bytes, size_t len) CRL_MUST_CHECK;
