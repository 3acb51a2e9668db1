// SPDX-License-Identifier: Apache-2.0
/* Records of trials, and which configuration counts. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "state/trial/trial.h"

#define BOOT "01234567-89ab-cdef-0123-456789abcdef"
#define OTHER "11234567-89ab-cdef-0123-456789abcdef"

static char top[] = "/tmp/carrel-trial-XXXXXX";

static const struct crl_trial good = {.id = "abcd2345",
				      .boot = BOOT,
				      .begun_ms = 1000,
				      .until_ms = 601000,
				      .until_wall = 1800000000,
				      .file = "carrel.conf",
				      .by = "root"};

static void format(const struct crl_trial *t, char buf[CRL_TRIAL_RECORD_MAX])
{
	assert_true(crl_trial_format(t, buf, CRL_TRIAL_RECORD_MAX) > 0);
}

static void test_round(void **state)
{
	char text[CRL_TRIAL_RECORD_MAX], again[CRL_TRIAL_RECORD_MAX];
	struct crl_trial t;

	(void)state;
	for (int confirmed = 0; confirmed < 2; confirmed++) {
		struct crl_trial from = good;

		from.confirmed = confirmed;
		format(&from, text);
		assert_int_equal(crl_trial_parse(text, strlen(text), &t), 0);
		assert_int_equal(t.confirmed, confirmed);
		assert_int_equal(t.until_ms, 601000);
		assert_string_equal(t.file, "carrel.conf");
		format(&t, again);
		assert_string_equal(text, again);
	}
	assert_int_equal(crl_trial_format(&good, text, 50), -EOVERFLOW);
}

static int parse(const char *text)
{
	struct crl_trial t;

	return crl_trial_parse(text, strlen(text), &t);
}

static void test_cut(void **state)
{
	char text[CRL_TRIAL_RECORD_MAX], cut[2 * CRL_TRIAL_RECORD_MAX];
	size_t len;

	(void)state;
	format(&good, text);
	len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		(void)snprintf(cut, sizeof(cut), "%.*s", (int)i, text);
		if (parse(cut) != -EBADMSG)
			fail_msg("cut at %zu it passes", i);
		/* One byte lost, or another in its place. */
		(void)snprintf(cut, sizeof(cut), "%.*s\001%s", (int)i, text, text + i + 1);
		if (parse(cut) != -EBADMSG)
			fail_msg("with a control character at %zu it passes", i);
		(void)snprintf(cut, sizeof(cut), "%.*s %s", (int)i, text, text + i);
		if (parse(cut) != -EBADMSG)
			fail_msg("with a space at %zu it passes", i);
	}
	(void)snprintf(cut, sizeof(cut), "%sx", text);
	assert_int_equal(parse(cut), -EBADMSG);
	(void)snprintf(cut, sizeof(cut), "\n%s", text);
	assert_int_equal(parse(cut), -EBADMSG);
	assert_int_equal(crl_trial_parse(text, len + 1, &(struct crl_trial){0}), -EBADMSG); /* a NUL in it */
}

static void test_absurd(void **state)
{
	static const struct {
		const char *from;
		const char *to;
	} change[] = {
		{"trial=1", "trial=2"},
		{"trial=1", "trial=01"},
		{"trial=1", "trial=0"},
		{"id=abcd2345", "id=abcd2345abcd2345abcd2345"},
		{"id=abcd2345", "id="},
		{"boot=0", "boot="},
		{"boot=0", "boot=00"},
		{"boot=0", "boot=G"},
		{"begun=1000", "begun=-1"},
		{"begun=1000", "begun=+1000"},
		{"begun=1000", "begun=601001"}, /* over before it began */
		{"begun=1000", "begun=18446744073709551616"},
		{"until=601000", "until=86401001"}, /* a day and a millisecond */
		{"until=601000", "until=9223372036854775807"},
		{"until=601000", "until=9223372036854775808"},
		{"until=601000", "until=1e3"},
		{"until=601000", "until="},
		{"wall=1800000000", "wall=99999999999999999999"},
		{"file=carrel.conf", "file=../carrel.conf"},
		{"file=carrel.conf", "file=.carrel.conf"},
		{"file=carrel.conf", "file=x/carrel.conf"},
		{"by=root", "by="},
		{"state=running", "state=Running"},
		{"state=running", "state=confirmed\nstate=running"},
		{"end\n", "end"},
		{"end\n", "end\nend\n"},
	};
	char text[CRL_TRIAL_RECORD_MAX], bad[2 * CRL_TRIAL_RECORD_MAX];

	(void)state;
	format(&good, text);
	for (size_t i = 0; i < CRL_ARRAY_LEN(change); i++) {
		const char *at = strstr(text, change[i].from);

		assert_non_null(at);
		(void)snprintf(bad, sizeof(bad), "%.*s%s%s", (int)(at - text), text, change[i].to,
			       at + strlen(change[i].from));
		if (parse(bad) != -EBADMSG)
			fail_msg("\"%s\" passes", change[i].to);
	}
}

