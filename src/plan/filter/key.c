// SPDX-License-Identifier: Apache-2.0
/*
 * The text that tells one filter from another.
 *
 * Runs in: helper, on each login, so it reads nothing but one inode.
 * Every text in it carries its length, so that no two wishes can write the same key.
 */
#include <inttypes.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "plan/filter/filter.h"

/* To be raised with each change of src/plan/filter that changes programs. */
#define FILTER_REVISION 12

struct key {
	char *buf;
	size_t size;
	size_t len;
	bool cut;
};

static void add(struct key *k, const char *fmt, ...) CRL_PRINTF(2, 3);

static void add(struct key *k, const char *fmt, ...)
{
	size_t room = k->size - k->len;
	va_list ap;
	int n;

	if (k->cut)
		return;
	va_start(ap, fmt);
	n = vsnprintf(k->buf + k->len, room, fmt, ap);
	va_end(ap);
	k->cut = n < 0 || (size_t)n >= room;
	if (!k->cut)
		k->len += (size_t)n;
}

static void add_text(struct key *k, const char *name, const char *text)
{
	add(k, "%s %zu:%s\n", name, strlen(text), text);
}

static void add_list(struct key *k, const char *name, const struct crl_strv *list)
{
	add(k, "%s %zu\n", name, list->len);
	for (size_t i = 0; i < list->len; i++)
		add_text(k, "-", list->item[i]);
}

int crl_filter_key(const struct crl_filter_source *from, char *buf, size_t size, struct crl_err *err)
{
	const struct crl_seccomp *s = from->wishes;
	const struct scmp_version *lib = seccomp_version();
	struct key k = {.buf = buf, .size = size};
	struct utsname host;
	struct stat st;

	if (stat(from->groups_path, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot look at %s", from->groups_path);
	if (uname(&host) < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "uname");
	add(&k, "carrel filter %d\n", FILTER_REVISION);
	add_text(&k, "carrel", CRL_VERSION);
	add_text(&k, "kernel", host.release);
	add(&k, "arch %" PRIx32 "\n", from->room.arch ? from->room.arch : seccomp_arch_native());
	add(&k, "libseccomp %u.%u.%u\n", lib->major, lib->minor, lib->micro);
	add(&k, "groups %ju:%ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
	    (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec,
	    st.st_ctim.tv_nsec);
	add_text(&k, "base", s->base);
	add_list(&k, "allow", &s->allow);
	add_list(&k, "deny", &s->deny);
	add_list(&k, "families", &s->families);
	for (size_t i = 0; i < CRL_ARGS_COUNT; i++)
		add_list(&k, crl_args_call_name((enum crl_args_call)i), &s->args[i]);
	add(&k, "answers %zu\n", s->answers_len);
	for (size_t i = 0; i < s->answers_len; i++) {
		add(&k, "%" PRIx32 "\n", crl_verdict_action(s->answers[i].answer));
		add_list(&k, "to", &s->answers[i].calls);
	}
	add(&k, "mode %d\n", (int)s->mode);
	add(&k, "compat %d\nsetns %" PRIx32 "\nprojects %d\nusers %d %d\n", s->compat, from->room.setns_flags,
	    from->room.holds_projects, s->joins_users, s->nested);
	if (k.cut)
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_FILTER, "the policy's seccomp part is too long");
	return (int)k.len;
}
