// SPDX-License-Identifier: Apache-2.0
/* What this host cannot give a policy; see lacks.h. The same questions as the helper's at a login. */
#include "ctl/conf/lacks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apply/filecaps.h"
#include "apply/home/idmap.h"
#include "apply/limits/device.h"
#include "apply/userns.h"
#include "base/compat.h"
#include "base/err.h"
#include "base/file.h"
#include "base/scope.h"
#include "ctl/conf/lacks_cgroup.h"
#include "ctl/conf/lacks_gate.h"
#include "ctl/conf/lacks_join.h"
#include "ctl/conf/lacks_kernel.h"
#include "ctl/conf/lacks_profile.h"
#include "ctl/host/given.h"
#include "plan/filter/filter.h"
#include "plan/filter/need.h"
#include "plan/filter/set.h"
#include "policy/file/load.h"
#include "policy/filter/sysgroups.h"
#include "policy/policy.h"
#include "store/form_place.h"
#include "store/image.h"
#include "store/store.h"
#include "store/verity.h"
#include "wire/proto.h"

struct asker {
	const struct crl_config *config;
	const struct crl_policy *p;
	ctl_each_lack *each;
	void *arg;
};

static void tell(const struct asker *a, const char *key, enum crl_need need, const char *mend, const char *text)
{
	a->each(a->arg, &(struct ctl_lack){.key = key, .need = need, .mend = mend, .text = text});
}

/* Of a room's filter, or of the one that carrel-shell loads. */
struct filter_keys {
	const struct crl_seccomp *wish;
	const char *base, *deny;
};

static void tell_left_out(const struct asker *a, const struct filter_keys *k, const char *names, const char *what)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "leaves out %s, without which %s", names, what);
	tell(a, k->wish->deny.len ? k->deny : k->base, CRL_NEED_REQUIRE, "allow what every login needs", text);
}

/* A set that refuses what every login does is a mistake, unless nobody shall get in. */
static void ask_needed_calls(const struct asker *a, const struct filter_keys *k, const struct crl_sysgroups *groups)
{
	scoped_free struct crl_callset *set = malloc(sizeof(*set));
	bool room = k->wish == &a->p->seccomp;
	char names[128];

	if (!set || crl_callset_build(k->wish, groups, set, NULL) < 0)
		return;
	if (room && crl_callset_lacks(set, names, sizeof(names)))
		tell_left_out(a, k, names, "sshd, su or a shell does not start");
	if (room && crl_callset_lacks_last(set, a->p, names, sizeof(names)))
		tell_left_out(a, k, names, "carrel-shell cannot do what comes last and refuses");
	if (!room && crl_callset_lacks_start(set, names, sizeof(names)))
		tell_left_out(a, k, names, "carrel-shell cannot execute the user's shell");
	if (!room && a->p->profiles_len && crl_callset_lacks_load(set, names, sizeof(names)))
		tell_left_out(a, k, names, "carrel-shell cannot load what seccomp.profiles says");
}

/* "KEY: … 'ITEM' …", where it is about one of a policy's lists. */
static void tell_fault(const struct asker *a, const struct crl_err *err)
{
	static const char *const list[] = {"seccomp.allow", "seccomp.deny", "seccomp.answers", "seccomp.base"};
	struct ctl_lack lack = {.key = "seccomp.base",
				.text = err->text,
				.mend = "mend the lists of seccomp; a name that may be unknown has a ? before it"};
	const char *quote = strchr(err->text, '\'');
	char item[CRL_POLICY_NAME_MAX] = "";

	(void)snprintf(item, sizeof(item), "%.*s", (int)strcspn(err->text, " "), err->text);
	if (crl_strv_has(&a->p->seccomp.deny, item)) { /* "setuid must not be refused" */
		lack.key = "seccomp.deny";
		lack.item = item;
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(list); i++) {
		size_t len = strlen(list[i]);

		if (strncmp(err->text, list[i], len) != 0 || strncmp(err->text + len, ": ", 2) != 0)
			continue;
		lack.key = list[i];
		lack.text = err->text + len + 2;
		if (quote)
			(void)snprintf(item, sizeof(item), "%.*s", (int)strcspn(quote + 1, "'"), quote + 1);
		lack.item = item;
	}
	a->each(a->arg, &lack);
}

