// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/mounts/plan.h"

struct fixture {
	struct crl_policy p;
	struct crl_login l;
	struct crl_host h;
	char *mounts[8];
	struct crl_mount_plan plan;
	struct crl_err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	crl_policy_init(&f->p);
	f->l = (struct crl_login){.uid = 1001,
				  .gid = 1001,
				  .ngroups = 1,
				  .groups = {1001},
				  .user = "cara",
				  .home = "/home/cara",
				  .service = "sshd"};
	f->h = (struct crl_host){.name = "host", .room_name = "cara-host", .room_id = "abc", .mounts = f->mounts};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	crl_mount_plan_done(&f->plan);
	crl_policy_done(&f->p);
	free(f);
	return 0;
}

static void add_mount(struct fixture *f, const char *path)
{
	static char names[8][64];

	(void)snprintf(names[f->h.mounts_len], sizeof(names[0]), "%s", path);
	f->mounts[f->h.mounts_len] = names[f->h.mounts_len];
	f->h.mounts_len++;
}

static void hide(struct fixture *f, const char *path)
{
	assert_int_equal(crl_strv_add(&f->p.hide, path), 0);
}

static int build(struct fixture *f)
{
	crl_mount_plan_done(&f->plan);
	return crl_mount_plan_build(&f->p, &f->l, &f->h, &f->plan, &f->err);
}

/* Position of the step, or -1. NULL matches any target. */
static int find(const struct fixture *f, enum crl_mount_kind kind, const char *target)
{
	for (size_t i = 0; i < f->plan.len; i++)
		if (f->plan.op[i].kind == kind &&
		    (!target || (f->plan.op[i].target && !strcmp(f->plan.op[i].target, target))))
			return (int)i;
	return -1;
}

static void assert_refused(struct fixture *f, enum crl_stage stage, const char *says)
{
	assert_int_equal(build(f), -EINVAL);
	assert_int_equal(f->err.stage, stage);
	assert_non_null(strstr(f->err.text, says));
	assert_int_equal(f->plan.len, 0);
	assert_null(f->plan.op);
}

static void test_order(void **state)
{
	struct fixture *f = *state;
	int home;

	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_ISOLATE, NULL), 0);
	assert_int_equal(find(f, CRL_MOUNT_HOME_OPEN, NULL), 1); /* before anything covers the way to it */
	assert_int_equal(find(f, CRL_MOUNT_PIVOT, NULL), f->plan.len - 1);
	assert_true(find(f, CRL_MOUNT_SYSTEM, NULL) < find(f, CRL_MOUNT_SEAL, NULL));
	assert_true(find(f, CRL_MOUNT_ROOT, NULL) < find(f, CRL_MOUNT_PROTECT, NULL));
	assert_true(find(f, CRL_MOUNT_PROTECT, NULL) < find(f, CRL_MOUNT_HIDE, "/home"));
	home = find(f, CRL_MOUNT_HOME, "/home/cara");
	assert_true(home > find(f, CRL_MOUNT_HIDE, "/home"));
	assert_true(f->plan.op[home].flags & CRL_OP_PLACE);
	assert_int_equal(f->plan.op[home].place_tree, CRL_TREE_SYSTEM);
	assert_non_null(strstr(f->plan.op[home].place, "/cara"));
}

static const struct crl_mount_op *file(const struct fixture *f, const char *target)
{
	int at = find(f, CRL_MOUNT_FILE, target);

	return at < 0 ? NULL : &f->plan.op[at];
}

/*
 * The launcher is on a mount of its own, and it is proved that nothing else counts.
 * keeps: plan/mounts/last R2
 */
static void test_launcher(void **state)
{
	static char program[] = "ELF";
	struct fixture *f = *state;
	const struct crl_mount_op *op;

	f->p.cap_bounding = f->p.cap_ambient = 1u << 13;
	assert_int_equal(build(f), 0); /* the host has none: carrel-shell does not ask for it either */
	assert_int_equal(find(f, CRL_MOUNT_LAUNCHER, "/run/carrel/bin"), -1);
	assert_string_equal(file(f, "run/carrel/stage")->data, "carrel-stage 1\nuser none\nno_new_privs yes\n");
	f->h.launcher = program;
	f->h.launcher_size = sizeof(program);
	assert_int_equal(build(f), 0);
	assert_string_equal(file(f, "run/carrel/stage")->data,
			    "carrel-stage 1\nuser none\nno_new_privs yes\ncaps /run/carrel/bin/caps\n");
	op = &f->plan.op[find(f, CRL_MOUNT_LAUNCHER, "/run/carrel/bin")];
	assert_string_equal(op->source, "caps");
	assert_ptr_equal(op->data, program);
	assert_int_equal(op->number, sizeof(program));
	assert_int_equal(op->caps, 1u << 13);
	assert_string_equal(op->place, "run/carrel/bin");
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_PROTECT, NULL)].flags & CRL_OP_SUID, 0);
	op = &f->plan.op[f->plan.len - 1];
	assert_int_equal(op->kind, CRL_MOUNT_PROVE);
	assert_string_equal(op->target, "/run/carrel/bin");
	f->p.cap_ambient = 0;
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_LAUNCHER, "/run/carrel/bin"), -1);
	assert_int_equal(f->plan.op[f->plan.len - 1].kind, CRL_MOUNT_PIVOT);
	f->h.launcher = NULL;
}

