// SPDX-License-Identifier: Apache-2.0
/* A published policy reads back to the same, and what is not as it was written is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state/published.h"

struct fixture {
	struct crl_published p, back;
	struct crl_err err;
	char *text;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || crl_policy_init(&f->p.policy) < 0)
		return -1;
	(void)strcpy(f->p.user, "ana maria");
	(void)strcpy(f->p.group, "students");
	(void)strcpy(f->p.home, "/home/ana");
	(void)strcpy(f->p.shell, "/bin/bash");
	(void)strcpy(f->p.policy.name, "alone");
	f->p.uid = 1001;
	f->p.gid = 100;
	f->p.room = true;
	f->p.policy.home_mode = CRL_HOME_OVERLAY;
	f->p.policy.home_size = 1 << 26;
	f->p.filter.len = 2;
	f->p.filter.insn[0] = (struct sock_filter){.code = 0x0120, .jt = 3, .jf = 0xff, .k = 0xdeadbeef};
	f->p.filter.insn[1] = (struct sock_filter){.code = 6, .k = 0x7fff0000};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	crl_published_done(&f->p);
	crl_published_done(&f->back);
	free(f->text);
	free(f);
	return 0;
}

static int print(struct fixture *f)
{
	free(f->text);
	f->text = NULL;
	return crl_published_print(&f->p, &f->text, &f->err);
}

static int parse(struct fixture *f, const char *text)
{
	char *copy = strdup(text);
	int rc;

	assert_non_null(copy);
	crl_published_done(&f->back);
	rc = crl_published_parse(copy, strlen(copy), &f->back, &f->err);
	free(copy);
	return rc;
}

static void test_back(void **state)
{
	struct fixture *f = *state;
	char *again = NULL;

	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), 0);
	assert_string_equal(f->back.user, "ana maria");
	assert_int_equal(f->back.uid, 1001);
	assert_int_equal(f->back.policy.home_size, 1 << 26);
	assert_memory_equal(f->back.filter.insn, f->p.filter.insn, 2 * sizeof(struct sock_filter));
	assert_int_equal(crl_published_print(&f->back, &again, &f->err), 0);
	assert_string_equal(again, f->text);
	free(again);
}

static void test_no_room(void **state)
{
	struct fixture *f = *state;

	f->p.room = false;
	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), 0);
	assert_false(f->back.room);
	assert_string_equal(f->back.shell, "/bin/bash");
	assert_null(strstr(f->text, "policies"));
}

/* keeps: state/published_text R1 */
static void test_each_line_counts(void **state)
{
	struct fixture *f = *state;
	const char *line;
	char cut[1 << 14];

	assert_int_equal(print(f), 0);
	for (line = f->text; *line != '\n'; line = strchr(line, '\n') + 1) {
		size_t before = (size_t)(line - f->text), len = strcspn(line, "\n") + 1;

		/* left out */
		(void)snprintf(cut, sizeof(cut), "%.*s%s", (int)before, f->text, line + len);
		assert_true(parse(f, cut) < 0);
		/* twice */
		(void)snprintf(cut, sizeof(cut), "%.*s%.*s%s", (int)before, f->text, (int)len, line, line);
		assert_true(parse(f, cut) < 0);
		/* another key */
		(void)snprintf(cut, sizeof(cut), "%.*sx%s", (int)before, f->text, line);
		assert_true(parse(f, cut) < 0);
		/* the text's end */
		(void)snprintf(cut, sizeof(cut), "%.*s", (int)before, f->text);
		assert_true(parse(f, cut) < 0);
	}
}

/* It goes to a terminal. */
static void test_contact(void **state)
{
	struct fixture *f = *state;
	char text[1 << 14];
	char *at;

	(void)strcpy(f->p.contact, "Schreiben Sie an hilfe@example.org, täglich");
	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), 0);
	assert_string_equal(f->back.contact, f->p.contact);
	(void)snprintf(text, sizeof(text), "%s", f->text);
	at = strstr(text, "Schreiben");
	assert_non_null(at);
	at[0] = (char)0xff;
	assert_int_equal(parse(f, text), -EBADMSG);
	(void)strcpy(f->p.contact, "a\033[2J");
	assert_int_equal(print(f), -EINVAL);
}

/* Where the policy keeps a home, and nowhere else, it says in what directory. */
static void test_kept(void **state)
{
	struct fixture *f = *state;
	char text[1 << 14];
	char *at;

	f->p.policy.home_upper = CRL_UPPER_PERSISTENT;
	f->p.policy.home_quota = CRL_QUOTA_NONE;
	f->p.policy.home_size = 0;
	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), -EBADMSG);
	(void)strcpy(f->p.kept, "/var/lib/carrel.alone/1001.ana maria");
	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), 0);
	assert_string_equal(f->back.kept, f->p.kept);
	(void)snprintf(text, sizeof(text), "%s", f->text);
	at = strstr(text, "kept /var");
	assert_non_null(at);
	at[5] = 'x'; /* no absolute path */
	assert_int_equal(parse(f, text), -EBADMSG);
	f->p.policy.home_upper = CRL_UPPER_TMPFS;
	f->p.policy.home_quota = CRL_QUOTA_AUTO;
	f->p.policy.home_size = 1 << 26;
	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), -EBADMSG);
}

static void test_values(void **state)
{
	static const char *const wrong[][2] = {
		{"uid 1001\n", "uid -1\n"},
		{"uid 1001\n", "uid 4294967295\n"},
		{"uid 1001\n", "uid 01001\n"},
		{"home /home/ana\n", "home ana\n"},
		{"home /home/ana\n", "home /a/../b\n"},
		{"shell /bin/bash\n", "shell bash\n"},
		{"room yes\n", "room Yes\n"},
		{"nest no\n", "nest\n"},
		{"policy alone\n", "policy other\n"},
		{"filter 0120", "filter 012"},
		{"filter 0120", "filter 0 20"},
		{"user ana maria\n", "user \n"},
		{"user ana maria\n", "user a\tb\n"},
	};
	struct fixture *f = *state;
	char text[1 << 14];

	assert_int_equal(print(f), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(wrong); i++) {
		const char *at = strstr(f->text, wrong[i][0]);

		assert_non_null(at);
		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - f->text), f->text, wrong[i][1],
			       at + strlen(wrong[i][0]));
		assert_true(parse(f, text) < 0);
	}
}

/* A policy that wants a filter never goes without, and none comes with one that wants none. */
static void test_filter(void **state)
{
	struct fixture *f = *state;

	f->p.filter.len = 0;
	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), -EBADMSG);
	f->p.policy.seccomp.base[0] = '\0';
	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), 0);
	f->p.filter.len = 1;
	assert_int_equal(print(f), 0);
	assert_int_equal(parse(f, f->text), -EBADMSG);
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	uint32_t uid = 7;

	assert_true(crl_published_is_name("1001", &uid));
	assert_int_equal(uid, 1001);
	assert_false(crl_published_is_name(".new", &uid));
	assert_false(crl_published_is_name("1001.x", &uid));
	assert_false(crl_published_is_name("4294967295", &uid));
	(void)strcpy(f->p.home, "/home/a\nshell /bin/evil");
	assert_int_equal(print(f), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_line_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_contact, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
