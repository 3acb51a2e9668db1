// SPDX-License-Identifier: Apache-2.0
/*
 * What the last stage of a login needs in the room: a file that says what it does, the filter that it loads, and its
 * own program where the root is an image, which need not know of carrel.
 *
 * Runs in: helper, carrelctl. Pure.
 * R1: each room that PAM makes has the file, so that where there is none there is no such room.
 * R2: where a login goes without no_new_privs as far as the launcher, it is proved that no other file counts.
 */
#include "plan/mounts/build.h"

#include <errno.h>
#include <string.h>

#include "base/phrases.h"
#include "wire/contact.h"
#include "wire/stage.h"

_Static_assert((int)CRL_LAST_PROFILES_MAX == (int)CRL_PROFILES_MAX, "each profile of a policy is said");

#define IN_RUN(path) ((path) + 1) /* "/run/carrel/stage" is "run/carrel/stage" of the system tree */
#define MERGED "shell" /* of the system tree: what lies before the program's directory */

static bool has_launcher(const struct crl_build *b)
{
	return b->policy->cap_ambient && b->host->launcher;
}

static void describe_profiles(const struct crl_build *b, struct crl_last *ret)
{
	for (size_t i = 0; i < b->policy->profiles_len; i++) {
		struct crl_last_profile *p = &ret->profile[ret->profiles];

		if (!b->host->profile_filters[i].size)
			continue;
		(void)snprintf(p->program, sizeof(p->program), "%s", b->policy->profiles[i].program);
		(void)snprintf(p->filter, sizeof(p->filter), CRL_LAST_PROFILE, i);
		ret->profiles++;
	}
}

static int describe(struct crl_build *b, struct crl_last *ret)
{
	const struct crl_policy *p = b->policy;
	const char *shell = p->shell_path ? p->shell_path : "";
	const bool root = p->user_mode == CRL_USER_ROOT;

	*ret = (struct crl_last){.no_new_privs = p->no_new_privs};
	if (has_launcher(b))
		(void)snprintf(ret->caps, sizeof(ret->caps), "%s", CRL_LAST_CAPS);
	if (crl_policy_owns_users(p))
		*ret = (struct crl_last){
			.user = root ? CRL_LAST_USER_ROOT : CRL_LAST_USER_OWN,
			.uid = root ? 0 : b->login->uid,
			.gid = root ? 0 : b->login->gid,
			.ns = CRL_LAST_NS,
			.root = CRL_LAST_ROOT,
			.nested = p->user_nested,
		};
	if (p->shell_apart && p->need[CRL_FEATURE_LANDLOCK] != CRL_NEED_OFF)
		ret->apart =
			p->need[CRL_FEATURE_LANDLOCK] == CRL_NEED_PREFER ? CRL_LAST_APART_PREFER : CRL_LAST_APART_YES;
	if ((size_t)snprintf(ret->shell, sizeof(ret->shell), "%s", shell) >= sizeof(ret->shell))
		return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT, "shell.path: expected a shorter path");
	(void)snprintf(ret->filter, sizeof(ret->filter), "%s", b->host->shell_filter_size ? CRL_LAST_FILTER : "");
	describe_profiles(b, ret);
	return 0;
}

/* What the user namespace and its root are mounted on. */
static int add_places(struct crl_build *b)
{
	int rc;

	if (!crl_policy_owns_users(b->policy))
		return 0;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = IN_RUN(CRL_LAST_ROOT), .mode = 0755);
	return rc < 0 ? rc
		      : CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = IN_RUN(CRL_LAST_NS),
				.mode = 0444, .data = "");
}

static int add_filter(struct crl_build *b, const char *path, const void *insn, size_t size)
{
	return CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = IN_RUN(path), .mode = 0444,
		       .data = insn, .number = size);
}

static int add_profiles(struct crl_build *b)
{
	for (size_t i = 0; i < b->policy->profiles_len; i++) {
		const struct crl_host_filter *f = &b->host->profile_filters[i];
		const char *path = crl_build_text(b, CRL_LAST_PROFILE, i);

		if (!path || (f->size && add_filter(b, path, f->insn, f->size) < 0))
			return -ENOMEM;
	}
	return 0;
}

static int add_text(struct crl_build *b, const char *path, const char *text)
{
	return CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = IN_RUN(path), .mode = 0444,
		       .data = text);
}

/*
 * For who is in there: whom they can ask and in which language (carrel-shell, carrel-errand, carrel), and what their
 * logins met (carrel).
 */