/* What carrel-shell does is said in each room. keeps: plan/mounts/last R1 */
static void test_last_stage(void **state)
{
	static const char program[] = "/usr/bin/carrel-shell";
	static char filter[] = "12345678abcdefg"; /* with its NUL two instructions */
	struct fixture *f = *state;
	const struct crl_mount_op *op;

	assert_int_equal(build(f), 0);
	op = file(f, "run/carrel/stage");
	assert_non_null(op);
	assert_string_equal(op->data, "carrel-stage 1\nuser none\nno_new_privs yes\n");
	assert_int_equal(op->tree, CRL_TREE_SYSTEM);
	assert_int_equal(op->mode, 0444);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_DIR, "run/carrel")].mode, 0755);
	assert_null(file(f, "run/carrel/stage.bpf"));
	assert_null(file(f, "run/carrel/contact"));
	(void)strcpy(f->h.contact, "Call 4321");
	assert_int_equal(build(f), 0);
	op = file(f, "run/carrel/contact");
	assert_non_null(op);
	assert_string_equal(op->data, "Call 4321\n");
	assert_int_equal(op->mode, 0444);
	assert_null(file(f, "run/carrel/language")); /* English */
	f->h.language = CRL_LANGUAGE_EU;
	assert_int_equal(build(f), 0);
	assert_string_equal(file(f, "run/carrel/language")->data, "eu\n");
	assert_int_equal(file(f, "run/carrel/language")->mode, 0444);
	assert_null(file(f, "run/carrel/why"));
	assert_int_equal(crl_strdup_to(&f->h.why, "carrel-why 2 0 ana\n"), 0);
	assert_int_equal(build(f), 0);
	assert_string_equal(file(f, "run/carrel/why")->data, "carrel-why 2 0 ana\n");
	assert_int_equal(file(f, "run/carrel/why")->mode, 0444);
	free(f->h.why);
	f->h.why = NULL;
	assert_int_equal(crl_strdup_to(&f->p.shell_path, "/bin/bash"), 0);
	f->h.shell_filter = filter;
	f->h.shell_filter_size = sizeof(filter);
	f->h.shell_program = crl_unconst(program);
	f->p.no_new_privs = false;
	assert_int_equal(build(f), 0);
	assert_string_equal(file(f, "run/carrel/stage")->data,
			    "carrel-stage 1\nuser none\nfilter /run/carrel/stage.bpf\n"
			    "shell /bin/bash\nno_new_privs no\n");
	op = file(f, "run/carrel/stage.bpf");
	assert_ptr_equal(op->data, filter);
	assert_int_equal(op->number, sizeof(filter));
	assert_int_equal(find(f, CRL_MOUNT_BIND, program), -1); /* the host has it */
	f->p.root_mode = CRL_ROOT_IMAGE;
	assert_int_equal(crl_strdup_to(&f->p.root_path, "/img"), 0);
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_MERGE, "/usr/bin") < find(f, CRL_MOUNT_BIND, program));
	assert_true(f->plan.op[find(f, CRL_MOUNT_MERGE, "/usr/bin")].flags & CRL_OP_SUID);
	f->p.root_over = CRL_ROOT_OVER_TMPFS;
	f->p.user_mode = CRL_USER_OWN; /* nobody is to become root but inside */
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_MERGE, "/usr/bin")].flags & CRL_OP_SUID, 0);
	f->p.user_mode = CRL_USER_NONE;
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_STEER, program) < find(f, CRL_MOUNT_BIND, program));
	f->h.shell_filter_size = 0;
	free(f->p.shell_path);
	f->p.shell_path = NULL;
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BIND, program), -1);
	f->h.shell_program = NULL;
	f->h.shell_filter = NULL;
	f->p.shell_path = malloc(1000);
	memset(f->p.shell_path, '/', 999);
	f->p.shell_path[999] = '\0';
	assert_refused(f, CRL_STAGE_MOUNT, "shell.path");
}

/* Each profile that has a filter is said, with its file. */
static void test_profiles(void **state)
{
	struct crl_profile profile[] = {{crl_unconst("/bin/bash"), crl_unconst("b")},
					{crl_unconst("/usr/bin/python3"), crl_unconst("p")}};
	static char filter[] = "12345678abcdefg"; /* with its NUL two instructions */
	struct fixture *f = *state;
	const struct crl_mount_op *op;

	f->p.profiles = profile;
	f->p.profiles_len = CRL_ARRAY_LEN(profile);
	assert_true(crl_policy_has_last_stage(&f->p));
	assert_int_equal(build(f), 0); /* features.seccomp = "off": there are no filters */
	assert_string_equal(file(f, "run/carrel/stage")->data, "carrel-stage 1\nuser none\nno_new_privs yes\n");
	f->h.profile_filters[1] = (struct crl_host_filter){filter, sizeof(filter)};
	assert_int_equal(build(f), 0);
	assert_string_equal(file(f, "run/carrel/stage")->data, "carrel-stage 1\nuser none\nno_new_privs yes\n"
							       "profile /usr/bin/python3 /run/carrel/profile1.bpf\n");
	op = file(f, "run/carrel/profile1.bpf");
	assert_ptr_equal(op->data, filter);
	assert_int_equal(op->number, sizeof(filter));
	assert_int_equal(op->mode, 0444);
	assert_null(file(f, "run/carrel/profile0.bpf"));
	f->h.profile_filters[1] = (struct crl_host_filter){0};
	f->p.profiles = NULL;
	f->p.profiles_len = 0;
}

/* For a user who may nest: a bare /proc and /sys below a directory of root's, covered last, and not to be offered. */
static void test_nest(void **state)
{
	struct fixture *f = *state;
	int dir, proc, sys, cover;

	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BARE, NULL), -1);
	f->h.nest = true;
	assert_int_equal(build(f), 0);
	dir = find(f, CRL_MOUNT_DIR, "run/carrel-nest");
	proc = find(f, CRL_MOUNT_BARE, "/run/carrel-nest/proc");
	sys = find(f, CRL_MOUNT_BARE, "/run/carrel-nest/sys");
	cover = find(f, CRL_MOUNT_HIDE, "/run/carrel-nest");
	assert_true(dir >= 0 && f->plan.op[dir].mode == 0700);
	assert_true(dir < proc && proc < sys && sys < cover);
	assert_true(find(f, CRL_MOUNT_SHOW, "/run") < proc);
	assert_int_equal(f->plan.op[proc].tree, CRL_TREE_PROC);
	assert_int_equal(f->plan.op[sys].tree, CRL_TREE_SYS);
	f->p.nested_proc = false;
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BARE, NULL), -1);
	f->p.nested_proc = true;
	assert_int_equal(crl_strv_add(&f->p.run, "/run/carrel-nest/proc"), 0);
	assert_refused(f, CRL_STAGE_MOUNT, "is the room's own");
}

/* Sockets that the room would show are covered before anything of its own comes; those it wants are not. */
static void test_sockets(void **state)
{
	char *sockets[] = {(char[]){"/var/lib/x.sock"},        (char[]){"/run/y.sock"},
			   (char[]){"/home/cara/own"},         (char[]){"/home/bob/z"},
			   (char[]){"/var/lib/sss/pipes/nss"}, (char[]){"/srv/work/in"},
			   (char[]){"/var/lib/sss/pipesx"}};
	struct fixture *f = *state;

	f->h.sockets = sockets;
	f->h.sockets_len = CRL_ARRAY_LEN(sockets);
	hide(f, "/home");
	assert_int_equal(crl_strv_add(&f->p.writable, "/srv/work"), 0);
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_SOCKET, "/var/lib/x.sock") > find(f, CRL_MOUNT_PROTECT, NULL));
	assert_true(find(f, CRL_MOUNT_SOCKET, "/var/lib/x.sock") < find(f, CRL_MOUNT_HOME, "/home/cara"));
	assert_true(find(f, CRL_MOUNT_SOCKET, "/var/lib/sss/pipesx") > 0);
	for (size_t i = 1; i < 6; i++)
		assert_int_equal(find(f, CRL_MOUNT_SOCKET, sockets[i]), -1);
	assert_int_equal(crl_strv_add(&f->p.read_only, "/home/bob"), 0); /* shown again, but nothing there is offered */
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_SOCKET, "/home/bob/z") > find(f, CRL_MOUNT_BIND, "/home/bob"));
	crl_strv_done(&f->p.read_only);
	f->p.root_mode = CRL_ROOT_IMAGE;
	f->p.root_path = strdup("/srv/image");
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_SOCKET, NULL), -1);
}

