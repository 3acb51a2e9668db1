// SPDX-License-Identifier: Apache-2.0
/*
 * What the room shows of its own: /run, /tmp and its kind, /var/log, its name; and what of /run it offers.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts/build.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "policy/places.h"

/* The target of /dev/log where journald runs. */
#define JOURNAL_SOCKET "/run/systemd/journal/dev-log"

/*
 * Files that their services replace by rename, in directories of theirs: where the network is the host's, the room sees
 * the directory, and what is new in it in the same moment. In it are sockets by which names are asked for, and who has
 * the host's network can do that anyway; others get the files alone.
 */
static const struct {
	const char *file;
	const char *dir;
} resolver[] = {
	{"/run/systemd/resolve/resolv.conf", "/run/systemd/resolve"},
	{"/run/systemd/resolve/stub-resolv.conf", "/run/systemd/resolve"},
	{"/run/NetworkManager/resolv.conf", "/run/NetworkManager"},
	{"/run/NetworkManager/no-stub-resolv.conf", "/run/NetworkManager"},
};

const char *crl_resolver_file(size_t i)
{
	return i < CRL_ARRAY_LEN(resolver) ? resolver[i].file : NULL;
}

static uint32_t follow(const struct crl_build *b)
{
	return b->policy->root_mode != CRL_ROOT_IMAGE ? CRL_OP_FOLLOW : 0;
}

static int show(struct crl_build *b, enum crl_tree tree, const char *source, const char *target, uint32_t flags)
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

static bool is_offered(const struct crl_build *b, const char *path)
{
	for (size_t i = 0; i < b->plan->len; i++)
		if (b->plan->op[i].kind == CRL_MOUNT_OFFER && strcmp(b->plan->op[i].target, path) == 0)
			return true;
	return false;
}

/* The room's own, where it has a way out of its own; it is what the file's name has there. */
static int show_resolver(struct crl_build *b, const char *path)
{
	return show(b, CRL_TREE_SEALED, "resolv.conf", path, CRL_OP_OPTIONAL);
}

static int offer(struct crl_build *b, const char *path)
{
	bool hosts_network = !(b->policy->namespaces & CRL_NS_BIT(CRL_NS_NET));

	for (size_t i = 0; i < CRL_ARRAY_LEN(resolver) && b->host->resolv; i++)
		if (strcmp(path, resolver[i].file) == 0)
			return show_resolver(b, path);

	for (size_t i = 0; i < CRL_ARRAY_LEN(resolver) && hosts_network; i++)
		if (strcmp(path, resolver[i].file) == 0)
			path = resolver[i].dir;
	if (is_offered(b, path))
		return 0;
	return crl_build_add_placed(
		b, (struct crl_mount_op){
			   .kind = CRL_MOUNT_OFFER, .source = path, .target = path, .flags = CRL_OP_OPTIONAL});
}

static int offer_all(struct crl_build *b)
{
	const struct crl_strv *run = &b->policy->run;
	bool journal = false;
	int rc = 0;

	for (size_t i = 0; i < run->len && rc == 0; i++) {
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
		else if (crl_own_in_run(path))
			fault = "is the room's own";
		if (fault)
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT, "root.run: \"%s\" %s", path, fault);
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
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_HOSTS, .tree = CRL_TREE_SYSTEM, .source = "/etc/hosts",
			     .target = "hosts", .mode = 0644, .data = name, .flags = follow(b));
	if (rc == 0)
		rc = show(b, CRL_TREE_SEALED, "hostname", "/etc/hostname", CRL_OP_OPTIONAL);
	if (rc == 0)
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
	/* What only root can write where somebody is root. */
	enum crl_tree system = b->host->alone ? CRL_TREE_SEALED : CRL_TREE_SYSTEM;
	int rc = show(b, system, "run", "/run", CRL_OP_WRITABLE);

	if (rc == 0 && b->host->resolv)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_RESOLV, .tree = CRL_TREE_SYSTEM, .target = "resolv.conf",
			     .mode = 0644, .source = b->host->resolv_service, .data = b->host->resolv);
	if (rc == 0)
		rc = offer_all(b);
	if (rc == 0 && b->host->resolv)
		rc = show_resolver(b, "/etc/resolv.conf");
	if (rc == 0)
		rc = show_own(b, "lock", "/run/lock", 0);
	if (rc == 0 && b->host->screen)
		rc = show_own(b, "screen", "/run/screen", 0);
	if (rc == 0)
		rc = show_runtime(b);
	if (rc == 0)
		rc = show_own(b, "tmp", "/tmp", 0);
	if (rc == 0)
		rc = show_own(b, "vartmp", "/var/tmp", optional);
	if (rc == 0)
		rc = show(b, system, "log", "/var/log", CRL_OP_WRITABLE | optional);
	if (rc == 0)
		rc = show_name(b);
	return rc;
}
