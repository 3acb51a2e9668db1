// SPDX-License-Identifier: Apache-2.0
/* Rooms without root: what they cannot hold of a policy, and how their root is put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/mounts/plan.h"
#include "plan/rootless.h"

struct fixture {
	struct crl_policy p;
	struct crl_login l;
	struct crl_host h;
	struct crl_host_top top[5];
	struct crl_mount_plan plan;
	struct crl_err err;
	struct crl_rootless_can can;
	char required[256], preferred[256]; /* keys, each with a blank behind it */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || crl_policy_init(&f->p) < 0)
		return -1;
	f->l = (struct crl_login){.uid = 1001,
				  .gid = 100,
				  .ngroups = 1,
				  .groups = {100},
				  .user = "cara",
				  .home = "/home/cara",
				  .service = "carrel-shell"};
	f->top[0] = (struct crl_host_top){.path = crl_unconst("/usr")};
	f->top[1] = (struct crl_host_top){.path = crl_unconst("/bin"), .link = crl_unconst("usr/bin")};
	f->top[2] = (struct crl_host_top){.path = crl_unconst("/home")};
	f->top[3] = (struct crl_host_top){.path = crl_unconst("/proc")};
	f->top[4] = (struct crl_host_top){.path = crl_unconst("/srv")};
	f->h = (struct crl_host){.name = "host", .room_id = "x", .alone = true, .top = f->top, .top_len = 5};
	f->can = (struct crl_rootless_can){.time = true, .cgroup = true, .pasta = true};
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

static void take(void *arg, const char *key, const char *text, enum crl_need need)
{
	struct fixture *f = arg;
	char *to = need == CRL_NEED_REQUIRE ? f->required : f->preferred;

	assert_true(need != CRL_NEED_OFF && text[0]);
	strcat(strcat(to, key), " ");
}

static void judge(struct fixture *f)
{
	f->required[0] = f->preferred[0] = '\0';
	crl_rootless_judge(&f->p, &f->can, take, f);
}

static void test_all_is_held(void **state)
{
	struct fixture *f = *state;

	judge(f);
	assert_string_equal(f->required, "");
	assert_string_equal(f->preferred, "");
}

static void test_refused(void **state)
{
	struct fixture *f = *state;

	f->p.share = CRL_SHARE_USER;
	f->p.on_close = CRL_CLOSE_KEEP;
	f->p.linger_s = 1;
	f->p.user_mode = CRL_USER_OWN;
	(void)strcpy(f->p.shell_seccomp.base, "@login");
	f->p.profiles_len = 1;
	f->p.root_mode = CRL_ROOT_IMAGE;
	f->p.root_over = CRL_ROOT_OVER_TMPFS;
	f->p.home_mode = CRL_HOME_OVERLAY;
	f->p.home_upper = CRL_UPPER_PERSISTENT;
	assert_int_equal(crl_strv_add(&f->p.home_lower, "/srv/t"), 0);
	judge(f);
	f->p.profiles_len = 0;
	assert_string_equal(f->required, "share on_close linger user.mode shell.seccomp seccomp.profiles root.over "
					 "root.image home.quota home.lower_owner ");
}

static void test_by_features(void **state)
{
	struct fixture *f = *state;

	f->can = (struct crl_rootless_can){.time = false};
	f->p.limits.memory = 1 << 30;
	judge(f);
	assert_string_equal(f->required, "features.time features.cgroup features.limits ");
	f->p.need[CRL_FEATURE_TIME] = f->p.need[CRL_FEATURE_CGROUP] = CRL_NEED_PREFER;
	f->p.need[CRL_FEATURE_LIMITS] = CRL_NEED_OFF;
	judge(f);
	assert_string_equal(f->required, "");
	assert_string_equal(f->preferred, "features.time features.cgroup ");
}

/* By pasta there is a way out; who may not be reached, nobody holds. */
static void test_network(void **state)
{
	struct fixture *f = *state;

	f->can.pasta = false;
	judge(f);
	assert_string_equal(f->required, "");
	f->p.net_mode = CRL_NET_NAT;
	judge(f);
	assert_string_equal(f->required, "network.mode ");
	f->can.pasta = true;
	judge(f);
	assert_string_equal(f->required, "");
	assert_string_equal(f->preferred, "network.mode ");
	assert_int_equal(crl_strv_add(&f->p.net_deny, "@private"), 0);
	judge(f);
	assert_string_equal(f->required, "network.deny ");
}

/* The kernel holds them for a user namespace, and nothing else of limits. */
static void test_tasks(void **state)
{
	struct fixture *f = *state;

	f->can.cgroup = false;
	f->p.need[CRL_FEATURE_CGROUP] = CRL_NEED_OFF;
	f->p.limits.tasks = 50;
	judge(f);
	assert_string_equal(f->required, "");
	f->p.rooms = 3;
	judge(f);
	assert_string_equal(f->required, "features.limits ");
}