/* Set-user-ID programs count where the policy wants them to and the user cannot have made them. */
static void test_suid(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_PROTECT, NULL)].flags, 0);
	f->p.no_new_privs = false;
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_PROTECT, NULL)].flags, CRL_OP_SUID);
	f->p.root_mode = CRL_ROOT_IMAGE;
	assert_int_equal(crl_strdup_to(&f->p.root_path, "/srv/image"), 0);
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_PROTECT, NULL)].flags, CRL_OP_SUID);
	f->p.root_writable = true;
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_PROTECT, NULL)].flags, CRL_OP_WRITABLE);
}

/* The host below, the user's changes above: what is mounted in it stays as it is, and what steers root. */
static void test_overlay(void **state)
{
	struct fixture *f = *state;
	char *libraries[] = {(char[]){"/usr/local/lib/libx.so"}};

	f->h.libraries = libraries;
	f->h.libraries_len = 1;
	add_mount(f, "/data");
	add_mount(f, "/data/in");
	f->p.root_mode = CRL_ROOT_OVERLAY;
	f->p.root_over = CRL_ROOT_OVER_TMPFS;
	assert_int_equal(crl_strv_add(&f->p.own, "/etc"), 0);
	assert_int_equal(crl_strv_add(&f->p.own, "/data"), 0);
	assert_int_equal(build(f), 0);
	assert_string_equal(f->plan.op[find(f, CRL_MOUNT_ROOT, NULL)].data, "user");
	assert_int_equal(find(f, CRL_MOUNT_OVER, NULL), -1);
	assert_true(find(f, CRL_MOUNT_APART, "/data") > find(f, CRL_MOUNT_KEEP, "/data"));
	assert_true(find(f, CRL_MOUNT_APART, "/data") < find(f, CRL_MOUNT_PROTECT, NULL));
	assert_int_equal(find(f, CRL_MOUNT_APART, "/etc"), -1);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_APART, "/data") + 1].kind, CRL_MOUNT_KEEP); /* /data/in again */
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_PROTECT, NULL)].flags, CRL_OP_WRITABLE);
	assert_true(find(f, CRL_MOUNT_OWN, "/data") < find(f, CRL_MOUNT_OWN, "/etc"));
	assert_true(find(f, CRL_MOUNT_STEER, "/etc/passwd") > find(f, CRL_MOUNT_OWN, "/etc"));
	assert_true(find(f, CRL_MOUNT_STEER, "/usr/local/lib/libx.so") > 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/var/lib/sss/pipes") > 0);
	f->p.root_size = 1 << 20;
	f->p.root_inodes = 77;
	assert_int_equal(build(f), 0);
	assert_string_equal(f->plan.op[find(f, CRL_MOUNT_ROOT, NULL)].data, "over");
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_OVER, NULL)].inodes, 77);
	f->p.root_mode = CRL_ROOT_HOST; /* nothing is written to, whatever else is said */
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_STEER, NULL), -1);
	assert_int_equal(find(f, CRL_MOUNT_OWN, NULL), -1);
}

/* A kept root is made over the store's data, or given by another room, whose owners it has then. */
static void test_kept_root(void **state)
{
	struct fixture *f = *state;

	add_mount(f, "/data");
	f->p.root_mode = CRL_ROOT_OVERLAY;
	f->p.root_over = CRL_ROOT_OVER_PERSISTENT;
	f->p.root_size = 1 << 20;
	f->h.root.data = 8;
	assert_int_equal(crl_strv_add(&f->p.own, "/opt"), 0);
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_OVER_KEPT, NULL)].number, 8);
	assert_int_equal(find(f, CRL_MOUNT_OVER, NULL), -1);
	assert_true(find(f, CRL_MOUNT_OWN, "/opt") > 0);
	assert_true(find(f, CRL_MOUNT_STEER, "/etc/passwd") > 0);
	f->h.root.data = 0;
	f->h.root.shared = 9;
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_OVER_SHARED, NULL)].number, 9);
	assert_int_equal(find(f, CRL_MOUNT_OVER_KEPT, NULL), -1);
	assert_int_equal(find(f, CRL_MOUNT_OWN, NULL), -1);
	assert_true(find(f, CRL_MOUNT_STEER, "/etc/passwd") > 0);
	assert_int_equal(crl_strv_add(&f->p.own, "/data/in"), 0);
	assert_refused(f, CRL_STAGE_MOUNT, "root.own: \"/data/in\" is on another file system");
}

static void test_errands(void **state)
{
	struct fixture *f = *state;
	char client[] = "/usr/libexec/carrel/carrel-errand", place[] = "/run/carrel/errand",
	     passwd[] = "/usr/bin/passwd";
	char *programs[] = {passwd};

	f->h.errand_client = client;
	f->h.errand_place = place;
	f->h.errand_programs = programs;
	f->h.errand_programs_len = 1;
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BIND, "/run/carrel-errand"), -1); /* the policy has none */
	assert_int_equal(crl_strv_add(&f->p.errands, "passwd"), 0);
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_BIND, "/run/carrel-errand") > 0);
	assert_true(find(f, CRL_MOUNT_BIND, "/usr/bin/passwd") > find(f, CRL_MOUNT_PROTECT, NULL));
	assert_string_equal(f->plan.op[find(f, CRL_MOUNT_BIND, "/usr/bin/passwd")].source, client);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_BIND, "/usr/bin/passwd")].flags, CRL_OP_OPTIONAL | CRL_OP_EXEC);
	assert_int_equal(crl_strv_add(&f->p.hide, "/usr/bin/passwd"), 0); /* what is hidden stays so */
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BIND, "/usr/bin/passwd"), -1);
	f->p.hide.len--;
	free(f->p.hide.item[f->p.hide.len]);
	f->p.namespaces &= ~CRL_NS_BIT(CRL_NS_PID); /* the user could trace what runs for him */
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BIND, "/usr/bin/passwd"), -1);
	f->p.namespaces |= CRL_NS_BIT(CRL_NS_PID);
	f->p.root_mode = CRL_ROOT_IMAGE;
	assert_int_equal(crl_strdup_to(&f->p.root_path, "/srv/image"), 0);
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BIND, "/usr/bin/passwd"), -1);
}

static void test_every_kind_has_a_name(void **state)
{
	(void)state;
	for (int k = 0; k < CRL_MOUNT_KIND_COUNT; k++)
		assert_non_null(crl_mount_kind_name((enum crl_mount_kind)k));
	assert_string_equal(crl_mount_kind_name(CRL_MOUNT_KIND_COUNT), "?");
}

static void test_kept_mounts(void **state)
{
	struct fixture *f = *state;

	add_mount(f, "/");
	add_mount(f, "/proc");
	add_mount(f, "/data");
	add_mount(f, "/dev/pts");
	add_mount(f, "/home/other/m");
	add_mount(f, "/homes");
	add_mount(f, "/run/x");
	add_mount(f, "/data/in");
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_KEEP, "/data") >= 0);
	assert_true(find(f, CRL_MOUNT_KEEP, "/data/in") > find(f, CRL_MOUNT_KEEP, "/data"));
	assert_true(find(f, CRL_MOUNT_KEEP, "/homes") >= 0); /* begins like a hidden one, is none */
	assert_int_equal(find(f, CRL_MOUNT_KEEP, "/"), -1);
	assert_int_equal(find(f, CRL_MOUNT_KEEP, "/proc"), -1);
	assert_int_equal(find(f, CRL_MOUNT_KEEP, "/dev/pts"), -1);
	assert_int_equal(find(f, CRL_MOUNT_KEEP, "/home/other/m"), -1);
	assert_int_equal(find(f, CRL_MOUNT_KEEP, "/run/x"), -1);
	assert_int_equal(crl_strv_add(&f->p.writable, "/data"), 0);
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_KEEP, "/data/in"), -1); /* comes with its parent */
	assert_true(find(f, CRL_MOUNT_WRITABLE, "/data") >= 0);
}

