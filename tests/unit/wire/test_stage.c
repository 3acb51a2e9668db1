// SPDX-License-Identifier: Apache-2.0
/* The stage file as a text: what is written is read as it was, and nothing else is taken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/stage.h"

#define HEAD "carrel-stage 1\n"
#define OWN HEAD "user own\nns /run/carrel/user\nuid 1000\ngid 100\n"

static const struct crl_last whole = {
	.user = CRL_LAST_USER_OWN,
	.uid = 1000,
	.gid = 100,
	.ns = CRL_LAST_NS,
	.root = CRL_LAST_ROOT,
	.filter = CRL_LAST_FILTER,
	.shell = "/opt/a shell=\\\"x\"\n\xff/bash",
	.nested = true,
	.no_new_privs = true,
};

static void assert_same(const struct crl_last *a, const struct crl_last *b)
{
	assert_int_equal(a->user, b->user);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_string_equal(a->ns, b->ns);
	assert_string_equal(a->root, b->root);
	assert_string_equal(a->filter, b->filter);
	assert_string_equal(a->shell, b->shell);
	assert_string_equal(a->caps, b->caps);
	assert_int_equal(a->nested, b->nested);
	assert_int_equal(a->no_new_privs, b->no_new_privs);
	assert_int_equal(a->apart, b->apart);
	assert_int_equal(a->profiles, b->profiles);
	for (size_t i = 0; i < a->profiles; i++) {
		assert_string_equal(a->profile[i].program, b->profile[i].program);
		assert_string_equal(a->profile[i].filter, b->profile[i].filter);
	}
}

static void goes_round(const struct crl_last *last)
{
	char text[CRL_LAST_TEXT_MAX + 1];
	struct crl_last got;
	int n = crl_last_print(last, text);

	assert_true(n > 0);
	assert_int_equal(n, strlen(text));
	assert_int_equal(crl_last_parse(text, (size_t)n, &got, NULL), 0);
	assert_same(&got, last);
}

static void test_there_and_back(void **state)
{
	struct crl_last last = whole;

	(void)state;
	goes_round(&last);
	last.root[0] = last.filter[0] = last.shell[0] = '\0';
	last.nested = last.no_new_privs = false;
	goes_round(&last);
	last.user = CRL_LAST_USER_ROOT;
	last.uid = last.gid = 0;
	goes_round(&last);
	goes_round(&(struct crl_last){.shell = "/bin/bash"});
	goes_round(&(struct crl_last){.filter = CRL_LAST_FILTER, .no_new_privs = true});
	goes_round(&(struct crl_last){.caps = CRL_LAST_CAPS, .no_new_privs = true});
	goes_round(&(struct crl_last){.apart = CRL_LAST_APART_YES, .no_new_privs = true});
	goes_round(&(struct crl_last){.apart = CRL_LAST_APART_PREFER});
}

/* As many as there may be, of all lengths. */
static void test_profiles(void **state)
{
	struct crl_last last = whole;
	char text[CRL_LAST_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < CRL_LAST_PROFILES_MAX; i++) {
		(void)snprintf(last.profile[i].program, CRL_LAST_PATH_MAX, "/bin/a b%0*zu", (int)(i * 60), i);
		(void)snprintf(last.profile[i].filter, CRL_LAST_PATH_MAX, CRL_LAST_PROFILE, i);
		last.profiles++;
		goes_round(&last);
	}
	last.profiles++;
	assert_int_equal(crl_last_print(&last, text), -EINVAL);
	last.profiles = 2;
	(void)strcpy(last.profile[1].program, last.profile[0].program);
	assert_int_equal(crl_last_print(&last, text), -EINVAL);
	last = (struct crl_last){.profiles = 1, .profile[0] = {"/usr/bin/x y", CRL_LAST_DIR "/profile0.bpf"}};
	assert_true(crl_last_print(&last, text) > 0);
	assert_string_equal(text,
			    HEAD "user none\nno_new_privs no\nprofile /usr/bin/x\\x20y /run/carrel/profile0.bpf\n");
	(void)strcpy(last.profile[0].filter, "/tmp/profile0.bpf"); /* keeps: wire/stage R2 */
	assert_int_equal(crl_last_print(&last, text), -EINVAL);
}

static void test_its_text(void **state)
{
	char text[CRL_LAST_TEXT_MAX + 1];

	(void)state;
	assert_true(crl_last_print(&whole, text) > 0);
	assert_string_equal(
		text, "carrel-stage 1\nuser own\nns /run/carrel/user\nroot /run/carrel/inside\nnested yes\nuid 1000\n"
		      "gid 100\nfilter /run/carrel/stage.bpf\n"
		      "shell /opt/a\\x20shell\\x3d\\x5c\\x22x\\x22\\x0a\\xff/bash\nno_new_privs yes\n");
	assert_true(crl_last_print(&(struct crl_last){0}, text) > 0);
	assert_string_equal(text, HEAD "user none\nno_new_privs no\n");
}

