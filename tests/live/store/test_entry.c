// SPDX-License-Identifier: Apache-2.0
/* Entries of the store: made whole, given to their owner alone, moved aside, locked. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include <cmocka.h>

#include "../../unit/scratch.h"
#include "../../unit/store/faults.h"
#include "store/lock.h"

static const struct crl_entry_key ana = {.uid = 54321, .user = "ana"};
static const struct crl_entry_key root_of_ana = {.uid = 54321, .user = "ana", .base = "debian-12"};

static void shell(const char *text)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "cd %s && { %s; }", scratch, text);
	assert_int_equal(system(command), 0);
}

static void begin(struct crl_store *s)
{
	struct crl_err err = {0};

	shell("rm -rf store");
	if (crl_store_open(at("store"), true, s, &err) < 0)
		fail_msg("%s", err.text);
	s->path = "STORE";
}

static int open_ana(const struct crl_store *s, bool make, struct crl_entry *e)
{
	struct crl_err err = {0};

	return crl_entry_open(s, &ana, make, e, &err);
}

/* keeps: store/store R1 */
static void test_store(void **state)
{
	struct crl_err err = {0};

	(void)state;
	shell("rm -rf store");
	{
		scoped(crl_store) s = {.dir = -EBADF};

		assert_int_equal(crl_store_open(at("store"), false, &s, &err), -ENOENT);
		assert_int_equal(crl_store_open("store", true, &s, &err), -EINVAL);
		assert_int_equal(crl_store_open("/", true, &s, &err), -EINVAL);
		assert_int_equal(crl_store_open(at("none/store"), true, &s, &err), -ENODEV);
		assert_int_equal(crl_store_open(at("store"), true, &s, &err), 0);
	}
	shell("test $(stat -c %a store store/home store/root store/orphans | sort -u) = 700");
	static const char *const spoil[] = {
		"chmod 0755 store",
		"chown 54321 store",
		"chmod 0700 store; chown 54321 store/home",
		"mkdir -m 0777 w; cp -a store w/store; rm -rf store; ln -s w/store store",
		"rm -rf store/home; ln -s /tmp store/home",
	};
	for (size_t i = 0; i < CRL_ARRAY_LEN(spoil); i++) {
		scoped(crl_store) s = {.dir = -EBADF};

		shell("rm -rf store w");
		shell("mkdir -m 0700 store store/home store/root store/orphans");
		shell(spoil[i]);
		if (crl_store_open(at("store"), true, &s, &err) == 0)
			fail_msg("%s", spoil[i]);
	}
	shell("rm -rf store w");
}

static void test_made(void **state)
{
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) a = CRL_ENTRY_INIT;
	scoped(crl_entry) b = CRL_ENTRY_INIT;
	scoped(crl_entry) r = CRL_ENTRY_INIT;
	struct crl_err err = {0};

	(void)state;
	begin(&s);
	assert_int_equal(open_ana(&s, false, &a), -ENOENT);
	assert_int_equal(open_ana(&s, true, &a), 0);
	assert_int_equal(a.owner.form, CRL_FORM_NONE);
	assert_string_equal(a.name, "home/54321");
	assert_string_equal(a.orphaned, "");
	assert_int_equal(open_ana(&s, false, &b), 0);
	assert_string_equal(a.owner.id, b.owner.id);
	assert_int_equal(crl_entry_open(&s, &root_of_ana, true, &r, &err), 0);
	assert_string_equal(r.name, "root/54321.debian-12");
	assert_string_not_equal(a.owner.id, r.owner.id);
	shell("test $(stat -c %a%u store/home/54321) = 7000");
	assert_int_equal(
		crl_entry_open(&s, &(struct crl_entry_key){.uid = 1, .user = "x", .base = "a/b"}, true, &b, &err),
		-EINVAL);
}