/* "seccomp.deny: …", and means the one of shell.seccomp. */
static void tell_shell_fault(const struct asker *a, const struct crl_err *err)
{
	size_t len = strcspn(err->text, ":");
	bool named = strncmp(err->text, "seccomp.", 8) == 0 && err->text[len];
	char key[64] = "shell.seccomp.base";

	if (named)
		(void)snprintf(key, sizeof(key), "shell.%.*s", (int)len, err->text);
	tell(a, key, CRL_NEED_REQUIRE, "mend the lists of shell.seccomp",
	     named ? err->text + len + 1 + strspn(err->text + len + 1, " ") : err->text);
}

static void ask_room_filter(const struct asker *a, const struct crl_sysgroups *groups, struct crl_filter *filter)
{
	const struct filter_keys k = {&a->p->seccomp, "seccomp.base", "seccomp.deny"};
	const struct crl_filter_room room = {.setns_flags = crl_ns_clone_flags(a->p->namespaces),
					     .holds_projects = crl_policy_keeps_home(a->p)};
	struct crl_err err = {0};

	if (crl_filter_compile(k.wish, groups, &room, filter, &err) < 0)
		tell_fault(a, &err);
	else {
		ask_needed_calls(a, &k, groups);
		ctl_find_value_lacks(a->p, filter, a->each, a->arg);
	}
}

static void ask_shell_filter(const struct asker *a, const struct crl_sysgroups *groups, struct crl_filter *filter)
{
	const struct filter_keys k = {&a->p->shell_seccomp, "shell.seccomp.base", "shell.seccomp.deny"};
	const struct crl_filter_room room = {0};
	struct crl_err err = {0};

	if (crl_filter_compile(k.wish, groups, &room, filter, &err) < 0)
		tell_shell_fault(a, &err);
	else
		ask_needed_calls(a, &k, groups);
}

static void ask_filter(const struct asker *a)
{
	bool room = a->p->seccomp.base[0], shell = a->p->shell_seccomp.base[0];
	scoped_free struct crl_filter *filter = malloc(sizeof(*filter));
	scoped(crl_sysgroups) groups = {0};
	struct crl_err err = {0};
	char path[PATH_MAX];

	if (!filter || (!room && !shell) || a->p->need[CRL_FEATURE_SECCOMP] == CRL_NEED_OFF)
		return;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		tell(a, "features.seccomp", CRL_NEED_REQUIRE, "boot a kernel with CONFIG_SECCOMP_FILTER",
		     "needs a filter, which this kernel has not");
	(void)snprintf(path, sizeof(path), "%s/syscalls.conf", crl_config_data_dir(a->config));
	if (crl_sysgroups_load(path, &groups, &err) < 0) {
		tell_fault(a, &err);
		return;
	}
	if (room)
		ask_room_filter(a, &groups, filter);
	if (shell)
		ask_shell_filter(a, &groups, filter);
}

static void ask_accounting(const struct asker *a)
{
	if (a->p->need[CRL_FEATURE_ACCOUNTING] == CRL_NEED_REQUIRE && (a->p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) &&
	    (access(_PATH_UTMP, F_OK) != 0 || access(_PATH_WTMP, F_OK) != 0))
		tell(a, "features.accounting", CRL_NEED_REQUIRE, "features = { accounting = \"prefer\"; }",
		     "needs " _PATH_UTMP " and " _PATH_WTMP ", which this host has not");
}

/*
 * What is a module is loaded when it is asked for, as by the first login that mounts it. Only root may ask so; anybody
 * else is told nothing rather than something wrong.
 */
static bool has_filesystem(const char *name)
{
	scoped_fd fd = (int)syscall(SYS_fsopen, name, FSOPEN_CLOEXEC);

	return fd >= 0 || errno != ENODEV;
}

static void ask_path(const struct asker *a, const char *key, const char *path, const char *mend)
{
	char text[PATH_MAX + 40];

	if (!path || strchr(path, '%') || access(path, F_OK) == 0)
		return;
	(void)snprintf(text, sizeof(text), "names %s, which is not there", path);
	tell(a, key, CRL_NEED_REQUIRE, mend, text);
}

