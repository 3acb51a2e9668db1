// SPDX-License-Identifier: Apache-2.0
/* See fold.h. */
#include "ctl/print/fold.h"

#include <string.h>

#define NARROW 16 /* a text is folded to that at the least */
#define LONG 60 /* a sentence: below READABLE it would be a tower */
#define READABLE 32
#define BESIDE_MOST 30 /* of a text that shares a line with others, where there are several lines */

static size_t least_of(const struct ctl_fold_column *c)
{
	size_t least = c->natural > LONG ? READABLE : NARROW;

	if (c->number || c->natural <= least)
		return c->natural;
	return c->title > least ? c->title : least;
}

static size_t total(const struct ctl_fold *f)
{
	size_t sum = 0;

	for (size_t i = 0; i < f->columns; i++)
		sum += f->width[i] + (i > 0 ? CTL_FOLD_GAP : 0);
	return sum;
}

/* The widest gives way first. False when all are as narrow as they may be, and it is still too much. */
static bool shrink(struct ctl_fold *f, const struct ctl_fold_column *column, size_t screen)
{
	while (total(f) > screen) {
		size_t widest = f->columns;

		for (size_t i = 0; i < f->columns; i++)
			if (f->width[i] > least_of(&column[i]) &&
			    (widest == f->columns || f->width[i] > f->width[widest]))
				widest = i;
		if (widest == f->columns)
			return false;
		f->width[widest]--;
	}
	return true;
}

/* What a line has left goes to its folded texts. */
static void widen(struct ctl_fold *f, const struct ctl_fold_column *column, size_t band, size_t screen)
{
	size_t used = band > 0 ? CTL_FOLD_INDENT : 0, n = 0;

	for (size_t i = 0; i < f->columns; i++)
		if (f->band[i] == band)
			used += f->width[i] + (n++ > 0 ? CTL_FOLD_GAP : 0);
	for (size_t i = 0; i < f->columns && used < screen; i++) {
		size_t wanted =
			f->band[i] == band && column[i].natural > f->width[i] ? column[i].natural - f->width[i] : 0;

		if (wanted > screen - used)
			wanted = screen - used;
		f->width[i] += wanted;
		used += wanted;
	}
}

static void put_in_bands(struct ctl_fold *f, const struct ctl_fold_column *column, size_t screen)
{
	size_t most = screen > 2 * CTL_FOLD_INDENT ? screen - CTL_FOLD_INDENT : CTL_FOLD_INDENT, used = 0;

	f->bands = 1;
	for (size_t i = 0; i < f->columns; i++) {
		size_t beside = column[i].natural > LONG ? most : BESIDE_MOST;

		f->width[i] = column[i].natural;
		if (!column[i].number && f->width[i] > beside)
			f->width[i] = beside > column[i].title ? beside : column[i].title;
		if (f->width[i] > most)
			f->width[i] = most;
		if (used > 0 && used + CTL_FOLD_GAP + f->width[i] > screen) {
			f->bands++;
			used = CTL_FOLD_INDENT + f->width[i];
		} else {
			used += f->width[i] + (used > 0 ? CTL_FOLD_GAP : 0);
		}
		f->band[i] = f->bands - 1;
	}
	for (size_t band = 0; band < f->bands; band++)
		widen(f, column, band, screen);
}

void ctl_fold_plan(struct ctl_fold *f, const struct ctl_fold_column *column, size_t columns, size_t screen)
{
	*f = (struct ctl_fold){.columns = columns < CTL_FOLD_COLUMNS ? columns : CTL_FOLD_COLUMNS, .bands = 1};
	for (size_t i = 0; i < f->columns; i++)
		f->width[i] = column[i].natural;
	if (screen > 0 && !shrink(f, column, screen))
		put_in_bands(f, column, screen);
}

size_t ctl_fold_take(const char *text, size_t width, size_t *ret_skip)
{
	size_t len = strlen(text), at = width;

	*ret_skip = 0;
	if (len <= width)
		return len;
	while (at > 0 && text[at] != ' ')
		at--;
	while (at > 0 && text[at - 1] == ' ')
		at--;
	if (at > 0) {
		*ret_skip = strspn(text + at, " ");
		return at;
	}
	for (at = width; at > width / 2; at--)
		if (strchr("/,;:", text[at - 1]))
			return at;
	for (at = width; at > 1 && ((unsigned char)text[at] & 0xc0) == 0x80; at--)
		;
	return at > 0 ? at : 1;
}
