// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/mounts.h"

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
	f->h = (struct crl_host){
		.name = "host", .room_name = "cara-host", .room_id = "abc", .mounts = f->mounts};
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

/* Sockets that the room would show are covered before anything of its own comes; those it wants are not. */
static void test_sockets(void **state)
{
	char *sockets[] = {(char[]){"/var/lib/x.sock"}, (char[]){"/run/y.sock"}, (char[]){"/home/cara/own"},
				  (char[]){"/home/bob/z"}, (char[]){"/var/lib/sss/pipes/nss"},
				  (char[]){"/srv/work/in"}, (char[]){"/var/lib/sss/pipesx"}};
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
		assert_true(f->plan.op[i].kind != CRL_MOUNT_HIDE ||
			    strcmp(f->plan.op[i].target, "/opt") != 0);
	assert_int_equal(find(f, CRL_MOUNT_HIDE, "/opt/inner"), -1);
	assert_int_equal(find(f, CRL_MOUNT_HIDE, "/tmp/x"), -1);
	assert_int_equal(find(f, CRL_MOUNT_HIDE, "/home/cara"), -1);
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
	static const char *const bad[] = {"/",    "/tmp",          "/var",  "/proc/1",
					  "/sys", "/dev/shm",      "/run",  "/run/user/1001",
					  "home", "/home/../root", "/home/"};
	struct fixture *f = *state;

	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		(void)snprintf(f->l.home, sizeof(f->l.home), "%s", bad[i]);
		assert_refused(f, CRL_STAGE_HOME, "home");
	}
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

static void test_namespaces_decide(void **state)
{
	struct fixture *f = *state;

	f->h.cgroup2_unified = true;
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_SYSFS, NULL) >= 0 && find(f, CRL_MOUNT_MQUEUE, NULL) >= 0);
	assert_true(find(f, CRL_MOUNT_CGROUP, NULL) >= 0 && find(f, CRL_MOUNT_HOSTS, NULL) >= 0);
	f->p.namespaces = CRL_NS_BIT(CRL_NS_MOUNT);
	assert_int_equal(build(f), 0);
	assert_true(find(f, CRL_MOUNT_SYSFS, NULL) < 0 && find(f, CRL_MOUNT_MQUEUE, NULL) < 0);
	assert_true(find(f, CRL_MOUNT_CGROUP, NULL) < 0 && find(f, CRL_MOUNT_HOSTS, NULL) < 0);
	assert_true(find(f, CRL_MOUNT_SYS_BIND, NULL) >= 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sockets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suid, setup, teardown),
		cmocka_unit_test(test_every_kind_has_a_name),
		cmocka_unit_test_setup_teardown(test_kept_mounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hide_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_as_on_the_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_homes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_namespaces_decide, setup, teardown),
		cmocka_unit_test_setup_teardown(test_binds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_image_follows_no_links, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
