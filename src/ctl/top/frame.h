// SPDX-License-Identifier: Apache-2.0
/* carrelctl top: the whole frame. Pure. */
#pragma once

#include <stdint.h>

struct ctl_top_sample;
struct ctl_top_screen;
struct ctl_top_view;

/* What the machine has. */
struct ctl_top_host {
	unsigned int processors;
	uint64_t memory;
	int64_t now; /* CLOCK_REALTIME seconds */
};

/* Draw all of it on a blank screen; sets v->first and v->page. */
void ctl_top_draw(struct ctl_top_screen *s, struct ctl_top_view *v, const struct ctl_top_sample *sample,
		  const struct ctl_top_host *host);
