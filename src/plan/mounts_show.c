// SPDX-License-Identifier: Apache-2.0
/*
 * What the room shows of its own: /run, /tmp and its kind, /var/log, its name; and what of /run it offers.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts_build.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"

/* The target of /dev/log where journald runs. */
#define JOURNAL_SOCKET "/run/systemd/journal/dev-log"

/* Never offered: the room has its own, or they are the way out of it. */
static const char *const run_own[] = {"/run/utmp", "/run/user", "/run/carrel", "/run/carrel-room",
				   "/run/lock", "/run/screen"};

static uint32_t follow(const struct crl_build *b)
{
	return b->policy->root_mode == CRL_ROOT_HOST ? CRL_OP_FOLLOW : 0;
}

static int show(struct crl_build *b, enum crl_tree tree, const char *source, const char *target,
		uint32_t flags)
{
	return crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_SHOW,
							     .tree = tree,
							     .source = source,
							     .target = target,
							     .flags = flags | follow(b)});
}

static int show_runtime(struct crl_build *b)
{
	const char *target = crl_build_text(b, "/run/user/%u", b->login->uid);

	if (!target)
		return -ENOMEM;
	return CRL_ADD(b, .kind = CRL_MOUNT_SHOW, .tree = CRL_TREE_USER, .source = "run", .target = target,
		       .flags = CRL_OP_WRITABLE | CRL_OP_EXEC);
}

static int offer(struct crl_build *b, const char *path)
{
	return crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_OFFER,
							     .source = path,
							     .target = path,
							     .flags = CRL_OP_OPTIONAL});
}

static int offer_all(struct crl_build *b)
{
	const struct crl_strv *run = &b->policy->run;
	bool journal = false;
	int rc = 0;

	for (size_t i = 0; i < run->len && !rc; i++) {
		const char *path = run->item[i];
		const char *fault;

		if (path[0] != '/')
			path = crl_build_text(b, "/run/%s", path);
		else if (!strncmp(path, "/var/run/", 9))
			path += 4;
		if (!path)
			return -ENOMEM;
		fault = crl_path_fault(path);
		if (fault)
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT, "root.run: found \"%s\", expected %s", path,
					   fault);
		if (!crl_path_is_within(path, "/run") || !strcmp(path, "/run"))
			fault = "is not beneath /run";
		for (size_t k = 0; k < CRL_ARRAY_LEN(run_own) && !fault; k++)
			if (crl_path_is_within(path, run_own[k]))
				fault = "is the room's own";
		if (fault)
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT, "root.run: \"%s\" %s", path,
					   fault);
		journal = journal || crl_path_is_within(JOURNAL_SOCKET, path);
		rc = offer(b, path);
	}
	return rc || journal ? rc : offer(b, JOURNAL_SOCKET);
}

static int show_name(struct crl_build *b)
{
	const char *name = b->host->room_name;
	const char *line;
	int rc;

	if (!(b->policy->namespaces & CRL_NS_BIT(CRL_NS_UTS)) || !name[0] || !strcmp(name, b->host->name))
		return 0;
	line = crl_build_text(b, "%s\n", name);
	if (!line)
		return -ENOMEM;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = "hostname", .mode = 0644,
		     .data = line);
	if (!rc)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_HOSTS, .tree = CRL_TREE_SYSTEM, .source = "/etc/hosts",
			     .target = "hosts", .mode = 0644, .data = name);
	if (!rc)
		rc = show(b, CRL_TREE_SEALED, "hostname", "/etc/hostname", CRL_OP_OPTIONAL);
	if (!rc)
		rc = show(b, CRL_TREE_SEALED, "hosts", "/etc/hosts", CRL_OP_OPTIONAL);
	return rc;
}

/* The user's own places, writable, and with programs where the host has them. */
static int show_own(struct crl_build *b, const char *source, const char *target, uint32_t flags)
{
	return show(b, CRL_TREE_USER, source, target, CRL_OP_WRITABLE | crl_build_exec(b, target) | flags);
}

int crl_build_show(struct crl_build *b)
{
	/* An image need not have these two; a host that has not gets none either. */
	const uint32_t optional = CRL_OP_OPTIONAL;
	int rc = show(b, CRL_TREE_SYSTEM, "run", "/run", CRL_OP_WRITABLE);

	if (!rc)
		rc = offer_all(b);
	if (!rc)
		rc = show_own(b, "lock", "/run/lock", 0);
	if (!rc && b->host->screen)
		rc = show_own(b, "screen", "/run/screen", 0);
	if (!rc)
		rc = show_runtime(b);
	if (!rc)
		rc = show_own(b, "tmp", "/tmp", 0);
	if (!rc)
		rc = show_own(b, "vartmp", "/var/tmp", optional);
	if (!rc)
		rc = show(b, CRL_TREE_SYSTEM, "log", "/var/log", CRL_OP_WRITABLE | optional);
	if (!rc)
		rc = show_name(b);
	return rc;
}
