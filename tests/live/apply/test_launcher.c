// SPDX-License-Identifier: Apache-2.0
/* The launcher's mount, its file, and what the room is refused for. Needs root. */
#include "roomtest.h"

#include <endian.h>
#include <linux/capability.h>
#include <sys/xattr.h>

#include "apply/filecaps.h"

#define CAPS (UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_CHECKPOINT_RESTORE)
#define PLACE "/run/carrel/bin"

static void launcher_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	p->cap_bounding = p->cap_ambient = CAPS;
	h->launcher = strdup("#!/bin/sh\n");
	h->launcher_size = strlen(h->launcher);
	CHECK(mount("suid", "/mnt", "tmpfs", 0, "mode=755") == 0);
}

/* Mounts without nosuid, with spaces between; "!" before one that can be written to. */
static char *open_mounts(void)
{
	static char all[4096];
	char *text = slurp("/proc/self/mountinfo"), *save;

	CHECK(text);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char point[512], opts[256];

		CHECK(sscanf(line, "%*s %*s %*s %*s %511s %255s", point, opts) == 2);
		if (!strstr(opts, "nosuid"))
			(void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s ",
				       strncmp(opts, "ro,", 3) == 0 ? "" : "!", point);
	}
	free(text);
	return all;
}

/* keeps: apply/mounts/launcher R1 */
static void launcher_user(void)
{
	struct vfs_cap_data got;
	struct stat st;

	CHECK(!strcmp(open_mounts(), PLACE " "));
	CHECK(lstat(PLACE, &st) == 0 && st.st_uid == 0 && (st.st_mode & 07777) == 0755);
	CHECK(lstat(PLACE "/caps", &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 && st.st_gid == 0);
	CHECK((st.st_mode & 07777) == 0555 && st.st_nlink == 1 && has_text(PLACE "/caps", "#!/bin/sh"));
	CHECK(getxattr(PLACE "/caps", "security.capability", &got, sizeof(got)) == sizeof(got));
	CHECK(le32toh(got.magic_etc) == (VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE));
	CHECK(got.data[0].permitted == 0 && got.data[1].permitted == 0);
	CHECK(le32toh(got.data[0].inheritable) == (uint32_t)CAPS);
	CHECK(le32toh(got.data[1].inheritable) == (uint32_t)(CAPS >> 32));
	CHECK(!can_write(PLACE "/x") && !can_write(PLACE "/caps"));
	CHECK(unlink(PLACE "/caps") < 0 && chmod(PLACE "/caps", 04755) < 0);
}

static void launcher_root(void)
{
	CHECK(!can_write(PLACE "/x") && errno == EROFS && unlink(PLACE "/caps") < 0 && errno == EROFS);
}

static void test_launcher(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = launcher_setup, .user = launcher_user, .root = launcher_root});
}

static struct crl_mount_op *step(struct crl_mount_plan *plan, enum crl_mount_kind kind)
{
	for (size_t i = 0; i < plan->len; i++)
		if (plan->op[i].kind == kind)
			return &plan->op[i];
	CHECK(false);
	return NULL;
}

static void leave_suid(struct crl_mount_plan *plan)
{
	step(plan, CRL_MOUNT_PROTECT)->flags |= CRL_OP_SUID;
}

static void put_elsewhere(struct crl_mount_plan *plan)
{
	step(plan, CRL_MOUNT_LAUNCHER)->target = "/opt";
}

static void leave_out(struct crl_mount_plan *plan)
{
	*step(plan, CRL_MOUNT_LAUNCHER) =
		(struct crl_mount_op){.kind = CRL_MOUNT_MASK, .tree = CRL_TREE_PROC, .target = "is-not-there"};
}

static void put_twice(struct crl_mount_plan *plan)
{
	struct crl_mount_op *op = step(plan, CRL_MOUNT_PIVOT);

	CHECK(plan->len < plan->capacity);
	memmove(op + 1, op, (size_t)(plan->op + plan->len - op) * sizeof(*op));
	*op = *step(plan, CRL_MOUNT_LAUNCHER);
	plan->len++;
}

/* keeps: apply/mounts/launcher R2 */
static void test_refused(void **state)
{
	struct room_case c = {.prepare = launcher_setup, .stage = CRL_STAGE_MOUNT};

	(void)state;
	c.alter = leave_suid;
	c.refused = "is not nosuid, and files on it would count";
	run_case(&c);
	c.alter = put_elsewhere;
	c.refused = "/opt is not nosuid";
	run_case(&c);
	c.alter = leave_out;
	c.refused = PLACE " is not there, or not alone";
	run_case(&c);
	c.alter = put_twice;
	run_case(&c);
}

static void test_filecaps(void **state)
{
	scoped_fd fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(crl_filecaps_set(fd, CAPS), -ENOTSUP); /* keeps none */
	assert_int_equal(crl_filecaps_set(-1, CAPS), -EBADF);
	assert_int_equal(crl_filecaps_known(CAPS | UINT64_C(1) << 63), CAPS);
	assert_null(crl_filecaps_lack(UINT64_C(1) << CAP_NET_RAW));
	assert_non_null(crl_filecaps_lack(UINT64_C(1) << 63));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_launcher),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_filecaps),
	};

	if (geteuid() != 0) {
		puts("skip: needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