/* A control group's files are the user's: who can mount them changes what is in them. */
static void test_limits_that_their_user_sets(void **state)
{
	struct fixture *f = *state;

	f->can.cgroup = f->can.nest = true;
	f->p.limits.memory = 1 << 30;
	judge(f);
	assert_string_equal(f->required, "features.limits ");
	f->can.nest = false;
	judge(f);
	assert_string_equal(f->required, "");
	f->can.nest = true;
	f->p.limits.memory = CRL_UNLIMITED;
	f->p.limits.tasks = 50;
	judge(f);
	assert_string_equal(f->required, "");
}

static void test_power(void **state)
{
	struct fixture *f = *state;

	f->p.no_new_privs = false;
	f->p.cap_bounding = f->p.cap_inheritable = 1;
	f->p.namespaces = CRL_NS_BIT(CRL_NS_TIME);
	judge(f);
	assert_string_equal(f->preferred, "no_new_privs capabilities.bounding ");
	f->can.time = false;
	crl_rootless_settle(&f->p, &f->can);
	assert_true(f->p.no_new_privs && f->p.trim_caps);
	assert_int_equal(f->p.cap_bounding | f->p.cap_inheritable, 0);
	assert_int_equal(f->p.namespaces, CRL_NS_BIT(CRL_NS_MOUNT) | CRL_NS_BIT(CRL_NS_PID));
}

static int find(const struct fixture *f, enum crl_mount_kind kind, const char *target)
{
	for (size_t i = 0; i < f->plan.len; i++)
		if (f->plan.op[i].kind == kind &&
		    (!target || (f->plan.op[i].target && !strcmp(f->plan.op[i].target, target))))
			return (int)i;
	return -1;
}

static int build(struct fixture *f)
{
	crl_mount_plan_done(&f->plan);
	return crl_mount_plan_build(&f->p, &f->l, &f->h, &f->plan, &f->err);
}

/* keeps: plan/mounts/alone R1 */
static void test_root(void **state)
{
	struct fixture *f = *state;
	int link;

	assert_int_equal(build(f), 0);
	assert_int_equal(find(f, CRL_MOUNT_ROOT, NULL), -1);
	assert_true(find(f, CRL_MOUNT_SKELETON, NULL) < find(f, CRL_MOUNT_PROTECT, NULL));
	assert_true(find(f, CRL_MOUNT_KEEP, "/usr") < find(f, CRL_MOUNT_PROTECT, NULL));
	assert_true(find(f, CRL_MOUNT_DIR, "usr") < find(f, CRL_MOUNT_KEEP, "/usr"));
	assert_true(find(f, CRL_MOUNT_KEEP, "/srv") > 0);
	link = find(f, CRL_MOUNT_LINK, "bin");
	assert_true(link > 0);
	assert_string_equal(f->plan.op[link].data, "usr/bin");
	/* What is hidden, or the room's own, has a place, and nothing of the host's ever comes there. */
	assert_true(find(f, CRL_MOUNT_DIR, "home") > 0 && find(f, CRL_MOUNT_DIR, "proc") > 0);
	assert_int_equal(find(f, CRL_MOUNT_KEEP, "/home"), -1);
	assert_int_equal(find(f, CRL_MOUNT_KEEP, "/proc"), -1);
	for (size_t i = 0; i < f->plan.len; i++)
		if (f->plan.op[i].tree == CRL_TREE_ROOT)
			assert_true(f->plan.op[i].kind == CRL_MOUNT_DIR || f->plan.op[i].kind == CRL_MOUNT_LINK);
}

/* Where nobody is root, what only root writes elsewhere is read-only. */
static void test_sealed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_SHOW, "/run")].tree, CRL_TREE_SEALED);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_SHOW, "/var/log")].tree, CRL_TREE_SEALED);
	f->h.alone = false;
	assert_int_equal(build(f), 0);
	assert_int_equal(f->plan.op[find(f, CRL_MOUNT_SHOW, "/run")].tree, CRL_TREE_SYSTEM);
}

static void test_no_writes(void **state)
{
	struct fixture *f = *state;

	f->p.root_mode = CRL_ROOT_OVERLAY;
	f->p.root_over = CRL_ROOT_OVER_TMPFS;
	assert_int_equal(build(f), -EINVAL);
	assert_non_null(strstr(f->err.text, "root.over"));
}

static void test_renumber(void **state)
{
	struct fixture *f = *state;
	int lastlog;

	assert_int_equal(build(f), 0);
	crl_mount_plan_renumber(&f->plan, &f->l);
	lastlog = find(f, CRL_MOUNT_LASTLOG, NULL);
	for (size_t i = 0; i < f->plan.len; i++) {
		assert_int_not_equal(f->plan.op[i].gid, 100);
		assert_int_equal(f->plan.op[i].uid, (int)i == lastlog ? 1001 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_is_held, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_by_features, setup, teardown),
		cmocka_unit_test_setup_teardown(test_network, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tasks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits_that_their_user_sets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_power, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_renumber, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