static void test_hide_list(void **state)
{
	struct fixture *f = *state;
	int at;

	hide(f, "/opt");
	hide(f, "/opt/inner");
	hide(f, "/opt");
	hide(f, "/tmp/x");
	hide(f, "/proc/version");
	hide(f, "/var");
	hide(f, "/home/cara");
	assert_int_equal(build(f), 0);
	at = find(f, CRL_MOUNT_HIDE, "/opt");
	assert_true(at >= 0);
	for (size_t i = (size_t)at + 1; i < f->plan.len; i++)
		assert_true(f->plan.op[i].kind != CRL_MOUNT_HIDE || strcmp(f->plan.op[i].target, "/opt") != 0);
	assert_int_equal(find(f, CRL_MOUNT_HIDE, "/opt/inner"), -1);
	assert_int_equal(find(f, CRL_MOUNT_HIDE, "/tmp/x"), -1);
	assert_true(find(f, CRL_MOUNT_HIDE, "/home/cara") < find(f, CRL_MOUNT_HOME, "/home/cara"));
	assert_int_equal(find(f, CRL_MOUNT_HIDE, "/var/mail"), -1); /* /var hides it */
	assert_true(find(f, CRL_MOUNT_HIDE, "/proc/version") > find(f, CRL_MOUNT_PROC, NULL));
	/* /var is hidden, what the room shows in it is not */
	at = find(f, CRL_MOUNT_SHOW, "/var/tmp");
	assert_true(f->plan.op[at].flags & CRL_OP_PLACE);
	assert_non_null(strstr(f->plan.op[at].place, "/tmp"));
}

/* Whether programs can be run is as on the host, also where the room has something of its own. */
static void test_exec_as_on_the_host(void **state)
{
	static const char *const own[] = {"/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/run/screen"};
	bool noexec[4] = {false, true, true, true};
	struct fixture *f = *state;

	f->h.screen = true;
	f->p.home_mode = CRL_HOME_OVERLAY;
	f->p.home_size = 1u << 26;
	assert_int_equal(build(f), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(own); i++)
		assert_true(f->plan.op[find(f, CRL_MOUNT_SHOW, own[i])].flags & CRL_OP_EXEC);
	assert_true(f->plan.op[find(f, CRL_MOUNT_HOME, NULL)].flags & CRL_OP_EXEC);
	add_mount(f, "/");
	add_mount(f, "/tmp");
	add_mount(f, "/home");
	add_mount(f, "/run");
	f->h.noexec = noexec;
	assert_int_equal(build(f), 0);
	assert_false(f->plan.op[find(f, CRL_MOUNT_SHOW, "/tmp")].flags & CRL_OP_EXEC);
	assert_false(f->plan.op[find(f, CRL_MOUNT_SHOW, "/run/lock")].flags & CRL_OP_EXEC);
	assert_true(f->plan.op[find(f, CRL_MOUNT_SHOW, "/var/tmp")].flags & CRL_OP_EXEC);
	assert_false(f->plan.op[find(f, CRL_MOUNT_HOME, NULL)].flags & CRL_OP_EXEC);
	f->h.screen = false;
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_SHOW, "/run/screen"), -1);
}

/* Made at boot on a host, and by nobody in a room: what X servers, sshd's forwards for gpg and old programs look for. */
static void test_places_that_others_prepare(void **state)
{
	struct fixture *f = *state;
	size_t at;

	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_DIR, "tmp/.X11-unix"), -1);
	assert_int_equal(find(f, CRL_MOUNT_DIR, "run/gnupg"), -1);
	assert_int_equal(find(f, CRL_MOUNT_LINK, "run/shm"), -1);
	f->h.socket_dirs[0] = f->h.gnupg = f->h.shm_link = true;
	assert_int_equal(build(f), 0);
	at = (size_t)find(f, CRL_MOUNT_DIR, "tmp/.X11-unix");
	assert_int_equal(f->plan.op[at].tree, CRL_TREE_USER);
	assert_int_equal(f->plan.op[at].mode, 01777);
	assert_int_equal(f->plan.op[at].uid, 0); /* X servers want it to be root's */
	assert_int_equal(find(f, CRL_MOUNT_DIR, "tmp/.ICE-unix"), -1);
	at = (size_t)find(f, CRL_MOUNT_DIR, "run/gnupg");
	assert_int_equal(f->plan.op[at].mode, 0700);
	assert_int_equal(f->plan.op[at].uid, f->l.uid);
	assert_string_equal(f->plan.op[find(f, CRL_MOUNT_LINK, "run/shm")].data, "/dev/shm");
}

static void test_bad_paths(void **state)
{
	static const char *const bad[] = {"relative", "/a/../b", "/a//b", "/a/", "/", "", "/./a"};
	struct fixture *f = *state;

	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		size_t len = f->p.hide.len;

		hide(f, bad[i]);
		assert_refused(f, CRL_STAGE_MOUNT, "root.hide");
		free(f->p.hide.item[len]);
		f->p.hide.len = len;
		assert_int_equal(crl_strv_add(&f->p.writable, bad[i]), 0);
		assert_refused(f, CRL_STAGE_MOUNT, "root.writable_paths");
		crl_strv_done(&f->p.writable);
	}
	hide(f, "/home/cara/.ssh");
	assert_refused(f, CRL_STAGE_MOUNT, "inside the home");
}

static void test_bad_homes(void **state)
{
	static const char *const bad[] = {"home", "/home/../root", "/home/", ""};
	struct fixture *f = *state;

	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		(void)snprintf(f->l.home, sizeof(f->l.home), "%s", bad[i]);
		assert_refused(f, CRL_STAGE_HOME, "home");
	}
}

/* What passwd(5) has for accounts without a home: nothing is opened, mounted or made writable for it. */
/* keeps: plan/home R1 */
static void test_homes_that_are_none(void **state)
{
	static const char *const none[] = {"/",    "/tmp",     "/var", "/proc/1",       "/sys",
					   "/dev", "/dev/shm", "/run", "/run/user/1001"};
	struct fixture *f = *state;

	hide(f, "/home");
	for (enum crl_home_mode mode = CRL_HOME_REAL; mode <= CRL_HOME_TMPFS; mode++) {
		f->p.home_mode = mode;
		f->p.home_size = 1u << 26;
		for (size_t i = 0; i < CRL_ARRAY_LEN(none); i++) {
			(void)snprintf(f->l.home, sizeof(f->l.home), "%s", none[i]);
			f->h.mounts_len = 0;
			add_mount(f, "/opt/m");
			assert_int_equal(build(f), 0);
			assert_non_null(strstr(f->plan.homeless, none[i]));
			for (enum crl_mount_kind k = 0; k < CRL_MOUNT_KIND_COUNT; k++)
				if (k == CRL_MOUNT_HOME || k == CRL_MOUNT_HOME_OPEN || k == CRL_MOUNT_LOWER_OPEN ||
				    k == CRL_MOUNT_HOME_TMPFS || k == CRL_MOUNT_HOME_OVERLAY)
					assert_int_equal(find(f, k, NULL), -1);
			assert_true(find(f, CRL_MOUNT_KEEP, "/opt/m") >= 0); /* which is "beneath" the home / */
			assert_true(find(f, CRL_MOUNT_HIDE, "/home") >= 0);
		}
	}
}

