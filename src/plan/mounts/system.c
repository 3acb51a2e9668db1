// SPDX-License-Identifier: Apache-2.0
/*
 * The two tmpfs trees that a room's own files come from, and those files.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts/build.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define SYSTEM_SIZE (4u << 20) /* bytes; holds a few small files and hundreds of empty ones */

struct made_dir {
	enum crl_tree tree;
	const char *path;
	uint32_t mode;
};

static const struct made_dir system_dirs[] = {
	{CRL_TREE_SYSTEM, "root", 0700}, /* the room's root is put together on it */
	{CRL_TREE_SYSTEM, "user", 0700}, /* the user tmpfs */
	{CRL_TREE_SYSTEM, "sealed", 0700},   {CRL_TREE_SYSTEM, "empty", 0555},   {CRL_TREE_SYSTEM, "run", 0755},
	{CRL_TREE_SYSTEM, "run/sshd", 0755}, /* sshd's privilege separation directory */
	{CRL_TREE_SYSTEM, "run/user", 0755}, {CRL_TREE_SYSTEM, "log", 0755},     {CRL_TREE_SYSTEM, "dev", 0755},
	{CRL_TREE_SYSTEM, "dev/pts", 0755},  {CRL_TREE_SYSTEM, "dev/shm", 0755}, {CRL_TREE_SYSTEM, "dev/mqueue", 0755},
};

static const struct made_dir user_dirs[] = {
	{CRL_TREE_USER, "tmp", 01777},
	{CRL_TREE_USER, "vartmp", 01777},
	{CRL_TREE_USER, "shm", 01777},
	{CRL_TREE_USER, "lock", 01777}, /* /run/lock: lock files of minicom, flock(1) in scripts */
};

struct node {
	const char *path;
	unsigned int major;
	unsigned int minor;
};

static const struct node nodes[] = {
	{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
	{"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
};

static const char *const links[][2] = {
	{"dev/fd", "/proc/self/fd"},       {"dev/stdin", "/proc/self/fd/0"}, {"dev/stdout", "/proc/self/fd/1"},
	{"dev/stderr", "/proc/self/fd/2"}, {"dev/ptmx", "pts/ptmx"},
};

const char *const crl_socket_dirs[CRL_SOCKET_DIRS] = {".X11-unix", ".ICE-unix", ".XIM-unix", ".font-unix"};

int crl_build_devices(struct crl_build *b)
{
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(nodes) && rc == 0; i++) {
		const char *path = crl_build_text(b, "/%s", nodes[i].path);

		rc = path ? CRL_ADD(b, .kind = CRL_MOUNT_DEVICE, .source = path, .target = path,
				    .number = makedev(nodes[i].major, nodes[i].minor))
			  : -ENOMEM;
	}
	return rc;
}

static int make_dirs(struct crl_build *b, const struct made_dir *dirs, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = dirs[i].tree, .target = dirs[i].path,
				 .mode = dirs[i].mode);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int make_dev(struct crl_build *b)
{
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(nodes) && rc == 0; i++)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_NODE, .tree = CRL_TREE_SYSTEM, .target = nodes[i].path, .mode = 0666,
			     .number = makedev(nodes[i].major, nodes[i].minor));
	for (size_t i = 0; i < CRL_ARRAY_LEN(links) && rc == 0; i++)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_LINK, .tree = CRL_TREE_SYSTEM, .target = links[i][0],
			     .data = links[i][1]);
	if (rc == 0 && b->host->outer_tty[0])
		rc = CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = "dev/console", .data = "");
	return rc;
}

static int make_files(struct crl_build *b)
{
	/* For those inside who ask where they are, and whose room it is: pam_carrel(8). */
	const char *id = crl_build_text(b, "%s\nuid=%u\n", b->host->room_id, b->login->uid);
	int rc;

	if (!id)
		return -ENOMEM;
	/* Two empty files: what the policy hides cannot be read, what the kernel would tell reads as nothing. */
	rc = CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = "blank", .mode = 0, .data = "");
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = "mask", .mode = 0444,
			     .data = "");
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = "run/carrel-room",
			     .mode = 0444, .data = id);
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_ACCOUNTING, .tree = CRL_TREE_SYSTEM, .target = "run/utmp");
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_ACCOUNTING, .tree = CRL_TREE_SYSTEM, .target = "log/wtmp");
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_LASTLOG, .tree = CRL_TREE_SYSTEM, .target = "log/lastlog",
			     .source = "/var/log/lastlog", .uid = b->login->uid);
	return rc;
}

static int make_runtime(struct crl_build *b)
{
	const char *dir = crl_build_text(b, "run/user/%u", b->login->uid);

	if (!dir)
		return -ENOMEM;
	return CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = dir, .mode = 0755);
}

/* Programs and sshd bind sockets in these, and expect to find them. */
static int make_socket_dirs(struct crl_build *b)
{
	int rc = 0;

	for (size_t i = 0; i < CRL_SOCKET_DIRS && rc == 0; i++) {
		const char *dir = b->host->socket_dirs[i] ? crl_build_text(b, "tmp/%s", crl_socket_dirs[i]) : "";

		if (!dir)
			return -ENOMEM;
		if (*dir)
			rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_USER, .target = dir, .mode = 01777);
	}
	if (rc == 0 && b->host->gnupg)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_USER, .target = "run/gnupg", .mode = 0700,
			     .uid = b->login->uid, .gid = b->login->gid);
	return rc;
}

static int make_user(struct crl_build *b)
{
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_USER, .target = "user", .number = b->policy->tmp_size);

	if (rc == 0)
		rc = make_dirs(b, user_dirs, CRL_ARRAY_LEN(user_dirs));
	if (rc == 0 && b->host->screen)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_USER, .target = "screen", .mode = 01777);
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_USER, .target = "run", .mode = 0700,
			     .uid = b->login->uid, .gid = b->login->gid);
	return rc < 0 ? rc : make_socket_dirs(b);
}

int crl_build_system(struct crl_build *b)
{
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_SYSTEM, .number = SYSTEM_SIZE);

	if (rc == 0)
		rc = make_dirs(b, system_dirs, CRL_ARRAY_LEN(system_dirs));
	if (rc == 0)
		rc = make_runtime(b);
	if (rc == 0)
		rc = make_dev(b);
	if (rc == 0)
		rc = make_files(b);
	if (rc == 0)
		rc = crl_build_users(b);
	if (rc == 0)
		rc = crl_build_last(b);
	if (rc == 0 && b->host->shm_link)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_LINK, .tree = CRL_TREE_SYSTEM, .target = "run/shm",
			     .data = "/dev/shm");
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_SEAL, .target = "sealed");
	return rc < 0 ? rc : make_user(b);
}