/* keeps: store/entry R1 */
static void test_never_anothers(void **state)
{
	static const char *const spoil[] = {
		"sed -i 's/name=ana/name=bob/' store/home/54321/owner",
		"sed -i 's/uid=54321/uid=54322/' store/home/54321/owner",
		"rm store/home/54321/owner",
		"echo >>store/home/54321/owner",
		": >store/home/54321/owner",
		"rm store/home/54321/owner; ln -s /etc/passwd store/home/54321/owner",
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(spoil); i++) {
		scoped(crl_store) s = {.dir = -EBADF};
		char id[CRL_OWNER_ID_MAX];

		begin(&s);
		{
			scoped(crl_entry) e = CRL_ENTRY_INIT;

			assert_int_equal(open_ana(&s, true, &e), 0);
			(void)snprintf(id, sizeof(id), "%s", e.owner.id);
		}
		shell("echo precious >store/home/54321/data");
		shell(spoil[i]);
		for (int k = 0; k < 2; k++) {
			scoped(crl_entry) e = CRL_ENTRY_INIT;

			assert_int_equal(open_ana(&s, false, &e), -ESTALE);
		}
		{
			scoped(crl_entry) e = CRL_ENTRY_INIT;

			assert_int_equal(open_ana(&s, true, &e), 0);
			assert_string_not_equal(e.owner.id, id);
			assert_true(strncmp(e.orphaned, "orphans/home-54321-", 19) == 0 && e.why[0]);
			assert_int_equal(faccessat(e.dir, "data", F_OK, 0), -1);
		}
		shell("grep -q precious store/orphans/*/data");
	}
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) e = CRL_ENTRY_INIT;

	begin(&s);
	shell("mkdir -m 0755 store/home/54321");
	assert_int_equal(open_ana(&s, true, &e), -EPERM);
}

static int act_open(void *arg)
{
	struct crl_entry e;

	return crl_entry_open(arg, &ana, true, &e, NULL);
}

/* Each system call fails, or the process is killed there; then the entry can be had all the same. keeps: store/entry R2 */
static void test_each_call(void **state)
{
	(void)state;
	for (int orphan = 0; orphan < 2; orphan++)
		for (int fault = 0; fault < 2; fault++)
			for (long n = 1, rc = 0; rc != FAULT_OVER; n++) {
				scoped(crl_store) s = {.dir = -EBADF};
				scoped(crl_entry) e = CRL_ENTRY_INIT;
				struct crl_err err = {0};

				begin(&s);
				if (orphan)
					shell("mkdir -m 0700 store/home/54321; echo x >store/home/54321/owner");
				rc = fault_run(act_open, &s, n, fault ? ENOSPC : FAULT_KILL);
				if (crl_entry_open(&s, &ana, true, &e, &err) < 0)
					fail_msg("call %ld: %s", n, err.text);
				if (crl_entry_lock(&e, 0, &err) < 0)
					fail_msg("call %ld: %s", n, err.text);
				shell(orphan ? "grep -q x store/orphans/*/owner"
					     : "test -z \"$(ls -A store/orphans)\"");
				shell("test ! -e store/home/.making");
				assert_true(rc != FAULT_OVER || n > 20);
			}
}

/* What a killed one has left is no part of the next. keeps: store/entry R2 */
static void test_leftover(void **state)
{
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	struct crl_err err = {0};

	(void)state;
	begin(&s);
	shell("mkdir -m 0700 store/home/.making; echo somebody >store/home/.making/strange");
	assert_int_equal(crl_entry_open(&s, &ana, true, &e, &err), 0);
	shell("test ! -e store/home/.making && test ! -e store/home/54321/strange");
}

/* Several at once get the same. */
static void test_race(void **state)
{
	scoped(crl_store) s = {.dir = -EBADF};
	int pipes[2];
	char first[CRL_OWNER_ID_MAX], id[CRL_OWNER_ID_MAX];

	(void)state;
	begin(&s);
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < 8; i++)
		if (fork() == 0) {
			struct crl_entry e;

			if (crl_entry_open(&s, &ana, true, &e, NULL) < 0)
				memset(e.owner.id, '-', sizeof(id));
			_exit(write(pipes[1], e.owner.id, sizeof(id)) != sizeof(id));
		}
	for (int i = 0; i < 8; i++) {
		assert_int_equal(read(pipes[0], i ? id : first, sizeof(id)), sizeof(id));
		assert_true(i == 0 || strcmp(id, first) == 0);
		assert_true(wait(NULL) > 0);
	}
	assert_int_equal(strspn(first, "0123456789abcdef"), 32);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