/* Of a home that is kept: its data, or another room's mount; without either a room that finds a home is refused. */
static void test_kept_home(void **state)
{
	static const uint32_t layer[] = {7, 3};
	struct fixture *f = *state;
	int at, lower;

	f->p.home_mode = CRL_HOME_OVERLAY;
	f->p.home_upper = CRL_UPPER_PERSISTENT;
	f->p.home_size = 1u << 26;
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_HOME_KEPT, NULL)].number, 0);
	assert_int_equal(find(f, CRL_MOUNT_HOME_OVERLAY, NULL), -1);
	f->h.home = (struct crl_host_home){.data = 6, .layer = layer, .layers = 2};
	assert_int_equal(build(f), 0);
	at = find(f, CRL_MOUNT_HOME_KEPT, NULL);
	assert_int_equal(f->plan.op[at].number, 6);
	assert_true(find(f, CRL_MOUNT_HOME_OPEN, NULL) < at && at < find(f, CRL_MOUNT_HOME, "/home/cara"));
	lower = find(f, CRL_MOUNT_HOME_LOWER, CRL_HOME_LOWER_PLACE);
	assert_true(at < lower && lower < find(f, CRL_MOUNT_PIVOT, NULL));
	f->h.home = (struct crl_host_home){.shared = 8, .lower = 9};
	assert_int_equal(build(f), 0);
	/* What is beneath was found and proved by that room: its server may be dead by now. */
	assert_int_equal(find(f, CRL_MOUNT_HOME_OPEN, NULL), -1);
	assert_int_equal(find(f, CRL_MOUNT_HOME_KEPT, NULL), -1);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_HOME_SHARED, NULL)].number, 8);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_HOME_LOWER, NULL)].number, 9);
	f->p.wishes = false;
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_HOME_LOWER, NULL), -1);
	assert_int_equal(crl_strv_add(&f->p.home_lower, "/a"), 0);
	assert_int_equal(crl_strv_add(&f->p.home_lower, "/b"), 0);
	f->h.home = (struct crl_host_home){.data = 6};
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_HOME_OPEN, NULL), -1);
	assert_true(find(f, CRL_MOUNT_LOWER_OPEN, NULL) >= 0);
}

static const struct crl_mount_op *home_open(struct fixture *f, uint32_t uid, const char *home)
{
	int at;

	f->l.uid = uid;
	(void)snprintf(f->l.home, sizeof(f->l.home), "%s", home);
	assert_int_equal(build(f), 0);
	at = find(f, CRL_MOUNT_HOME_OPEN, NULL);
	return at < 0 ? NULL : &f->plan.op[at];
}

#define CONDITIONS (CRL_OP_OPTIONAL | CRL_OP_OWNED)

/* Whose home may be another's without a refusal, and when one of root's counts. */
static void test_homes_of_accounts(void **state)
{
	static const struct {
		uint32_t uid;
		const char *home;
		uint32_t bound, made_anew;
	} kase[] = {
		{1001, "/home/cara", 0, UINT32_MAX}, /* nothing of the host's is asked */
		{1001, "/data", CRL_OP_OWNED, UINT32_MAX}, /* in root.hide: root's own would show what it hides */
		{999, "/var/www", CRL_OP_OPTIONAL, CONDITIONS},
		{65534, "/nonexistent", CRL_OP_OPTIONAL, CONDITIONS},
		{33, "/data", CONDITIONS, CONDITIONS},
		{1, "/usr/sbin", CONDITIONS, CONDITIONS},
		{1001, "/usr/games", CONDITIONS, CONDITIONS},
		{1001, "/bin", CONDITIONS, CONDITIONS},

		{1001, "/usrlocal/cara", 0, UINT32_MAX},
	};
	struct fixture *f = *state;

	hide(f, "/data");
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		const struct crl_mount_op *op;

		f->p.home_mode = CRL_HOME_REAL;
		op = home_open(f, kase[i].uid, kase[i].home);
		assert_non_null(op);
		assert_int_equal(op->flags, kase[i].bound);
		f->p.home_mode = CRL_HOME_TMPFS;
		f->p.home_size = 1u << 26;
		op = home_open(f, kase[i].uid, kase[i].home);
		assert_int_equal(op ? op->flags : UINT32_MAX, kase[i].made_anew);
		assert_true(f->plan.op[find(f, CRL_MOUNT_HOME, NULL)].flags & CRL_OP_OPTIONAL);
		assert_null(f->plan.homeless);
	}
}

/* What is only perhaps a home takes nothing away from the room, and gives nothing that is hidden. */
static void test_perhaps_a_home(void **state)
{
	struct fixture *f = *state;

	add_mount(f, "/srv/www/m");
	f->h.sockets = (char *[]){(char[]){"/srv/www/s"}};
	f->h.sockets_len = 1;
	hide(f, "/srv/www");
	assert_non_null(home_open(f, 33, "/srv/www"));
	assert_true(find(f, CRL_MOUNT_HIDE, "/srv/www") < find(f, CRL_MOUNT_HOME, "/srv/www"));
	assert_non_null(home_open(f, 33, "/srv/www/m"));
	assert_null(home_open(f, 33, "/srv"));
	assert_non_null(strstr(f->plan.homeless, "root.hide"));
	f->p.hide.len--;
	free(f->p.hide.item[f->p.hide.len]);
	assert_non_null(home_open(f, 33, "/srv"));
	assert_true(find(f, CRL_MOUNT_KEEP, "/srv/www/m") >= 0 && find(f, CRL_MOUNT_SOCKET, "/srv/www/s") >= 0);
	assert_non_null(home_open(f, 1001, "/srv"));
	assert_true(find(f, CRL_MOUNT_KEEP, "/srv/www/m") < 0 && find(f, CRL_MOUNT_SOCKET, "/srv/www/s") < 0);
}

static void test_sizes(void **state)
{
	struct fixture *f = *state;

	f->p.tmp_size = 0; /* tmpfs would take it for "no limit" */
	assert_refused(f, CRL_STAGE_MOUNT, "tmp.size");
	f->p.tmp_size = CRL_UNLIMITED;
	assert_refused(f, CRL_STAGE_MOUNT, "tmp.size");
	f->p.tmp_size = 1 << 20;
	f->p.ptys = 0;
	assert_refused(f, CRL_STAGE_MOUNT, "ptys");
	f->p.ptys = 8;
	f->p.home_mode = CRL_HOME_TMPFS;
	f->p.home_size = 0;
	assert_refused(f, CRL_STAGE_MOUNT, "home.size");
}

