// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as what is seen of rooms, as keys and as the size of a terminal: the screen of carrelctl top.
 *
 * Runs in: libFuzzer only.
 */
#include <stdlib.h>

#include "ctl/top/frame.h"
#include "ctl/top/keys.h"
#include "ctl/top/screen.h"
#include "tests/fuzz/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

static void fill(struct fuzz_input *in, struct ctl_top_row *r)
{
	fuzz_text(in, r->login.id, sizeof(r->login.id));
	fuzz_text(in, r->login.user, sizeof(r->login.user));
	fuzz_text(in, r->login.rhost, sizeof(r->login.rhost));
	fuzz_text(in, r->login.service, sizeof(r->login.service));
	fuzz_text(in, r->login.tty, sizeof(r->login.tty));
	fuzz_text(in, r->policy, sizeof(r->policy));
	fuzz_text(in, r->room, sizeof(r->room));
	fuzz_text(in, r->slice, sizeof(r->slice));
	r->empty = fuzz_byte(in) & 1;
	(void)fuzz_take(in, &r->memory, sizeof(r->memory));
	(void)fuzz_take(in, &r->cpu_us, sizeof(r->cpu_us));
	(void)fuzz_take(in, &r->until, sizeof(r->until));
	r->login.since = (int64_t)(r->memory >> 8);
	r->processes = r->cpu_us;
}

/* Nothing but visible ASCII ever stands on the screen. */
static void draw(struct ctl_top_screen *screen, struct ctl_top_view *v, const struct ctl_top_sample *s, int columns,
		 int lines)
{
	const struct ctl_top_host host = {2, 1 << 30, 1700000000};
	char *bytes;
	size_t len;

	expect(ctl_top_screen_resize(screen, columns, lines) == 0);
	ctl_top_draw(screen, v, s, &host);
	for (int i = 0; i < screen->columns * screen->lines; i++)
		expect(screen->text[i] >= ' ' && screen->text[i] <= '~');
	bytes = ctl_top_screen_encode(NULL, screen, true, &len);
	expect(bytes);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct ctl_top_sample s = {.at_us = 2000000}, before = {.at_us = 1};
	struct ctl_top_view v = {.interval_ms = 2000};
	struct ctl_top_screen screen = {0};
	struct ctl_top_keys keys = {0};
	int columns = fuzz_byte(&in), lines = fuzz_byte(&in) % 60;
	unsigned int rows = fuzz_byte(&in) % 6;

	for (unsigned int i = 0; i < rows; i++) {
		struct ctl_top_row *r = ctl_top_sample_add(&s);

		expect(r);
		fill(&in, r);
	}
	ctl_top_sample_finish(&s, &before);
	expect(ctl_top_view_arrange(&v, &s) == 0);
	draw(&screen, &v, &s, columns, lines);
	for (unsigned int i = 0; in.len > 0 && i < 64; i++) {
		(void)ctl_top_view_key(&v, &s, ctl_top_keys_feed(&keys, fuzz_byte(&in)));
		expect(ctl_top_view_arrange(&v, &s) == 0);
		if (i % 8 == 0)
			draw(&screen, &v, &s, columns, lines);
	}
	draw(&screen, &v, &s, columns, lines);
	ctl_top_screen_done(&screen);
	ctl_top_view_done(&v);
	ctl_top_sample_done(&s);
	return 0;
}
