// SPDX-License-Identifier: Apache-2.0
/*
 * Start carrel-bus, which stands beside this program, and wait for its answer.
 *
 * R1: "not now" is no answer while there is time left: a user's slice that is just being stopped keeps no login out.
 *
 * Runs in: helper, root, host namespaces.
 */
#include "helper/parts/ask_systemd.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "helper/process/beside.h"

#define AGAIN_MS 50 /* between two questions that systemd cannot answer yet */

int crl_systemd_bus_path(char *buf, size_t size)
{
	return crl_beside("carrel-bus", buf, size);
}

int crl_systemd_begin(char **argv, struct crl_question *ret, struct crl_err *err)
{
	char path[PATH_MAX];
	int rc = crl_systemd_bus_path(path, sizeof(path));

	*ret = (struct crl_question){.answer = -EBADF, .pidfd = -EBADF};
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_LIMITS,
				   "no carrel-bus beside carrel-helper, which manager "
				   "\"systemd\" needs; was it built without sd-bus?");
	argv[0] = path;
	rc = crl_question_begin(path, argv, -EBADF, ret);
	argv[0] = NULL;
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot start carrel-bus") : 0;
}

int crl_systemd_await(struct crl_question *q, int64_t deadline_ms, struct crl_err *err)
{
	char text[CRL_QUESTION_TEXT];
	int rc = crl_question_await(q, deadline_ms, text);

	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_LIMITS, "systemd: %s",
				    text[0] ? text : "carrel-bus did not answer")
		      : 0;
}

static int ask_once(char **argv, int64_t deadline_ms, struct crl_err *err)
{
	struct crl_question q;
	int rc = crl_systemd_begin(argv, &q, err);

	return rc < 0 ? rc : crl_systemd_await(&q, deadline_ms, err);
}

/* R1. What systemd has said tells more than that the last question came too late for an answer. */
int crl_systemd_ask(char **argv, int64_t deadline_ms, struct crl_err *err)
{
	struct crl_err said = {0}, now = {0};
	int rc;

	while ((rc = ask_once(argv, deadline_ms, &now)) == -EAGAIN && crl_now_ms() + AGAIN_MS < deadline_ms) {
		said = now;
		crl_pause_ms(AGAIN_MS);
	}
	if (rc == 0)
		return 0;
	if (rc == -ETIMEDOUT && said.code != 0)
		now = said;
	if (err)
		*err = now;
	return -now.code;
}