static void test_run_list(void **state)
{
	static const char *const bad[] = {"/etc/x",        "/run",   "/run/user/5",     "/run/utmp",
					  "/run/carrel/x", "../etc", "/run/a/../../etc"};
	struct fixture *f = *state;

	crl_strv_done(&f->p.run);
	assert_int_equal(crl_strv_add(&f->p.run, "/var/run/nscd"), 0);
	assert_int_equal(crl_strv_add(&f->p.run, "sss"), 0);
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/nscd") > find(f, CRL_MOUNT_SHOW, "/run"));
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/sss") >= 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/systemd/journal/dev-log") >= 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		crl_strv_done(&f->p.run);
		assert_int_equal(crl_strv_add(&f->p.run, bad[i]), 0);
		assert_refused(f, CRL_STAGE_MOUNT, "root.run");
	}
}

/* In the directories are sockets by which names are asked for. */
static void test_resolver_by_network(void **state)
{
	struct fixture *f = *state;

	crl_strv_done(&f->p.run);
	assert_int_equal(crl_strv_add(&f->p.run, "/run/systemd/resolve/resolv.conf"), 0);
	assert_int_equal(crl_strv_add(&f->p.run, "/run/systemd/resolve/stub-resolv.conf"), 0);
	assert_int_equal(crl_strv_add(&f->p.run, "/run/NetworkManager/resolv.conf"), 0);
	f->p.namespaces |= CRL_NS_BIT(CRL_NS_NET);
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/systemd/resolve") < 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/NetworkManager") < 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/systemd/resolve/stub-resolv.conf") >= 0);
	f->p.namespaces &= ~CRL_NS_BIT(CRL_NS_NET);
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/systemd/resolve") >= 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/NetworkManager") >= 0);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/systemd/resolve/stub-resolv.conf") < 0);
}

static void test_namespaces_decide(void **state)
{
	struct fixture *f = *state;

	f->h.cgroup2_unified = true;
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_SYSFS, NULL) >= 0 && find(f, CRL_MOUNT_MQUEUE, NULL) >= 0);
	assert_true(find(f, CRL_MOUNT_CGROUP, NULL) >= 0 && find(f, CRL_MOUNT_HOSTS, NULL) >= 0);
	assert_null(f->plan.op[find(f, CRL_MOUNT_CGROUP, NULL)].source);
	strcpy(f->h.cgroup, "user.slice/user-7.slice"); /* shown are the limits that hold */
	assert_int_equal(build(f), 0);
	assert_string_equal(f->plan.op[find(f, CRL_MOUNT_CGROUP, NULL)].source,
			    "/sys/fs/cgroup/user.slice/user-7.slice");
	f->p.namespaces = CRL_NS_BIT(CRL_NS_MOUNT);
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_SYSFS, NULL) < 0 && find(f, CRL_MOUNT_MQUEUE, NULL) < 0);
	assert_true(find(f, CRL_MOUNT_CGROUP, NULL) < 0 && find(f, CRL_MOUNT_HOSTS, NULL) < 0);
	assert_true(find(f, CRL_MOUNT_SYS_BIND, NULL) >= 0);
	assert_true(find(f, CRL_MOUNT_BIND, CRL_SELINUX_DIR) < 0);
	f->h.selinux = true;
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_BIND, CRL_SELINUX_DIR) > find(f, CRL_MOUNT_SYS_BIND, NULL));
	assert_true(f->plan.op[find(f, CRL_MOUNT_BIND, CRL_SELINUX_DIR)].flags & CRL_OP_WRITABLE);
}

static void test_binds(void **state)
{
	struct fixture *f = *state;
	struct crl_bind *bind = calloc(1, sizeof(*bind));

	f->p.bind = bind;
	f->p.bind_len = 1;
	bind->source = strdup("/dev/fuse");
	bind->target = strdup("/dev/fuse");
	assert_int_equal(build(f), 0);
	assert_true(f->plan.op[find(f, CRL_MOUNT_BIND, "/dev/fuse")].flags & CRL_OP_DEVICES);
	free(bind->target);
	bind->target = strdup("/home"); /* would cover the home */
	assert_refused(f, CRL_STAGE_MOUNT, "root.bind");
	free(bind->target);
	bind->target = strdup("/proc/x");
	assert_refused(f, CRL_STAGE_MOUNT, "root.bind");
	free(bind->target);
	bind->target = strdup("/srv/x");
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_BIND, "/srv/x")].flags, CRL_OP_EXEC);
}

static void add_bind(struct fixture *f, const char *source, const char *target)
{
	f->p.bind = reallocarray(f->p.bind, f->p.bind_len + 1, sizeof(*f->p.bind));
	assert_non_null(f->p.bind);
	f->p.bind[f->p.bind_len++] = (struct crl_bind){.source = strdup(source), .target = strdup(target)};
}

/* Each is one list; the steps must come in this order, the ones that are left out must not be there. */
static void test_most_specific_path_decides(void **state)
{
	struct fixture *f = *state;
	int outer, shown, again;

	hide(f, "/srv/sftp/cara/in");
	hide(f, "/srv");
	hide(f, "/srv/other");
	assert_int_equal(crl_strv_add(&f->p.writable, "/srv/sftp/cara"), 0);
	assert_int_equal(crl_strv_add(&f->p.read_only, "/srv/pub"), 0);
	assert_int_equal(crl_strv_add(&f->p.read_only, "/srv/sftp/cara/ro"), 0);
	assert_int_equal(build(f), 0);
	outer = find(f, CRL_MOUNT_HIDE, "/srv");
	shown = find(f, CRL_MOUNT_WRITABLE, "/srv/sftp/cara");
	again = find(f, CRL_MOUNT_HIDE, "/srv/sftp/cara/in");
	assert_true(outer > 0 && shown > outer && again > shown);
	assert_int_equal(find(f, CRL_MOUNT_HIDE, "/srv/other"), -1);
	assert_non_null(f->plan.op[outer].source); /* a directory of its own, in which places can be made */
	assert_true(f->plan.op[shown].flags & CRL_OP_PLACE);
	assert_non_null(strstr(f->plan.op[shown].place, "/sftp/cara"));
	assert_true(find(f, CRL_MOUNT_READ_ONLY, "/srv/sftp/cara/ro") > shown);
	assert_true(find(f, CRL_MOUNT_BIND, "/srv/pub") > outer);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_BIND, "/srv/pub")].flags & CRL_OP_WRITABLE, 0);
	f->p.root_mode = CRL_ROOT_IMAGE;
	f->p.root_path = strdup("/srv/image");
	assert_refused(f, CRL_STAGE_MOUNT, "root.read_only: \"/srv/pub\"");
}

