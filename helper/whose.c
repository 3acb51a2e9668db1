// SPDX-License-Identifier: Apache-2.0
/*
 * Which logins share a room: those of one user, as they are now, under one policy text, with one home.
 *
 * Runs in: helper (root) before anything is made; crl_whose_room_is() in the supervisor.
 * Trusts: the login record only as far as the name service that the application asked. A uid proves nobody: it may have
 * been another's before (userdel, useradd). R1: the name of a room holds every fact that the room is made from; R2: the
 * name is a digest, which guards nothing, so the supervisor compares the facts themselves.
 */
#include "helper/whose.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/nskind.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "policy/policy.h"

/* FNV-1a; tells texts apart, guards nothing (R2). */
static uint64_t digest(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

/* With its NUL: else "ab", "c" and "a", "bc" would have one digest. */
static uint64_t digest_text(uint64_t h, const char *text)
{
	return digest(h, text, strlen(text) + 1);
}

/*
 * The directory that a real home, or one beneath an overlay, is: one that was put in its place since, from a backup or
 * by mounting it anew, is another. What cannot be looked at is none, and refused when the room is made.
 */
static uint64_t digest_home(uint64_t h, const struct crl_job *job)
{
	const struct crl_policy *p = &job->policy;
	struct statx st;

	if (p->home_mode == CRL_HOME_TMPFS || (p->home_mode == CRL_HOME_OVERLAY && p->home_lower.len > 0) ||
	    !(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) ||
	    statx(AT_FDCWD, job->login.home, AT_STATX_DONT_SYNC, STATX_INO, &st) < 0)
		return h;
	h = digest(h, &st.stx_dev_major, sizeof(st.stx_dev_major));
	h = digest(h, &st.stx_dev_minor, sizeof(st.stx_dev_minor));
	return digest(h, &st.stx_ino, sizeof(st.stx_ino));
}

/* R1 */
int crl_whose_choose_name(struct crl_job *job, struct crl_err *err)
{
	const struct crl_login *l = &job->login;
	scoped_free char *text = NULL;
	uint64_t h = 0xcbf29ce484222325u;

	if (job->policy.share == CRL_SHARE_LOGIN) {
		(void)snprintf(job->room_name, sizeof(job->room_name), "%s", job->id); /* ids are shorter */
		return 0;
	}
	if (crl_policy_dump(&job->policy, &text) < 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "cannot name the room");
	h = digest_text(h, text);
	h = digest_text(h, l->user);
	h = digest_text(h, l->home);
	h = digest(h, &l->gid, sizeof(l->gid));
	h = digest_home(h, job);
	(void)snprintf(job->room_name, sizeof(job->room_name), "u%u-%016llx", l->uid,
		       (unsigned long long)h); /* 28 at most */
	return 0;
}

/* R2 */
bool crl_whose_room_is(const struct crl_kept *room, const struct crl_login *login)
{
	return room->uid == login->uid && room->gid == login->gid && strcmp(room->user, login->user) == 0 &&
	       strcmp(room->home_path, login->home) == 0;
}
