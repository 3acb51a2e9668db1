// SPDX-License-Identifier: Apache-2.0
/*
 * What is said between marks and their server, both forked from one program: one record each, and one answer to each
 * request. With a request comes one descriptor, the directory it is about.
 *
 * Runs in: see marks.h.
 */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "layers/marks.h"

enum crl_marks_verb { CRL_MARKS_READ, CRL_MARKS_OPAQUE, CRL_MARKS_NOT_OPAQUE, CRL_MARKS_REDIRECT };

/* Behind it, for CRL_MARKS_REDIRECT, the text without a NUL; nothing takes it away. */
struct crl_marks_request {
	uint32_t verb; /* enum crl_marks_verb */
};

struct crl_marks_answer {
	struct {
		int32_t rc; /* 0 or -errno */
		uint32_t opaque; /* of CRL_MARKS_READ */
		uint32_t len; /* bytes of @text that are sent */
	} head;
	char text[PATH_MAX];
};

/* What both sides do when they have the power: see marks.h. @redirect  for CRL_MARKS_REDIRECT */
int crl_marks_get_own(int dir, struct crl_mark *ret) CRL_MUST_CHECK;
int crl_marks_set_own(int dir, enum crl_marks_verb verb, const char *redirect) CRL_MUST_CHECK;
