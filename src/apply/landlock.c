// SPDX-License-Identifier: Apache-2.0
/*
 * Landlock by its system calls: the C library has no functions for it, and a build host's header may be older than the
 * kernel that runs the product, so that what is needed of it stands here.
 *
 * Runs in: supervisor, init, workers, carrel-bus; carrelctl asks whether it is there.
 * Source: landlock(7), Documentation/userspace-api/landlock.rst.
 */
#include "apply/landlock.h"

#include <sys/syscall.h>

#ifndef __NR_landlock_create_ruleset /* the numbers are the same on all architectures */
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule 445
#define __NR_landlock_restrict_self 446
#endif

#define QUERY_VERSION 1u
#define RULE_PATH_BENEATH 1

enum {
	EXECUTE = 1u << 0,
	WRITE_FILE = 1u << 1,
	READ_FILE = 1u << 2,
	READ_DIR = 1u << 3,
	REMOVE_DIR = 1u << 4,
	REMOVE_FILE = 1u << 5,
	MAKE_REG = 1u << 8,
	MAKE_SYM = 1u << 12, /* the last of version 1 */
	REFER = 1u << 13, /* 2: between directories; denied in version 1 always */
	TRUNCATE = 1u << 14, /* 3 */
	IOCTL_DEV = 1u << 15, /* 5 */
};

enum { BIND_TCP = 1u << 0, CONNECT_TCP = 1u << 1 }; /* version 4 */
enum { SCOPE_ABSTRACT = 1u << 0, SCOPE_SIGNAL = 1u << 1 }; /* version 6 */
#define SCOPES_VERSION 6

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

#define FILE_RIGHTS (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)

int crl_landlock_version(void)
{
	long version = syscall(__NR_landlock_create_ruleset, NULL, 0, QUERY_VERSION);

	if (version >= 0)
		return (int)version;
	/* EPERM: a container's filter that is older than the call. */
	return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
}

/* All that the kernel knows, so that it denies what no rule allows. What later versions add stays as it was. */
static struct ruleset handled_by(int version, size_t *ret_size)
{
	struct ruleset all = {.fs = (MAKE_SYM << 1) - 1};

	*ret_size = offsetof(struct ruleset, net);
	if (version >= 2)
		all.fs |= REFER;
	if (version >= 3)
		all.fs |= TRUNCATE;
	if (version >= 5)
		all.fs |= IOCTL_DEV;
	if (version >= 4) {
		all.net = BIND_TCP | CONNECT_TCP;
		*ret_size = offsetof(struct ruleset, scoped);
	}
	if (version >= SCOPES_VERSION) {
		all.scoped = SCOPE_ABSTRACT; /* not signals: the supervisor ends init, which is outside */
		*ret_size = sizeof(all);
	}
	return all;
}

static uint64_t rights_of(uint32_t reach)
{
	uint64_t rights = 0;

	if (reach & CRL_REACH_READ)
		rights |= READ_FILE | READ_DIR;
	if (reach & CRL_REACH_WRITE)
		rights |= WRITE_FILE | TRUNCATE;
	if (reach & CRL_REACH_FILES)
		rights |= MAKE_REG | REMOVE_FILE;
	if (reach & CRL_REACH_REMOVE)
		rights |= REMOVE_FILE | REMOVE_DIR;
	if (reach & CRL_REACH_TREE)
		rights |= ((MAKE_SYM << 1) - 1 - EXECUTE) | REFER | TRUNCATE;
	return rights;
}

static int add_place(int ruleset, const struct crl_reach_place *place, uint64_t handled, struct crl_err *err)
{
	struct path_beneath rule = {.allowed = rights_of(place->rights) & handled, .fd = place->fd};

	if (place->fd < 0 || rule.allowed == 0)
		return 0;
	if (syscall(__NR_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0)
		return 0;
	rule.allowed &= FILE_RIGHTS; /* of a file no other right can be given */
	if (errno == EINVAL && syscall(__NR_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0)
		return 0;
	return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot keep a place within Landlock's reach");
}

int crl_landlock_enter(const struct crl_reach *reach, struct crl_err *err)
{
	int version = crl_landlock_version();
	scoped_fd ruleset = -EBADF;
	struct ruleset handled;
	size_t size;
	int rc = 0;

	if (version == 0)
		return 1;
	if (version < 0)
		return crl_err_set(err, -version, CRL_STAGE_HELPER, "cannot tell the version of Landlock");
	handled = handled_by(version, &size);
	ruleset = (int)syscall(__NR_landlock_create_ruleset, &handled, size, 0);
	if (ruleset < 0)
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot make a Landlock ruleset");
	for (size_t i = 0; i < reach->len && rc == 0; i++)
		rc = add_place(ruleset, &reach->place[i], handled.fs, err);
	if (rc == 0 && syscall(__NR_landlock_restrict_self, ruleset, 0) < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot enter Landlock");
	return rc;
}

int crl_landlock_apart(struct crl_err *err)
{
	const struct ruleset scopes = {.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL};
	int version = crl_landlock_version();
	scoped_fd ruleset = -EBADF;

	if (version < 0)
		return crl_err_set(err, -version, CRL_STAGE_CAPS, "cannot tell the version of Landlock");
	if (version < SCOPES_VERSION)
		return 1;
	ruleset = (int)syscall(__NR_landlock_create_ruleset, &scopes, sizeof(scopes), 0);
	if (ruleset < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot make a Landlock domain");
	if (syscall(__NR_landlock_restrict_self, ruleset, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot enter a Landlock domain");
	return 0;
}