/* What the login is refused for, but for a path without a device: that the login's own text says best. */
static void ask_device(const struct asker *a, const char *path)
{
	uint32_t major_nr, minor_nr;
	char text[PATH_MAX + 80];
	int rc = !path || strchr(path, '%') ? 0 : crl_device_find(path, &major_nr, &minor_nr);

	if (rc == -ENOENT)
		ask_path(a, "limits.io", path, "make it, or take it out");
	if (rc != -EPERM && rc != -ELOOP)
		return;
	(void)snprintf(text, sizeof(text),
		       rc == -ELOOP ? "names %s, of which a part is a link"
				    : "names %s, below a directory that is not root's",
		       path);
	tell(a, "limits.io", CRL_NEED_REQUIRE, "name the mount point of the disk", text);
}

/* Needs root's power; anybody else is told nothing rather than something wrong. */
static void ask_owner(const struct asker *a, const char *path)
{
	scoped_fd dir = -EBADF;
	char text[PATH_MAX + 100];
	int rc;

	if (strchr(path, '%') || a->p->lower_owner != CRL_LOWER_USER || geteuid() != 0)
		return;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = dir < 0 ? 0 : crl_idmap_try(dir);
	if (rc == 0)
		return;
	(void)snprintf(text, sizeof(text), "names %s, whose owners cannot be mapped to the user: %s", path,
		       strerrordesc_np(-rc));
	tell(a, "home.lower", CRL_NEED_REQUIRE, "put it on ext4, XFS or Btrfs, or say lower_owner = \"keep\"", text);
}

/* Opening loads the module, where there is one. */
static bool has_loop(void)
{
	scoped_fd fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	return fd >= 0 || (errno != ENOENT && errno != ENODEV && errno != ENXIO);
}

static void ask_proof(const struct asker *a, const struct crl_image *image)
{
	if (!has_loop())
		tell(a, "root.image", CRL_NEED_REQUIRE, "a kernel with CONFIG_BLK_DEV_LOOP, or its module loop",
		     "is a file, and there are no loop devices");
	else if (image->root_hash[0] && !crl_verity_is_there())
		tell(a, "root.image", CRL_NEED_PREFER, "a kernel with CONFIG_DM_VERITY, or its module dm-verity",
		     "is proved by reading all of it once, since this kernel has no dm-verity");
}

/* A file is mounted, as one of the kernel's file systems; one of the store has to be there. */
static void ask_image(const struct asker *a)
{
	const struct crl_policy *p = a->p;
	struct crl_image image;
	struct crl_err err = {0};
	char text[sizeof(err.text) + 64];

	if (p->root_image && geteuid() == 0 &&
	    crl_image_resolve(crl_config_store(a->config), p->root_image, &image, &err) < 0) {
		tell(a, "root.image", CRL_NEED_REQUIRE, "carrelctl image add, or another name", err.text);
	} else if (p->root_image && geteuid() == 0 && !has_filesystem(image.fs)) {
		(void)snprintf(text, sizeof(text), "is %s, which this kernel does not have", image.fs);
		tell(a, "root.image", CRL_NEED_REQUIRE, "a kernel that has it, or its module", text);
	} else if (p->root_image && geteuid() == 0) {
		ask_proof(a, &image);
	}
}

/* The nearest directory above the store that is there: what it will be made in. */
static int open_store(const struct asker *a)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s", crl_config_store(a->config));
	while ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 && errno == ENOENT &&
	       strrchr(path, '/') > path)
		*strrchr(path, '/') = '\0';
	return fd;
}

/* What is kept in the store, by the keys of a policy. */
struct kept {
	bool is_kept;
	bool is_limited;
	enum crl_home_quota quota;
	const char *where, *quota_key;
};

/* Its mode or owner, or what it lies on, keeps everybody out whose policy keeps something. */
static void ask_order(const struct asker *a, const char *key)
{
	struct crl_err err = {0};
	struct crl_store store;
	char text[sizeof(err.text) + 40];
	int rc = crl_store_open(crl_config_store(a->config), false, &store, &err);

	if (rc == 0)
		crl_store_done(&store);
	if (rc == 0 || rc == -ENOENT)
		return;
	(void)snprintf(text, sizeof(text), "needs the store: %s", err.text);
	tell(a, key, CRL_NEED_REQUIRE, "chown root, chmod 700, or mount what it lies on", text);
}

