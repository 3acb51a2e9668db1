// SPDX-License-Identifier: Apache-2.0
/* carrelctl image check: its parts. */
#pragma once

#include <stdbool.h>

#include "base/words.h"
#include "ctl/command.h"
#include "ctl/print/out.h"
#include "store/image.h"

struct ctl_image_checking {
	const struct ctl *c;
	struct crl_image image;
	int root; /* its mount */
	struct ctl_table table;
	struct crl_words shells; /* that were looked at */
	unsigned int lacks;
};

/* Add a line. @mend  what would help, when it is not good */
void ctl_image_tell(struct ctl_image_checking *k, const char *what, bool good, const char *detail, const char *mend);

/* Are the places there that a room mounts onto? Of --policy, or else those that every room needs. */
enum ctl_exit ctl_image_check_places(struct ctl_image_checking *k);

/* Name what modes keep from others, which they do not from root of a room over the image. No lack, a note. */
void ctl_image_check_closed(struct ctl_image_checking *k);