/* What could not be read is not written. keeps: wire/stage R1 */
static void test_not_written(void **state)
{
	char text[CRL_LAST_TEXT_MAX + 1];
	struct crl_last last = whole;

	(void)state;
	last.user = CRL_LAST_USER_COUNT;
	assert_int_equal(crl_last_print(&last, text), -EINVAL);
	last = whole;
	last.user = CRL_LAST_USER_NONE;
	assert_int_equal(crl_last_print(&last, text), -EINVAL);
	last = whole;
	last.ns[0] = '\0';
	assert_int_equal(crl_last_print(&last, text), -EINVAL);
	last = whole;
	(void)snprintf(last.root, sizeof(last.root), "/run");
	assert_int_equal(crl_last_print(&last, text), -EINVAL);
	last = whole;
	last.uid = 0;
	assert_int_equal(crl_last_print(&last, text), -EINVAL);
	last = whole;
	memset(last.shell + 1, '\n', sizeof(last.shell) - 2);
	goes_round(&last); /* one as long as can be, each byte escaped */
	for (size_t i = 0; i < CRL_LAST_PROFILES_MAX; i++) {
		memset(last.profile[i].program, '\n', CRL_LAST_PATH_MAX - 1);
		last.profile[i].program[0] = '/';
		last.profile[i].program[1] = (char)('a' + i);
		(void)snprintf(last.profile[i].filter, CRL_LAST_PATH_MAX, CRL_LAST_PROFILE, i);
	}
	last.profiles = CRL_LAST_PROFILES_MAX;
	assert_int_equal(crl_last_print(&last, text), -E2BIG);
}

static int parse(const char *text, size_t len)
{
	struct crl_last got = whole;
	const char *fault = NULL;
	int rc = crl_last_parse(text, len, &got, &fault);

	if (rc < 0) {
		assert_non_null(fault);
		assert_same(&got, &whole);
	} else {
		assert_null(fault);
	}
	return rc;
}

/* keeps: wire/stage R1 */
static void test_refused(void **state)
{
	static const char *const text[] = {
		"",
		"\n",
		HEAD,
		HEAD "user none\n", /* no_new_privs is not guessed */
		HEAD "no_new_privs yes\n",
		HEAD "user none\nno_new_privs yes\napart no\n",
		HEAD "user none\nno_new_privs yes\napart\n",
		"carrel-stage 2\nuser none\nno_new_privs yes\n",
		"carrel-stage 1 \nuser none\nno_new_privs yes\n",
		" " HEAD "user none\nno_new_privs yes\n",
		"user none\nno_new_privs yes\n" HEAD,
		HEAD "user none\nno_new_privs yes", /* cut */
		HEAD "user none\nno_new_privs yes\n\n",
		HEAD "\nuser none\nno_new_privs yes\n",
		HEAD "user none\r\nno_new_privs yes\r\n",
		HEAD "user none\nno_new_privs yes\nuser none\n",
		HEAD "user none\nuser own\nno_new_privs yes\n",
		HEAD "user none\nno_new_privs yes\ncolour red\n",
		HEAD "user none\nno_new_privs yes\nshell\n",
		HEAD "user none\nno_new_privs yes\nshell \n",
		HEAD "user none\nno_new_privs yes\nshell bash\n",
		HEAD "user none\nno_new_privs yes\nshell  /bin/bash\n",
		HEAD "user none\nno_new_privs yes\nshell /bin/bash \n",
		HEAD "user none\nno_new_privs yes\nshell /bin/../bash\n",
		HEAD "user none\nno_new_privs yes\nSHELL /bin/bash\n",
		HEAD "user None\nno_new_privs yes\n",
		HEAD "user none\nno_new_privs yes\nprofile\n",
		HEAD "user none\nno_new_privs yes\nprofile \n",
		HEAD "user none\nno_new_privs yes\nprofile /bin/x\n",
		HEAD "user none\nno_new_privs yes\nprofile /bin/x \n",
		HEAD "user none\nno_new_privs yes\nprofile bin/x /run/carrel/p\n",
		HEAD "user none\nno_new_privs yes\nprofile /bin/x /run/carrel\n",
		HEAD "user none\nno_new_privs yes\nprofile /bin/x /run/p\n",
		HEAD "user none\nno_new_privs yes\nprofile /bin/x  /run/carrel/p\n",
		HEAD "user none\nno_new_privs yes\nprofile /bin/x /run/carrel/p q\n",
		HEAD "user none\nno_new_privs yes\nprofile /bin/x /run/carrel/p\nprofile /bin/x /run/carrel/q\n",
		HEAD "user none\nprofile /bin/x /run/carrel/p\nno_new_privs yes\n",
		HEAD "user none\nno_new_privs 1\n",
		HEAD "user none\nno_new_privs \n",
		HEAD "user none\nuid 1000\nno_new_privs yes\n",
		HEAD "user none\ngid 0\nno_new_privs yes\n",
		HEAD "user none\nns /run/carrel/user\nno_new_privs yes\n",
		HEAD "user none\nroot /run/carrel/inside\nno_new_privs yes\n",
		HEAD "user none\nnested yes\nno_new_privs yes\n",
		HEAD "user none\nno_new_privs yes\ncaps /tmp/caps\n",
		HEAD "user none\nno_new_privs yes\ncaps /run/carrel/../caps\n",
		OWN "no_new_privs yes\ncaps /run/carrel/bin/caps\n",
		OWN "nested yes\nno_new_privs yes\n",
		OWN "root /run/carrel/inside\nnested no\nno_new_privs yes\n",
		HEAD "user own\nno_new_privs yes\n",
		HEAD "user own\nns /run/carrel/user\nuid 1000\nno_new_privs yes\n",
		HEAD "user own\nns /run/carrel/user\ngid 1000\nno_new_privs yes\n",
		HEAD "user own\nuid 1000\ngid 1000\nno_new_privs yes\n",
		HEAD "user own\nns /run/carrel/user\nuid 0\ngid 0\nno_new_privs yes\n",
		HEAD "user root\nns /run/carrel/user\nuid 1000\ngid 0\nno_new_privs yes\n",
		HEAD "user own\nns /run/carrel/user\nuid -1\ngid 100\nno_new_privs yes\n",
		HEAD "user own\nns /run/carrel/user\nuid 01000\ngid 100\nno_new_privs yes\n",
		HEAD "user own\nns /run/carrel/user\nuid 4294967295\ngid 100\nno_new_privs yes\n",
		HEAD "user own\nns /run/carrel/user\nuid 4294968296\ngid 100\nno_new_privs yes\n",
		HEAD "user own\nns /run/carrel/user\nuid 1000 \ngid 100\nno_new_privs yes\n",
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(text); i++)
		if (parse(text[i], strlen(text[i])) != -EBADMSG)
			fail_msg("taken: %s", text[i]);
	assert_int_equal(parse(OWN "no_new_privs yes\n", strlen(OWN "no_new_privs yes\n")), 0);
	for (size_t len = 0; len < strlen(OWN "no_new_privs yes\n"); len++)
		assert_int_equal(parse(OWN "no_new_privs yes\n", len), -EBADMSG);
	assert_int_equal(
		parse(HEAD "user none\0\nno_new_privs yes\n", sizeof(HEAD "user none\0\nno_new_privs yes\n") - 1),
		-EBADMSG);
}

