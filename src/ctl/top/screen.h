// SPDX-License-Identifier: Apache-2.0
/* carrelctl top: a screen of characters, and the bytes that make a terminal show it. Pure. Texts are escaped here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

enum ctl_top_colour { CTL_TOP_PLAIN, CTL_TOP_GREEN, CTL_TOP_YELLOW, CTL_TOP_RED, CTL_TOP_CYAN };
#define CTL_TOP_COLOUR 0x0f
#define CTL_TOP_BOLD 0x10
#define CTL_TOP_REVERSE 0x20

struct ctl_top_screen {
	int columns;
	int lines;
	char *text; /* lines * columns, visible ASCII only */
	uint8_t *look; /* enum ctl_top_colour and flags, for each character */
};

/* Make it that large, all blank. Sizes are kept within 1..1000. Returns 0 or -ENOMEM. */
int ctl_top_screen_resize(struct ctl_top_screen *s, int columns, int lines) CRL_MUST_CHECK;
void ctl_top_screen_done(struct ctl_top_screen *s);

/*
 * Put a text, escaped, into @width characters from (@line, @column), blanks to the left of it when it is to stand to
 * the right, else behind it. What is too long is cut and ends in "+". Outside of the screen nothing happens.
 */
struct ctl_top_field {
	int line;
	int column;
	int width;
	bool right;
	uint8_t look;
};
void ctl_top_screen_put(struct ctl_top_screen *s, const struct ctl_top_field *where, const char *text);

/* Length of a text when it is escaped. */
size_t ctl_top_screen_length(const char *text);

/* Add to the look of part of a line. */
void ctl_top_screen_paint(struct ctl_top_screen *s, int line, int column, int width, uint8_t look);

/*
 * The bytes that make a terminal that shows @before show @now: only lines that differ. @before NULL, or of another
 * size: all of it.
 * @colour  false: bold and reverse only
 * Returns a text of *ret_len bytes to be freed, or NULL: out of memory.
 */
char *ctl_top_screen_encode(const struct ctl_top_screen *before, const struct ctl_top_screen *now, bool colour,
			    size_t *ret_len);