static void test_lock(void **state)
{
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) a = CRL_ENTRY_INIT;
	scoped(crl_entry) b = CRL_ENTRY_INIT;
	char name[CRL_ENTRY_NAME_MAX];
	struct crl_err err = {0};

	(void)state;
	begin(&s);
	assert_true(open_ana(&s, true, &a) == 0 && open_ana(&s, true, &b) == 0);
	assert_int_equal(crl_entry_lock(&a, 0, &err), 0);
	assert_int_equal(crl_entry_lock(&b, 30, &err), -EBUSY);
	/* What changed before one got the lock is seen with it. */
	a.owner.form = CRL_FORM_PLAIN;
	a.owner.size = 77;
	assert_int_equal(crl_entry_write_owner(&a), 0);
	crl_entry_unlock(&a);
	assert_int_equal(crl_entry_lock(&b, 0, &err), 0);
	assert_true(b.owner.form == CRL_FORM_PLAIN && b.owner.size == 77);
	crl_entry_unlock(&b);
	assert_int_equal(crl_entry_orphan(&s, a.name, name), 0);
	assert_int_equal(crl_entry_lock(&a, 0, &err), -ESTALE);
}

static off_t use_size(const struct crl_entry *e)
{
	struct stat st;

	assert_int_equal(fstatat(e->dir, "use", &st, 0), 0);
	return st.st_size;
}

static void test_use(void **state)
{
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	scoped_fd one = -EBADF, two = -EBADF, alone = -EBADF, none = -EBADF;
	struct crl_err err = {0};

	(void)state;
	begin(&s);
	assert_int_equal(open_ana(&s, true, &e), 0);
	assert_int_equal(crl_entry_use(&e, false, 0, &one, &err), 0);
	assert_int_equal(crl_entry_use(&e, false, 0, &two, &err), 0);
	assert_int_equal(crl_entry_use(&e, true, 0, &alone, &err), -EBUSY);
	assert_int_equal(crl_use_make_alone(one, 1000), -EBUSY);
	drop_fd(&two);
	assert_int_equal(crl_entry_use(&e, true, 0, &alone, &err), -EBUSY); /* one is shared still */
	assert_int_equal(use_size(&e), 0);
	assert_int_equal(crl_use_make_alone(one, 1000), 0);
	assert_int_equal(crl_entry_use(&e, false, 30, &none, &err), -EBUSY);
	assert_int_equal(use_size(&e), 1); /* a login says that it waits, */
	assert_int_equal(crl_entry_use(&e, true, 30, &none, &err), -EBUSY);
	assert_int_equal(use_size(&e), 1); /* and a command waits for its turn */
	assert_int_equal(crl_use_share(one, 1000), 0);
	assert_int_equal(crl_entry_use(&e, false, 0, &two, &err), 0);
}

/* keeps: store/entry R3 */
static void test_not_beneath_a_room(void **state)
{
	static const struct crl_entry_key bob = {.uid = 54321, .user = "bob"};
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	scoped(crl_entry) other = CRL_ENTRY_INIT;
	scoped_fd room = -EBADF;
	struct crl_err err = {0};

	(void)state;
	begin(&s);
	assert_int_equal(open_ana(&s, true, &e), 0);
	assert_int_equal(crl_entry_use(&e, false, 0, &room, &err), 0);
	assert_int_equal(crl_entry_open(&s, &bob, true, &other, &err), -EBUSY);
	assert_non_null(strstr(err.text, "ana"));
	drop_fd(&room);
	assert_int_equal(crl_entry_lock(&e, 0, &err), 0);
	assert_int_equal(crl_entry_open(&s, &bob, true, &other, &err), -EBUSY);
	crl_entry_unlock(&e);
	assert_int_equal(crl_entry_open(&s, &bob, true, &other, &err), 0);
	assert_string_not_equal(other.orphaned, "");
}