/* keeps: wire/stage R2 */
static void test_places(void **state)
{
	static const char *const key[] = {"ns", "root", "filter"};
	static const char *const path[] = {
		"/home/mia/ns", "/run/carrel",       "/run/carrel-x/user", "/run/carrel/../x", "/",
		"/run/carrel/", "/run/carrel//user", "run/carrel/user"};
	char text[256];

	(void)state;
	for (size_t k = 0; k < CRL_ARRAY_LEN(key); k++)
		for (size_t i = 0; i < CRL_ARRAY_LEN(path); i++) {
			(void)snprintf(text, sizeof(text), HEAD "user own\nuid 1\ngid 1\nno_new_privs no\n%s%s %s\n",
				       k ? "ns /run/carrel/user\n" : "", key[k], path[i]);
			if (parse(text, strlen(text)) != -EBADMSG)
				fail_msg("taken: %s", text);
			(void)snprintf(text, sizeof(text), HEAD "user own\nuid 1\ngid 1\nno_new_privs no\n%s%s %s\n",
				       k ? "ns /run/carrel/user\n" : "", key[k], "/run/carrel/x");
			assert_int_equal(parse(text, strlen(text)), 0);
		}
}

/* keeps: wire/stage R3 */
static void test_one_way(void **state)
{
	static const char *const shell[] = {"/bin/b\\x61sh", "/bin/a\\x2Fb",  "/bin/\\x0A",  "/bin/a\\x2",
					    "/bin/a\\",      "/bin/a\\n",     "/bin/a=b",    "/bin/a\"b",
					    "/bin/a b",      "/bin/\xc3\xa4", "/bin/a\\x00b"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(shell); i++) {
		(void)snprintf(text, sizeof(text), HEAD "user none\nno_new_privs no\nshell %s\n", shell[i]);
		if (parse(text, strlen(text)) != -EBADMSG)
			fail_msg("taken: %s", text);
	}
}

static void test_most(void **state)
{
	char text[CRL_LAST_TEXT_MAX + 2];
	size_t len = (size_t)snprintf(text, sizeof(text), HEAD "user none\nno_new_privs no\nshell /");

	(void)state;
	memset(text + len, 'x', sizeof(text) - len);
	text[len + CRL_LAST_PATH_MAX - 2] = '\n';
	assert_int_equal(parse(text, len + CRL_LAST_PATH_MAX - 1), 0);
	text[len + CRL_LAST_PATH_MAX - 2] = 'x';
	text[len + CRL_LAST_PATH_MAX - 1] = '\n';
	assert_int_equal(parse(text, len + CRL_LAST_PATH_MAX), -EBADMSG);
	text[CRL_LAST_TEXT_MAX] = '\n';
	assert_int_equal(parse(text, CRL_LAST_TEXT_MAX + 1), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_its_text),
		cmocka_unit_test(test_not_written),    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_places),         cmocka_unit_test(test_one_way),
		cmocka_unit_test(test_most),           cmocka_unit_test(test_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
