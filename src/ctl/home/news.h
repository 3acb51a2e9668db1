// SPDX-License-Identifier: Apache-2.0
/* What a worker tells of one path: a record that commit and discard have in common. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "ctl/home/worker.h"

struct ctl_news {
	uint32_t news; /* what it is, in the command's own numbers */
	const char *path; /* bytes */
	const char *why; /* for people, "" = there is nothing to be said */
};

/* In the worker: tell it. Nothing depends on whether it is heard. @kind of the command's records */
void ctl_news_send(struct ctl_worker *w, uint32_t kind, const struct ctl_news *news);

/*
 * In carrelctl: take it.
 * @data  with a NUL behind its @len bytes; the texts of @ret are within it
 * Returns 0, or -EBADMSG.
 */
int ctl_news_take(const char *data, size_t len, struct ctl_news *ret) CRL_MUST_CHECK;