/* Out of the hidden configuration the profiles of carrel run are shown, unless they are hidden themselves. */
static void test_profiles_are_shown(void **state)
{
	struct fixture *f = *state;
	const struct crl_mount_op *op;
	int at;

	hide(f, "/etc/carrel");
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BIND, "/etc/carrel/profiles"), -1);
	f->h.profiles = true;
	assert_int_equal(build(f), 0);
	at = find(f, CRL_MOUNT_BIND, "/etc/carrel/profiles");
	assert_true(at > find(f, CRL_MOUNT_HIDE, "/etc/carrel"));
	op = &f->plan.op[at];
	assert_int_equal(op->flags & (CRL_OP_WRITABLE | CRL_OP_EXEC | CRL_OP_PLACE), CRL_OP_PLACE);
	assert_string_equal(op->source, "/etc/carrel/profiles");
	/* Whoever is root inside has them with what is for everybody. */
	f->p.user_mode = CRL_USER_OWN;
	f->p.root_mode = CRL_ROOT_OVERLAY;
	f->p.root_over = CRL_ROOT_OVER_TMPFS;
	f->h.user_ns = 8;
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_BIND, "/etc/carrel/profiles") > 0);
	assert_int_equal(find(f, CRL_MOUNT_BIND, "/run/carrel/inside/etc/carrel/profiles"), -1);
	hide(f, "/etc/carrel/profiles");
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_BIND, "/etc/carrel/profiles"), -1);
}

/* What is hidden, writable or read-only beneath what is bound comes after it, and the nearer bind after the farther. */
static void test_beneath_a_bind(void **state)
{
	struct fixture *f = *state;
	int outer, inner;

	hide(f, "/data/secret");
	assert_int_equal(crl_strv_add(&f->p.read_only, "/data/ref"), 0);
	assert_int_equal(crl_strv_add(&f->p.writable, "/data/w"), 0);
	add_bind(f, "/a", "/data/x/y");
	add_bind(f, "/b", "/data");
	assert_int_equal(build(f), 0);
	outer = find(f, CRL_MOUNT_BIND, "/data");
	inner = find(f, CRL_MOUNT_BIND, "/data/x/y");
	assert_true(outer > 0 && inner > outer);
	assert_true(find(f, CRL_MOUNT_HIDE, "/data/secret") > outer);
	assert_true(find(f, CRL_MOUNT_READ_ONLY, "/data/ref") > outer);
	assert_true(find(f, CRL_MOUNT_WRITABLE, "/data/w") > outer);
}

/* The home comes last of what is shown, and is the user's. */
static void test_lists_in_the_home(void **state)
{
	struct fixture *f = *state;

	hide(f, "/home");
	assert_int_equal(crl_strv_add(&f->p.writable, "/home/cara/w"), 0);
	assert_int_equal(crl_strv_add(&f->p.writable, "/home/shared"), 0);
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_WRITABLE, "/home/cara/w"), -1);
	assert_true(find(f, CRL_MOUNT_WRITABLE, "/home/shared") > find(f, CRL_MOUNT_HIDE, "/home"));
	f->p.home_mode = CRL_HOME_TMPFS;
	f->p.home_size = 1 << 20;
	assert_refused(f, CRL_STAGE_MOUNT, "root.writable_paths: \"/home/cara/w\" is inside the home");
	f->p.home_mode = CRL_HOME_REAL;
	assert_int_equal(crl_strv_add(&f->p.read_only, "/home/cara/r"), 0);
	assert_refused(f, CRL_STAGE_MOUNT, "root.read_only: \"/home/cara/r\" is inside the home");
}

static void test_writable_optional(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(crl_strv_add(&f->p.writable, "/srv/a"), 0);
	assert_int_equal(crl_strv_add(&f->p.writable, "/srv/b"), 0);
	assert_int_equal(crl_strv_add(&f->p.writable_optional, "/srv/b"), 0);
	assert_int_equal(build(f), 0);
	assert_false(f->plan.op[find(f, CRL_MOUNT_WRITABLE, "/srv/a")].flags & CRL_OP_OPTIONAL);
	assert_true(f->plan.op[find(f, CRL_MOUNT_WRITABLE, "/srv/b")].flags & CRL_OP_OPTIONAL);
}

static void shows(struct fixture *f, const char *path, enum crl_mount_shown shown, const char *source)
{
	char from[PATH_MAX];
	enum crl_mount_shown found = crl_mount_plan_where(&f->plan, path, from);

	if (found != shown || strcmp(from, source) != 0)
		fail_msg("%s: %d from \"%s\", expected %d from \"%s\"", path, found, from, shown, source);
}

static void test_where(void **state)
{
	struct fixture *f = *state;

	hide(f, "/srv");
	hide(f, "/home");
	assert_int_equal(crl_strv_add(&f->p.writable, "/srv/sftp/cara"), 0);
	assert_int_equal(crl_strv_add(&f->p.read_only, "/srv/sftp/cara/ro"), 0);
	add_bind(f, "/data", "/mnt/d");
	assert_int_equal(build(f), 0);
	shows(f, "/srv", CRL_SHOWN_WAY, "");
	shows(f, "/srv/sftp", CRL_SHOWN_WAY, "");
	shows(f, "/srv/other", CRL_SHOWN_NOTHING, "");
	shows(f, "/srv/sftp/carax", CRL_SHOWN_NOTHING, "");
	shows(f, "/srv/sftp/cara/up", CRL_SHOWN_WRITABLE, "/srv/sftp/cara/up");
	shows(f, "/srv/sftp/cara/ro/x", CRL_SHOWN_READ_ONLY, "/srv/sftp/cara/ro/x");
	shows(f, "/mnt/d/e", CRL_SHOWN_READ_ONLY, "/data/e");
	shows(f, "/opt", CRL_SHOWN_READ_ONLY, "/opt");
	shows(f, "/run/sftp", CRL_SHOWN_OWN, "");
	shows(f, "/tmp", CRL_SHOWN_OWN, "");
	shows(f, "/home/cara/x", CRL_SHOWN_HOME, "");
	shows(f, "/home/bob", CRL_SHOWN_NOTHING, "");
	f->p.root_mode = CRL_ROOT_IMAGE;
	f->p.root_path = strdup("/srv/image");
	crl_strv_done(&f->p.read_only);
	assert_int_equal(build(f), 0);
	shows(f, "/opt/x", CRL_SHOWN_READ_ONLY, "/srv/image/opt/x");
}

static void test_image_follows_no_links(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(build(f), 0);
	assert_true(f->plan.op[find(f, CRL_MOUNT_SHOW, "/tmp")].flags & CRL_OP_FOLLOW);
	f->p.root_mode = CRL_ROOT_IMAGE;
	assert_refused(f, CRL_STAGE_MOUNT, "root.path");
	f->p.root_path = strdup("/srv/image");
	assert_int_equal(build(f), 0);
	assert_false(f->plan.op[find(f, CRL_MOUNT_SHOW, "/tmp")].flags & CRL_OP_FOLLOW);
	assert_int_equal(find(f, CRL_MOUNT_ROOT, NULL), -1);
	assert_int_equal(find(f, CRL_MOUNT_KEEP, NULL), -1);
}