static void test_judge(void **state)
{
	struct crl_trial t = good;

	(void)state;
	assert_int_equal(crl_trial_judge(&t, &(struct crl_trial_now){BOOT, 1000}), CRL_TRIAL_RUNNING);
	assert_int_equal(crl_trial_judge(&t, &(struct crl_trial_now){BOOT, 600999}), CRL_TRIAL_RUNNING);
	assert_int_equal(crl_trial_judge(&t, &(struct crl_trial_now){BOOT, 601000}), CRL_TRIAL_OVER);
	assert_int_equal(crl_trial_judge(&t, &(struct crl_trial_now){BOOT, 999}), CRL_TRIAL_OVER);
	assert_int_equal(crl_trial_judge(&t, &(struct crl_trial_now){OTHER, 2000}), CRL_TRIAL_OVER);
	t.confirmed = true;
	assert_int_equal(crl_trial_judge(&t, &(struct crl_trial_now){OTHER, 99999999}), CRL_TRIAL_CONFIRMED);
}

static const char *at(const char *name)
{
	static char path[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", top, name);
	return path[turn];
}

static void write_text(const char *name, const char *text)
{
	scoped_fd fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, 0644), 0);
}

/* A trial of this boot that began a second ago. */
static struct crl_trial begin(void)
{
	struct crl_trial t = good;
	struct crl_trial_now now;
	char text[CRL_TRIAL_RECORD_MAX];

	assert_int_equal(crl_trial_clock(&now), 0);
	memcpy(t.boot, now.boot, sizeof(t.boot));
	t.begun_ms = now.ms - 1000;
	t.until_ms = now.ms + 600000;
	format(&t, text);
	(void)unlink(at("trial/record"));
	(void)rmdir(at("trial/record"));
	write_text("trial/record", text);
	return t;
}

/* Which one counts, by its data_dir. */
static const char *loads(struct crl_in_force *f)
{
	static char which[16];
	struct crl_config *config = NULL;
	struct crl_err err = {0};

	if (crl_trial_load(at("carrel.conf"), &config, f, &err) < 0)
		fail_msg("%s", err.text);
	(void)snprintf(which, sizeof(which), "%s", crl_config_data_dir(config));
	crl_config_free(config);
	return which;
}

static void test_load(void **state)
{
	struct crl_in_force f;
	struct crl_trial t;
	char text[CRL_TRIAL_RECORD_MAX];

	(void)state;
	write_text("carrel.conf", "data_dir = \"/old\";\n");
	assert_string_equal(loads(&f), "/old");
	assert_int_equal(f.state, CRL_TRIAL_NONE);
	assert_int_equal(mkdir(at("trial"), 0755), 0);
	write_text("trial/carrel.conf", "data_dir = \"/new\";\n");
	assert_string_equal(loads(&f), "/old"); /* no record */
	assert_int_equal(f.state, CRL_TRIAL_NONE);
	t = begin();
	assert_string_equal(loads(&f), "/new");
	assert_int_equal(f.state, CRL_TRIAL_RUNNING);
	assert_true(f.left_ms > 0 && f.left_ms <= 600000);
	assert_string_equal(f.path, at("trial/carrel.conf"));

	memcpy(t.boot, OTHER, sizeof(t.boot));
	format(&t, text);
	write_text("trial/record", text);
	assert_string_equal(loads(&f), "/old");
	assert_int_equal(f.state, CRL_TRIAL_OVER);
	t.confirmed = true;
	format(&t, text);
	write_text("trial/record", text);
	assert_string_equal(loads(&f), "/new");
	assert_int_equal(f.state, CRL_TRIAL_CONFIRMED);

	(void)snprintf(t.file, sizeof(t.file), "other.conf");
	format(&t, text);
	write_text("trial/record", text);
	assert_string_equal(loads(&f), "/old"); /* of another one that stands here */
	assert_int_equal(f.state, CRL_TRIAL_NONE);
}