static void ask_kept(const struct asker *a, const struct kept *k)
{
	bool image = k->quota == CRL_QUOTA_AUTO || k->quota == CRL_QUOTA_IMAGE;
	scoped_fd store = -EBADF;
	const char *unfit;
	char text[PATH_MAX + 80];

	if (!k->is_kept || geteuid() != 0)
		return;
	ask_order(a, k->where);
	store = open_store(a);
	unfit = store < 0 ? NULL : crl_store_unfit(store);
	if (unfit && !image) {
		(void)snprintf(text, sizeof(text), "is \"persistent\", but the store %s is on %s, which takes no upper",
			       crl_config_store(a->config), unfit);
		tell(a, k->where, CRL_NEED_REQUIRE, "put the store on ext4, XFS or Btrfs, or say quota = \"image\"",
		     text);
	}
	if (store >= 0 && k->is_limited && k->quota == CRL_QUOTA_PROJECT && crl_project_is_on(store) == -EOPNOTSUPP) {
		(void)snprintf(text, sizeof(text),
			       "is \"project\", and the file system of the store %s has no project quotas that are "
			       "switched on",
			       crl_config_store(a->config));
		tell(a, k->quota_key, CRL_NEED_REQUIRE,
		     "ext4: tune2fs -O project,quota; mount with prjquota; Linux 5.14; or quota = \"image\"", text);
	}
	if (image && access("/sbin/mkfs.ext4", X_OK) < 0 && access("/usr/sbin/mkfs.ext4", X_OK) < 0)
		tell(a, k->quota_key, CRL_NEED_REQUIRE, "install e2fsprogs, or say quota = \"none\"",
		     "makes images, and mkfs.ext4 is not there");
	if (image && !has_loop())
		tell(a, k->quota_key, CRL_NEED_REQUIRE, "load the kernel module loop at boot, or say quota = \"none\"",
		     "makes images, and there are no loop devices");
}

static void ask_store(const struct asker *a)
{
	const struct crl_policy *p = a->p;

	ask_kept(a, &(struct kept){crl_policy_keeps_home(p), p->home_size > 0 || p->home_inodes > 0, p->home_quota,
				   "home.upper", "home.quota"});
	ask_kept(a, &(struct kept){crl_policy_keeps_root(p), p->root_size > 0 || p->root_inodes > 0, p->root_quota,
				   "root.over", "root.quota"});
}

static void ask_files(const struct asker *a)
{
	const struct crl_policy *p = a->p;

	if (p->home_mode == CRL_HOME_OVERLAY && !has_filesystem("overlay"))
		tell(a, "home.mode", CRL_NEED_REQUIRE, "a kernel with CONFIG_OVERLAY_FS, or its module",
		     "is \"overlay\", which this kernel does not have");
	if (crl_policy_root_is_written(p) && !has_filesystem("overlay"))
		tell(a, p->root_mode == CRL_ROOT_OVERLAY ? "root.mode" : "root.over", CRL_NEED_REQUIRE,
		     "a kernel with CONFIG_OVERLAY_FS, or its module",
		     "needs overlays, which this kernel does not have");
	ask_store(a);
	ask_path(a, "root.path", p->root_path, "make the image");
	ask_image(a);
	for (size_t i = 0; i < p->home_lower.len; i++) {
		ask_path(a, "home.lower", p->home_lower.item[i], "make the template");
		ask_owner(a, p->home_lower.item[i]);
	}
	ask_path(a, "home.skeleton", p->home_skeleton, "make the skeleton");
	for (size_t i = 0; i < p->bind_len; i++)
		if (!p->bind[i].optional)
			ask_path(a, "root.bind", p->bind[i].source, "make it, or say optional = true");
	for (size_t i = 0; i < p->limits.io_len && p->need[CRL_FEATURE_LIMITS] != CRL_NEED_OFF; i++)
		ask_device(a, p->limits.io[i].path);
}

