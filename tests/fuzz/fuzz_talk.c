// SPDX-License-Identifier: Apache-2.0
/*
 * A helper that lies to the module: its side of the talk, from the answer to the close, with records in sequence.
 *
 * Runs in: libFuzzer only.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "door/talk.h"
#include "tests/fuzz/records.h"
#include "wire/fdpass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

static int lookup(const char *group, uint32_t *ret_gid)
{
	expect(group[0] != '\0' && strlen(group) < CRL_GROUP_MAX);
	*ret_gid = 5;
	return group[0] == 'x' ? -ENOENT : 0;
}

static int name(uint32_t gid, char group[CRL_GROUP_MAX])
{
	memcpy(group, "group", 6);
	return gid & 1 ? -ENOENT : 0;
}

/* What is believed has been checked whole; what is refused has a text that can be shown. */
static void judge(struct crl_talk *t, int rc, const struct crl_msg_room *room, int pidfd, const struct crl_err *err)
{
	struct crl_err later = {0};
	char text[2048];
	int supervisor = -EBADF;

	if (rc < 0) {
		expect(err->code == -rc && pidfd == -EBADF);
		crl_err_format(err, text, sizeof(text));
		for (const char *p = text; *p; p++)
			expect(*p >= ' ' && *p <= '~');
		return;
	}
	expect(pidfd >= 0 && crl_msg_check_room(room) == 0);
	rc = crl_talk_confirmed(t, &later);
	expect(rc == -later.code);
	(void)!crl_talk_close(t->sock, 10, &supervisor);
	if (supervisor >= 0)
		(void)close(supervisor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crl_msg_room room;
	struct fuzz_input in = {data, size};
	struct crl_err err = {0};
	int pair[2], pidfd = -EBADF, before = fuzz_count_fds(), rc;
	struct crl_talk t = {.timeout_s = 1, .lookup = lookup, .name = name};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	for (int i = 0; i < 16 && in.len >= 4; i++)
		fuzz_send(&in, pair[1], (const int[3]){pair[0], pair[0], pair[0]});
	(void)shutdown(pair[1], SHUT_WR);
	t.sock = pair[0];
	t.deadline_ms = crl_now_ms() + 1000;
	rc = crl_talk_answer(&t, &room, &pidfd, &err);
	judge(&t, rc, &room, pidfd, &err);
	if (pidfd >= 0)
		(void)close(pidfd);
	(void)close(pair[0]);
	(void)close(pair[1]);
	expect(fuzz_count_fds() == before);
	return 0;
}