static int add_told(struct crl_build *b)
{
	const char *contact = crl_build_text(b, "%s\n", b->host->contact);
	const char *language = crl_build_text(b, "%s\n", crl_language_name(b->host->language));
	int rc = contact && language ? 0 : -ENOMEM;

	if (rc == 0 && b->host->contact[0])
		rc = add_text(b, CRL_CONTACT_FILE, contact);
	if (rc == 0 && b->host->language != CRL_LANGUAGE_EN)
		rc = add_text(b, CRL_LANGUAGE_FILE, language);
	if (rc == 0 && b->host->why)
		rc = add_text(b, CRL_WHY_ROOM_FILE, b->host->why);
	return rc;
}

/* R1 */
int crl_build_last(struct crl_build *b)
{
	const struct crl_host *host = b->host;
	scoped_free char *buf = NULL;
	struct crl_last last;
	const char *text;
	int rc;

	if (host->alone) /* carrel-shell makes that room itself */
		return 0;
	rc = describe(b, &last);
	if (rc < 0)
		return rc;
	buf = malloc(CRL_LAST_TEXT_MAX + 1);
	if (!buf)
		return -ENOMEM;
	if (crl_last_print(&last, buf) < 0)
		return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT, "shell: cannot be said to carrel-shell");
	text = crl_build_text(b, "%s", buf);
	if (!text)
		return -ENOMEM;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = IN_RUN(CRL_LAST_DIR), .mode = 0755);
	if (rc == 0)
		rc = add_places(b);
	if (rc == 0)
		rc = add_text(b, CRL_LAST_FILE, text);
	if (rc == 0 && host->shell_filter_size)
		rc = add_filter(b, CRL_LAST_FILTER, host->shell_filter, host->shell_filter_size);
	if (rc == 0)
		rc = add_told(b);
	return rc < 0 ? rc : add_profiles(b);
}

/* What stands for it in the system tree until it is bound. */
static int make_empty(struct crl_build *b, const char *name, const char **ret)
{
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = MERGED, .mode = 0755);

	*ret = crl_build_text(b, MERGED "/%s", name);
	if (rc < 0 || !*ret)
		return -ENOMEM;
	return CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = *ret, .mode = 0755, .data = "");
}

/* In a root that takes writes a place is made; in another the directory is merged with one that has it. */
static int make_place(struct crl_build *b, const char *program, const char *slash)
{
	const char *dir = crl_build_text(b, "%.*s", (int)(slash - program), program), *empty;
	/* With a user namespace nobody becomes root but in there. */
	uint32_t suid = b->policy->no_new_privs || crl_policy_owns_users(b->policy) ? 0 : CRL_OP_SUID;
	int rc = make_empty(b, slash + 1, &empty);

	if (rc < 0 || !dir)
		return -ENOMEM;
	if (crl_policy_outer_is_written(b->policy))
		return CRL_ADD(b, .kind = CRL_MOUNT_STEER, .tree = CRL_TREE_SEALED, .source = empty, .target = program,
			       .flags = CRL_OP_PLACE);
	return CRL_ADD(b, .kind = CRL_MOUNT_MERGE, .source = MERGED, .target = dir, .flags = CRL_OP_OPTIONAL | suid);
}

int crl_build_last_program(struct crl_build *b)
{
	const char *program = b->host->shell_program, *slash = program ? strrchr(program, '/') : NULL;
	int rc;

	if (!slash || slash == program || b->policy->root_mode != CRL_ROOT_IMAGE ||
	    !crl_policy_has_last_stage(b->policy))
		return 0;
	rc = make_place(b, program, slash);
	if (rc < 0)
		return rc;
	return crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_BIND,
							     .source = program,
							     .target = program,
							     .flags = CRL_OP_OPTIONAL | CRL_OP_EXEC});
}

int crl_build_launcher(struct crl_build *b)
{
	return !has_launcher(b) ? 0
				: crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_LAUNCHER,
										.source = CRL_LAST_CAPS_NAME,
										.target = CRL_LAST_CAPS_DIR,
										.data = b->host->launcher,
										.number = b->host->launcher_size,
										.caps = b->policy->cap_ambient});
}

/* R2 */
int crl_build_proof(struct crl_build *b)
{
	return has_launcher(b) ? CRL_ADD(b, .kind = CRL_MOUNT_PROVE, .target = CRL_LAST_CAPS_DIR) : 0;
}