/* Each room needs one, and what is made in it counts as its user's as well. */
static void ask_userns(const struct asker *a)
{
	const struct crl_policy *p = a->p;
	uint64_t each = 1 + (p->user_nested ? p->user_namespaces : 0), most = crl_userns_most();
	uint64_t rooms = p->rooms == CRL_UNLIMITED ? 1 : p->rooms;
	const char *why = crl_userns_obstacle();
	char text[200];

	if (why) {
		(void)snprintf(text, sizeof(text), "needs a user namespace that the user owns: %s", why);
		tell(a, "user.mode", CRL_NEED_REQUIRE, "let users make user namespaces (sysctl.d(5)), or take it out",
		     text);
	} else if (rooms * each > most) {
		(void)snprintf(text, sizeof(text),
			       "may need %" PRIu64
			       " user namespaces of a user, and user.max_user_namespaces is %" PRIu64
			       ": where that is used up",
			       rooms * each, most);
		tell(a, "user.mode", CRL_NEED_REQUIRE,
		     "raise it (sysctl.d(5)), or lower limits.rooms or user.namespaces", text);
	}
}

/* What an own root lies on. @dir  -EBADF = nobody knows */
static void ask_mapped(const struct asker *a, int dir, const char *key, const char *what)
{
	char text[PATH_MAX + 100];

	if (dir < 0 || crl_idmap_try(dir) != -EINVAL) /* what else may be in the way is the namespace's */
		return;
	(void)snprintf(text, sizeof(text), "has %s, whose owners the file system cannot map on this kernel", what);
	tell(a, key, CRL_NEED_REQUIRE, "put it on ext4, XFS or Btrfs, or into a file", text);
}

/* What the child meets that makes the user's namespace, and what file systems have to do for it. Needs root's power. */
static void ask_user(const struct asker *a)
{
	const char *path = a->p->root_path;
	scoped_fd dir = -EBADF, host = -EBADF, store = -EBADF;
	char what[PATH_MAX + 24];

	if (!crl_policy_owns_users(a->p))
		return;
	ask_userns(a);
	if (geteuid() != 0)
		return;
	if (path && !strchr(path, '%')) {
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)snprintf(what, sizeof(what), "the image %s", path);
		ask_mapped(a, dir, "root.path", what);
	}
	if (a->p->root_mode != CRL_ROOT_OVERLAY)
		return;
	host = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ask_mapped(a, host, "root.mode", "the host's root below it");
	store = open_store(a);
	(void)snprintf(what, sizeof(what), "copies in the store %s", crl_config_store(a->config));
	ask_mapped(a, store, "root.mode", what);
}

/* Needs root's power, and tells of this process: a service may have been left less. */
static void ask_ambient(const struct asker *a)
{
	enum crl_need need = a->p->need[CRL_FEATURE_AMBIENT];
	const uint64_t caps = crl_filecaps_known(a->p->cap_ambient);
	const char *lack = caps && need != CRL_NEED_OFF && geteuid() == 0 ? crl_filecaps_lack(caps) : NULL;
	char text[256];

	if (!lack)
		return;
	(void)snprintf(text, sizeof(text), "needs what this host has not: %s", lack);
	tell(a, "features.ambient", need, "leave it to the service, or features = { ambient = \"off\"; }", text);
}

void ctl_find_lacks(const struct crl_config *config, const struct crl_policy *p, ctl_each_lack *each, void *arg)
{
	const struct asker a = {.config = config, .p = p, .each = each, .arg = arg};

	ctl_find_cgroup_lacks(config, p, each, arg);
	ctl_judge_kernel(ctl_given_here(p->net_mode == CRL_NET_NAT), p, each, arg);
	ask_filter(&a);
	ctl_find_gate_lacks(config, p, each, arg);
	ctl_find_profile_lacks(p, each, arg);
	ask_accounting(&a);
	ask_files(&a);
	ask_user(&a);
	ask_ambient(&a);
	ctl_find_join_lacks(p, each, arg);
}

const char *ctl_lack_outcome(enum crl_need need)
{
	if (need == CRL_NEED_OFF)
		return "it has no effect";
	return need == CRL_NEED_REQUIRE ? "the login is refused" : "the login goes on without, and it is logged";
}
