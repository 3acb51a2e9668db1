// SPDX-License-Identifier: Apache-2.0
/* What is removed of a store, and what is not. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../unit/scratch.h"
#include "store/form.h"
#include "store/gc.h"
#include "store/lock.h"
#include "store/stack.h"

static struct crl_store store = {.dir = -EBADF};
static char seen[2000];

static void shell(const char *text)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "cd %s && { %s; }", scratch, text);
	if (system(command) != 0)
		fail_msg("%s", text);
}

static void begin(void)
{
	struct crl_err err = {0};

	crl_store_done(&store);
	shell("rm -rf store; rm -rf outside; mkdir outside; echo keep >outside/keep");
	assert_int_equal(crl_store_open(at("store"), true, &store, &err), 0);
	store.path = "STORE";
}

static void make(uint32_t uid, const char *user, struct crl_entry *e)
{
	struct crl_err err = {0};

	assert_int_equal(crl_entry_open(&store, &(struct crl_entry_key){.uid = uid, .user = user}, true, e, &err), 0);
}

static int note(void *arg, const struct crl_gc_entry *e)
{
	size_t len = strlen(seen);

	(void)snprintf(seen + len, sizeof(seen) - len, "%s%.*s %s\n", e->is_orphan ? "orphan " : "", 8, e->name,
		       e->has_owner ? e->owner.name : "-");
	return arg ? -EINTR : 0;
}

static void test_walk(void **state)
{
	scoped(crl_entry) ana = CRL_ENTRY_INIT;
	scoped(crl_entry) bob = CRL_ENTRY_INIT;
	struct crl_err err = {0};

	(void)state;
	begin();
	make(101, "ana", &ana);
	shell("echo x >store/home/101/owner");
	crl_entry_done(&ana);
	make(101, "bob", &bob);
	seen[0] = '\0';
	assert_int_equal(crl_gc_walk(&store, note, NULL, &err), 0);
	assert_string_equal(seen, "home/101 bob\norphan orphans/ -\n");
	assert_int_equal(crl_gc_walk(&store, note, seen, &err), -EINTR);
}

/* keeps: store/gc R1 */
static void test_remove(void **state)
{
	scoped(crl_entry) ana = CRL_ENTRY_INIT;
	struct crl_remove r = {0};
	struct crl_err err = {0};
	scoped_fd use = -EBADF;

	(void)state;
	begin();
	make(101, "ana", &ana);
	shell("mkdir -p store/home/101/data/up/a; ln -s ../../../../outside store/home/101/data/up/link");
	static const char *const bad[] = {"home", "home/",      "home/..",  "home/101/data",
					  "lock", "../outside", "/home/101"};
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_int_equal(crl_gc_remove(&store, bad[i], &r, &err), -EINVAL);
	assert_int_equal(crl_entry_use(&ana, false, 0, &use, &err), 0);
	assert_int_equal(crl_gc_remove(&store, "home/101", &r, &err), -EBUSY);
	drop_fd(&use);
	assert_int_equal(crl_entry_lock(&ana, 0, &err), 0);
	assert_int_equal(crl_gc_remove(&store, "home/101", &r, &err), -EBUSY);
	crl_entry_unlock(&ana);
	shell("test -d store/home/101/data/up/a");
	assert_int_equal(crl_gc_remove(&store, "home/101", &r, &err), 0);
	shell("test -z \"$(ls -A store/home store/orphans | grep -v :)\" && grep -q keep outside/keep");
	/* What was moved aside goes by its own name, with or without locks. */
	shell("mkdir -m 0700 store/orphans/x; echo y >store/orphans/x/y");
	assert_int_equal(crl_gc_remove(&store, "orphans/x", &r, &err), 0);
	shell("test -z \"$(ls -A store/orphans)\"");
}

static bool stop_now(void *arg)
{
	(void)arg;
	return true;
}

static void test_trash(void **state)
{
	scoped(crl_entry) ana = CRL_ENTRY_INIT;
	struct crl_stack_top top = {.mode = 0700};
	struct crl_remove r = {0}, stopped = {.stop = stop_now};
	struct crl_err err = {0};
	scoped_fd data = -EBADF;

	(void)state;
	begin();
	make(101, "ana", &ana);
	assert_int_equal(crl_entry_lock(&ana, 0, &err), 0);
	assert_int_equal(crl_form_make(&ana, &(struct crl_form_wish){.quota = CRL_FORM_QUOTA_NONE}, &err), 0);
	assert_int_equal(crl_form_open(&ana, 0, &data, &err), 0);
	assert_int_equal(crl_gc_trash(data, &r, &err), 0);
	assert_int_equal(crl_stack_ready(data, &top, &err), 0);
	shell("mkdir store/home/101/data/up/d; echo f >store/home/101/data/up/d/f; ln -s ../../../../../outside "
	      "store/home/101/data/trash/link");
	assert_int_equal(crl_stack_empty_up(data, &err), 0);
	assert_int_equal(crl_gc_trash(data, &stopped, &err), -EINTR);
	assert_int_equal(crl_gc_trash(data, &r, &err), 0);
	assert_true(r.removed > 2);
	shell("test -z \"$(ls -A store/home/101/data/trash)\" && grep -q keep outside/keep");
	shell("rm -r store/home/101/data/trash; ln -s ../../../../outside store/home/101/data/trash");
	assert_int_equal(crl_gc_trash(data, &r, &err), -ELOOP);
	shell("grep -q keep outside/keep");
}

static int teardown(void **state)
{
	crl_store_done(&store);
	return scratch_remove(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_trash),
	};

	return cmocka_run_group_tests(tests, scratch_make, teardown);
}