/* A keeper that gets "use" alone, and works until somebody says that they wait: 0 when they did. */
static int work_until_wanted(const struct crl_entry *e, int use)
{
	int turns = 500;

	while (turns-- > 0 && use_size(e) == 0)
		(void)usleep(10000);
	return flock(use, LOCK_UN) == 0 && turns > 0 ? 0 : 1;
}

/* Who is not given "use" alone, and loses the shared one meanwhile, says that it waits. */
static void test_use_lost(void **state)
{
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	scoped_fd one = -EBADF, keeper = -EBADF;
	struct crl_err err = {0};
	int status;
	pid_t pid;

	(void)state;
	begin(&s);
	assert_int_equal(open_ana(&s, true, &e), 0);
	assert_int_equal(crl_entry_use(&e, false, 0, &one, &err), 0);
	assert_int_equal(flock(one, LOCK_UN), 0); /* as flock(2) does before it tries for the other one */
	assert_int_equal(crl_entry_use(&e, true, 0, &keeper, &err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(work_until_wanted(&e, keeper));
	assert_int_equal(crl_use_make_alone(one, 1000), -EBUSY);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A keeper can be stopped by its user: nobody waits for one that never lets go. */
static void test_use_kept(void **state)
{
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	scoped_fd one = -EBADF, two = -EBADF, keeper = -EBADF;
	struct crl_err err = {0};

	(void)state;
	begin(&s);
	assert_int_equal(open_ana(&s, true, &e), 0);
	assert_int_equal(crl_entry_use(&e, false, 0, &one, &err), 0);
	assert_int_equal(flock(one, LOCK_UN), 0);
	assert_int_equal(crl_entry_use(&e, true, 0, &keeper, &err), 0);
	(void)alarm(60);
	assert_int_equal(crl_use_make_alone(one, 30), -ETIMEDOUT);
	assert_int_equal(crl_use_share(one, 30), -ETIMEDOUT);
	assert_int_equal(crl_entry_use(&e, false, 30, &two, &err), -EBUSY);
	assert_non_null(strstr(err.text, "being changed"));
	(void)alarm(0);
}

static void test_lower(void **state)
{
	static const char *const lines[] = {"/srv/templates/a b", "home"};
	static const char *const bad[] = {"a\nb", "", "end"};
	scoped(crl_store) s = {.dir = -EBADF};
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	scoped(crl_lowers) l = {0};

	(void)state;
	begin(&s);
	assert_int_equal(open_ana(&s, true, &e), 0);
	assert_int_equal(crl_entry_read_lower(&e, &l), -ENOENT);
	assert_int_equal(crl_entry_write_lower(&e, lines, 2), 0);
	assert_int_equal(crl_entry_read_lower(&e, &l), 0);
	assert_int_equal(l.len, 2);
	assert_string_equal(l.item[0], lines[0]);
	assert_string_equal(l.item[1], lines[1]);
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_int_equal(crl_entry_write_lower(&e, &bad[i], 1), -EINVAL);
	crl_lowers_done(&l);
	shell("printf 'home\\n' >store/home/54321/lower");
	assert_int_equal(crl_entry_read_lower(&e, &l), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store),          cmocka_unit_test(test_made),
		cmocka_unit_test(test_never_anothers), cmocka_unit_test(test_leftover),
		cmocka_unit_test(test_race),           cmocka_unit_test(test_each_call),
		cmocka_unit_test(test_lock),           cmocka_unit_test(test_use),
		cmocka_unit_test(test_use_lost),       cmocka_unit_test(test_use_kept),
		cmocka_unit_test(test_lower),          cmocka_unit_test(test_not_beneath_a_room),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