static void old_counts(const char *why)
{
	struct crl_in_force f;

	assert_string_equal(loads(&f), "/old");
	assert_int_equal(f.state, CRL_TRIAL_BROKEN);
	if (!strstr(f.why.text, why))
		fail_msg("\"%s\" does not say \"%s\"", f.why.text, why);
}

static void test_untrusted(void **state)
{
	(void)state;
	(void)begin();
	assert_int_equal(chmod(at("trial/record"), 0646), 0);
	old_counts("mode 0646");
	(void)begin();
	assert_int_equal(link(at("trial/record"), at("trial/second")), 0);
	old_counts("2 hard links");
	assert_int_equal(unlink(at("trial/record")), 0);
	assert_int_equal(rename(at("trial/second"), at("trial/record2")), 0);
	assert_int_equal(symlink("record2", at("trial/record")), 0);
	old_counts("a symbolic link"); /* to a good one */
	assert_int_equal(unlink(at("trial/record2")), 0);
	old_counts("a symbolic link"); /* to none */
	assert_int_equal(unlink(at("trial/record")), 0);
	assert_int_equal(mkfifo(at("trial/record"), 0644), 0);
	old_counts("a FIFO");
	assert_int_equal(unlink(at("trial/record")), 0);
	assert_int_equal(mkdir(at("trial/record"), 0755), 0);
	old_counts("a directory");
	assert_int_equal(rmdir(at("trial/record")), 0);
	write_text("trial/record", "junk");
	old_counts("no record");
	write_text("trial/record", "");
	old_counts("no record");
	(void)begin();
	assert_int_equal(chmod(at("trial"), 0777), 0);
	old_counts("0777");
	assert_int_equal(chmod(at("trial"), 0755), 0);
	if (geteuid() != 0) {
		print_message("skipped: needs root to give files away\n");
		return;
	}
	assert_int_equal(chown(at("trial/record"), 65534, 65534), 0);
	old_counts("owned by uid 65534");
}

static void test_candidate_broke(void **state)
{
	struct crl_in_force f;
	struct crl_config *config = NULL;
	struct crl_err err = {0};
	struct crl_trial t = begin();
	char text[CRL_TRIAL_RECORD_MAX];

	(void)state;
	write_text("trial/carrel.conf", "data_dir = ;\n");
	assert_string_equal(loads(&f), "/old");
	assert_int_equal(f.state, CRL_TRIAL_RUNNING);
	assert_true(f.fell_back);
	assert_string_equal(f.path, at("carrel.conf"));
	assert_string_equal(f.why.file, at("trial/carrel.conf"));
	/* Once confirmed it is the configuration, good or bad: the other may be half replaced. */
	t.confirmed = true;
	format(&t, text);
	write_text("trial/record", text);
	assert_int_equal(crl_trial_load(at("carrel.conf"), &config, &f, &err), -EINVAL);
	assert_string_equal(err.file, at("trial/carrel.conf"));
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(top) && chmod(top, 0755) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"trial/record", "trial/carrel.conf", "carrel.conf"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++)
		(void)unlink(at(names[i]));
	(void)rmdir(at("trial"));
	return rmdir(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),           cmocka_unit_test(test_cut),  cmocka_unit_test(test_absurd),
		cmocka_unit_test(test_judge),           cmocka_unit_test(test_load), cmocka_unit_test(test_untrusted),
		cmocka_unit_test(test_candidate_broke),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
