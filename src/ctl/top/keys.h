// SPDX-License-Identifier: Apache-2.0
/* carrelctl top: bytes from the terminal to keys, and what a key does. Pure. */
#pragma once

#include "ctl/top/model.h"

/* Keys that are no character. */
enum {
	CTL_TOP_KEY_NONE = 0,
	CTL_TOP_KEY_ESCAPE = 27,
	CTL_TOP_KEY_UP = 256,
	CTL_TOP_KEY_DOWN,
	CTL_TOP_KEY_PAGE_UP,
	CTL_TOP_KEY_PAGE_DOWN,
	CTL_TOP_KEY_HOME,
	CTL_TOP_KEY_END
};

/* Bytes from a terminal to keys. Zeroed at the start. */
struct ctl_top_keys {
	char sequence[8];
	size_t len;
};

/* Returns a key, or CTL_TOP_KEY_NONE: the byte belongs to a sequence that goes on, or that has no meaning here. */
int ctl_top_keys_feed(struct ctl_top_keys *k, unsigned char byte);

/* Is an escape sequence begun? When nothing follows it was the key Escape: ctl_top_keys_flush() gives it. */
bool ctl_top_keys_is_waiting(const struct ctl_top_keys *k);
int ctl_top_keys_flush(struct ctl_top_keys *k);

/* What the key does: it changes the view, and may ask for more, about v->room. */
enum ctl_top_action ctl_top_view_key(struct ctl_top_view *v, const struct ctl_top_sample *s, int key);
