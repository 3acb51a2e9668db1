// SPDX-License-Identifier: Apache-2.0
/*
 * tests/golden/policy: each NAME.conf has a NAME.want (what its policy "p" has that is no default) or a NAME.err (the
 * exact error). The list of all defaults is that of conf/carrel.conf, which test_conf holds to the letter. Run in the
 * source tree (CARREL_SRC names it from elsewhere). CARREL_GOLDEN_WRITE=1 writes what is missing, to be read before it
 * is committed.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/path.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "policy/keys/keys.h"
#include "tests/unit/policy/lsan.h"

#define FOLDER "tests/golden/policy"

static char *read_all(const char *path, size_t *ret_len)
{
	char *text = NULL;
	FILE *f = fopen(path, "re");

	if (!f)
		return NULL;
	*ret_len = 0;
	text = calloc(1, CRL_CONFIG_SIZE_MAX);
	assert_non_null(text);
	*ret_len = fread(text, 1, CRL_CONFIG_SIZE_MAX - 1, f);
	(void)fclose(f);
	return text;
}

/* One line for each key that is not as crl_policy_init() has it. */
static char *differences(const struct crl_policy *p)
{
	scoped(crl_policy) standard = {0};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(crl_policy_init(&standard), 0);
	for (size_t i = 0; i < crl_keys_len; i++) {
		scoped_free char *value = NULL;
		scoped_free char *was = NULL;

		if (!crl_key_is_setting(&crl_keys[i]))
			continue;
		assert_int_equal(crl_policy_value(p, &crl_keys[i], &value), 0);
		assert_int_equal(crl_policy_value(&standard, &crl_keys[i], &was), 0);
		if (strcmp(value ? value : "", was ? was : "") != 0)
			(void)fprintf(f, "%s = %s\n", crl_keys[i].path, value ? value : "");
	}
	assert_int_equal(fclose(f), 0);
	return text;
}

static int run(const char *name, char *text, size_t len, char **ret_text, struct crl_err *err)
{
	scoped(crl_policy) p = {0};
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	int rc = crl_source_parse(name, text, len, &s, err);

	if (rc == 0)
		rc = crl_config_from_source(s, &c, err);
	if (rc == 0)
		rc = crl_config_check_all(c, err);
	if (rc == 0)
		rc = crl_config_policy(c, "p", &p, err);
	if (rc == 0)
		*ret_text = differences(&p);
	crl_config_free(c);
	return rc;
}

static void show(const struct crl_err *err, char **ret)
{
	assert_true(asprintf(ret, "%s %s:%d: %s\n", strerrorname_np(err->code), err->file, err->line, err->text) > 0);
}

/* Returns 1 when the file's result is not what stands beside it. */
static int check_file(const char *name)
{
	scoped_free char *path = NULL;
	scoped_free char *text = NULL;
	scoped_free char *want = NULL;
	scoped_free char *found = NULL;
	struct crl_err err = {0};
	size_t len = 0;
	size_t want_len = 0;
	int rc;

	assert_true(asprintf(&path, "%s/%s", FOLDER, name) > 0);
	text = read_all(path, &len);
	assert_non_null(text);
	rc = run(name, text, len, &found, &err);
	if (rc < 0) {
		assert_int_equal(rc, -err.code);
		assert_int_equal(err.stage, CRL_STAGE_CONFIG);
		show(&err, &found);
	}
	free(path);
	assert_true(asprintf(&path, "%s/%.*s%s", FOLDER, (int)(strlen(name) - strlen(".conf")), name,
			     rc < 0 ? ".err" : ".want") > 0);
	want = read_all(path, &want_len);
	if (!want && getenv("CARREL_GOLDEN_WRITE")) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		(void)fputs(found, f);
		(void)fclose(f);
		return 0;
	}
	if (!want || strcmp(want, found) != 0) {
		print_error("%s: expected\n%sfound\n%s", path, want ? want : "nothing of the kind\n", found);
		return 1;
	}
	return 0;
}

static void test_all(void **state)
{
	DIR *d = opendir(FOLDER);
	int files = 0;
	int wrong = 0;

	(void)state;
	if (!d) {
		fail_msg("%s: %s", FOLDER, strerror(errno));
		return;
	}
	for (struct dirent *e; (e = readdir(d));) {
		const char *dot = strrchr(e->d_name, '.');

		if (dot && strcmp(dot, ".conf") == 0) {
			files++;
			wrong += check_file(e->d_name);
		}
	}
	(void)closedir(d);
	print_message("%d files\n", files);
	assert_int_equal(wrong, 0);
	assert_true(files > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
	};

	if (getenv("CARREL_SRC") && chdir(getenv("CARREL_SRC")) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