/* Debian 12 has what is known of terminals in /lib, and some of it beside; most others in /usr/share alone. */
static void test_image_has_the_hosts_terminals(void **state)
{
	struct fixture *f = *state;
	int most, debian;

	f->p.root_mode = CRL_ROOT_IMAGE;
	f->p.root_path = strdup("/srv/image");
	assert_int_equal(build(f), 0);
	most = find(f, CRL_MOUNT_OFFER, "/etc/terminfo");
	assert_true(most >= 0);
	assert_string_equal(f->plan.op[most].source, "/usr/share/terminfo");
	for (debian = most + 1; !f->plan.op[debian].target || strcmp(f->plan.op[debian].target, "/etc/terminfo") != 0;
	     debian++)
		assert_true((size_t)debian + 1 < f->plan.len);
	assert_string_equal(f->plan.op[debian].source, "/lib/terminfo"); /* above it, where it is */
	assert_true(f->plan.op[most].flags & f->plan.op[debian].flags & CRL_OP_OPTIONAL);
}

/* What is covered in /etc stays covered when the host replaces it; nobody has power there who could do it again. */
static void test_firm(void **state)
{
	struct fixture *f = *state;

	f->h.alone = true;
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_FIRM, NULL), -1); /* nothing is hidden in it but a directory of carrel's */
	f->p.hide_users = true;
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_FIRM, "/etc") > find(f, CRL_MOUNT_PROTECT, NULL));
	assert_true(find(f, CRL_MOUNT_FIRM, "/etc") < find(f, CRL_MOUNT_SHOW, "/etc/passwd"));
	f->p.hide_users = false;
	hide(f, "/etc/secret");
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_FIRM, "/etc") < find(f, CRL_MOUNT_HIDE, "/etc/secret"));
	assert_true(find(f, CRL_MOUNT_FIRM, "/etc") >= 0);
	f->h.alone = false; /* the steward does it */
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_FIRM, NULL), -1);
}

/* keeps: plan/mounts/inside R1 */
static void test_inside(void **state)
{
	struct fixture *f = *state;
	const struct crl_mount_op *op;
	int root, inside;

	f->p.root_mode = CRL_ROOT_IMAGE;
	f->p.root_over = CRL_ROOT_OVER_TMPFS;
	f->p.no_new_privs = false;
	f->p.user_mode = CRL_USER_OWN;
	f->p.user_sudo = true;
	f->h.user_ns = 8;
	f->h.root_uid = 100000;
	f->h.root_gid = 200000;
	f->h.tty_gid = 200005;
	assert_int_equal(crl_strdup_to(&f->p.root_path, "/srv/image"), 0);
	hide(f, "/srv/b/secret");
	hide(f, "/opt/x");
	add_bind(f, "/srv/a", "/srv/b");
	add_bind(f, "/srv/tight", "/etc/carrel/profiles");
	assert_int_equal(build(f), 0);
	/* Outside all is as the image has it: nothing of it takes writes, nor becomes anybody. */
	root = find(f, CRL_MOUNT_IMAGE, "root");
	assert_true(root >= 0);
	assert_int_equal(f->plan.op[root].flags & CRL_OP_WRITABLE, 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_PROTECT, NULL)].flags, 0);
	assert_int_equal(find(f, CRL_MOUNT_STEER, NULL), -1);
	/* The overlay is root's of the namespace, and nowhere but inside. */
	inside = find(f, CRL_MOUNT_INSIDE, "/run/carrel/inside");
	assert_true(inside > find(f, CRL_MOUNT_SHOW, "/run"));
	op = &f->plan.op[inside];
	assert_int_equal(op->number, 8);
	assert_int_equal(op->uid, 100000);
	assert_int_equal(op->gid, 200000);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_DEVPTS, NULL)].gid, 200005);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_INSIDE_USERS, NULL)].number, CRL_INSIDE_SUDO);
	/* What is bound, with what is hidden in it; of the image nothing is. */
	assert_true(find(f, CRL_MOUNT_BIND, "/run/carrel/inside/srv/b") > inside);
	assert_true(find(f, CRL_MOUNT_BIND, "/run/carrel/inside/etc/carrel/profiles") > inside);
	assert_true(find(f, CRL_MOUNT_HIDE, "/run/carrel/inside/srv/b/secret") >
		    find(f, CRL_MOUNT_BIND, "/run/carrel/inside/srv/b"));
	assert_int_equal(find(f, CRL_MOUNT_HIDE, "/run/carrel/inside/opt/x"), -1);
	assert_true(find(f, CRL_MOUNT_ALSO, "/run/carrel/inside/proc") > inside);
	assert_true(find(f, CRL_MOUNT_ALSO, "/run/carrel/inside/home/cara") > find(f, CRL_MOUNT_HOME, "/home/cara"));
	assert_int_equal(find(f, CRL_MOUNT_ALSO, "/run/carrel/inside/var/log"), -1);
	assert_int_equal(find(f, CRL_MOUNT_OFFER, "/run/carrel/inside/etc/localtime"), -1);
	assert_true(find(f, CRL_MOUNT_OFFER, "/run/carrel/inside/etc/resolv.conf") > inside);
	op = &f->plan.op[find(f, CRL_MOUNT_FILE, "run/carrel/stage")];
	assert_string_equal(op->data, "carrel-stage 1\nuser own\nns /run/carrel/user\nroot /run/carrel/inside\n"
				      "uid 1001\ngid 1001\nno_new_privs no\n");
	assert_int_equal(find(f, CRL_MOUNT_BARE, NULL), -1);
	f->h.nest = true; /* who makes user namespaces in that view finds no other one */
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_HIDE, "/run/carrel/inside/run/carrel-nest") >
		    find(f, CRL_MOUNT_BARE, "/run/carrel/inside/run/carrel-nest/proc"));
	f->p.user_mode = CRL_USER_ROOT;
	assert_int_equal(build(f), 0);
	op = &f->plan.op[find(f, CRL_MOUNT_FILE, "run/carrel/stage")];
	assert_non_null(strstr(op->data, "user root\n"));
	assert_non_null(strstr(op->data, "uid 0\ngid 0\n"));
	f->p.user_mode = CRL_USER_NONE;
	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_INSIDE, NULL), -1);
	assert_int_equal(find(f, CRL_MOUNT_FILE, "run/carrel/user"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_last_stage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_profiles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launcher, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sockets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overlay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errands, setup, teardown),
		cmocka_unit_test(test_every_kind_has_a_name),
		cmocka_unit_test_setup_teardown(test_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_firm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept_mounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hide_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_as_on_the_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places_that_others_prepare, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_homes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_homes_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_homes_of_accounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perhaps_a_home, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resolver_by_network, setup, teardown),
		cmocka_unit_test_setup_teardown(test_namespaces_decide, setup, teardown),
		cmocka_unit_test_setup_teardown(test_binds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_most_specific_path_decides, setup, teardown),
		cmocka_unit_test_setup_teardown(test_profiles_are_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_beneath_a_bind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists_in_the_home, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writable_optional, setup, teardown),
		cmocka_unit_test_setup_teardown(test_where, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept_home, setup, teardown),
		cmocka_unit_test_setup_teardown(test_image_follows_no_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_image_has_the_hosts_terminals, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
