// SPDX-License-Identifier: Apache-2.0
/*
 * What may be said to a program that runs outside of rooms, and what not: each guard of the tables.
 *
 * Runs in: tests only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/errand_args.h"

#define ARGS_MAX 300

/* A call with its arguments, which have blanks between: "at now + 1 hour". "_" stands for an empty word. */
static int check(const char *line, struct crl_err *err)
{
	scoped_free char *text = strdup(line);
	char *args[ARGS_MAX], *rest = NULL, empty[] = "";
	const struct crl_errand *e;
	size_t len = 0;

	assert_non_null(text);
	e = crl_errand_find(strtok_r(text, " ", &rest));
	assert_non_null(e);
	for (char *word; (word = strtok_r(NULL, " ", &rest)) && len < ARGS_MAX;)
		args[len++] = strcmp(word, "_") == 0 ? empty : word;
	*err = (struct crl_err){0};
	return crl_errand_args_check(e, "ana", args, len, err);
}

static void test_allowed(void **state)
{
	static const char *const lines[] = {
		"passwd",
		"passwd ana",
		"passwd -S",
		"passwd -S ana",
		"passwd -- ana",
		"chage -l ana",
		"chage --list ana",
		"chage -li ana",
		"chage -l -i ana",
		"quota",
		"quota -s",
		"quota -gsv",
		"quota --human-readable",
		"sendmail -t",
		"sendmail -i bob",
		"sendmail -FCronDaemon -i -B8BITMIME -oem ana",
		"sendmail -FCronDaemon -i -odi -oem -oi -t -f ana",
		"sendmail -oem -oi -- bob@example.org",
		"sendmail -t -i -f ana@example.org",
		"sendmail -fana -i bob",
		"sendmail -r ana bob",
		"sendmail -f <> bob",
		"sendmail -f _ bob",
		"sendmail -F Ana_Lopez bob",
		"sendmail -B 7BIT bob",
		"sendmail -N never bob",
		"sendmail -N success,delay -R hdrs -V id-1 bob",
		"sendmail -bp",
		"sendmail -bm bob a.b+c%d@e_f.g=h",
		"sendmail -FCronDaemon -i -B8BITMIME -oem ana,bob,c@example.org",
		"sendmail -i -m -v bob",
		"sendmail -ti",
		"sendmail -FAnacron -odi root",
		"sendmail -i -f o'hara@example.org o'hara@example.org",
		"sendmail",
		"mailq",
		"crontab -l",
		"crontab -r",
		"crontab -i -r",
		"crontab -",
		"crontab",
		"at now + 1 hour",
		"at -m 12:00 tomorrow",
		"at -q b now",
		"at -qb now",
		"at -l",
		"at -d 3",
		"at -c 3",
		"at -t 202601011200",
		"at noon 1/2/2030",
		"atq",
		"atq -q b",
		"atrm 1 22",
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(lines); i++) {
		struct crl_err err;

		if (check(lines[i], &err) != 0)
			fail_msg("%s: %s", lines[i], err.text);
	}
}

/* keeps: plan/errand_args R1 R2 */
static void test_refused(void **state)
{
	static const struct {
		const char *line, *blamed;
	} kase[] = {
		{"passwd bob", "bob"},
		{"passwd root", "root"},
		{"passwd -d", "-d"},
		{"passwd -d ana", "-d"},
		{"passwd -l ana", "-l"},
		{"passwd -e", "-e"},
		{"passwd -R /tmp/x", "-R"},
		{"passwd --root=/tmp/x", "--root=/tmp/x"},
		{"passwd -Sd", "-Sd"},
		{"passwd -S ana ana", "ana"},
		{"passwd -P /tmp", "-P"},
		{"passwd -- -d", "-d"},
		{"passwd _", ""},
		{"passwd -", "-"},
		{"passwd -r files", "-r"},
		{"passwd --prefix /x", "--prefix"},
		{"chage -l bob", "bob"},
		{"chage ana -d 0", "-d"},
		{"chage -d 0 ana", "-d"},
		{"chage -E -1 ana", "-E"},
		{"chage -R /tmp/x -l ana", "-R"},
		{"chage -lR/tmp ana", "-lR/tmp"},
		{"chage -ld0 ana", "-ld0"},
		{"sendmail -C/tmp/x bob", "-C/tmp/x"},
		{"sendmail -C /tmp/x bob", "-C"},
		{"sendmail -X/tmp/x bob", "-X/tmp/x"},
		{"sendmail -OQueueDirectory=/tmp bob", "-OQueueDirectory=/tmp"},
		{"sendmail -oQ/tmp bob", "-oQ/tmp"},
		{"sendmail -oMs x", "-oMs"},
		{"sendmail -D{x} bob", "-D{x}"},
		{"sendmail -DX=y bob", "-DX=y"},
		{"sendmail -be ${run{/bin/sh}}", "-be"},
		{"sendmail -bd", "-bd"},
		{"sendmail -bs", "-bs"},
		{"sendmail -bS", "-bS"},
		{"sendmail -bt", "-bt"},
		{"sendmail -bV", "-bV"},
		{"sendmail -bi", "-bi"},
		{"sendmail -bP", "-bP"},
		{"sendmail -q", "-q"},
		{"sendmail -qff", "-qff"},
		{"sendmail -M", "-M"},
		{"sendmail -d9", "-d9"},
		{"sendmail -Ac bob", "-Ac"},
		{"sendmail -p x bob", "-p"},
		{"sendmail -ps", "-ps"},
		{"sendmail |/bin/sh", "|/bin/sh"},
		{"sendmail -- |/bin/sh", "|/bin/sh"},
		{"sendmail /etc/x", "/etc/x"},
		{"sendmail -- -C/tmp/x", "-C/tmp/x"},
		{"sendmail :include:/etc/shadow", ":include:/etc/shadow"},
		{"sendmail a`b`", "a`b`"},
		{"sendmail \"|x\"@y", "\"|x\"@y"},
		{"sendmail -f |x bob", "-f"},
		{"sendmail -f", "-f"},
		{"sendmail -f -C/tmp/x bob", "-f"},
		{"sendmail -F -C/tmp/x bob", "-F"},
		{"sendmail -F\001x bob", "-F\\x01x"},
		{"sendmail -B x bob", "-B"},
		{"sendmail -N a/b bob", "-N"},
		{"sendmail -R x bob", "-R"},
		{"sendmail -V -x bob", "-V"},
		{"sendmail -tf bob", "-tf"},
		{"sendmail -vC/tmp/x bob", "-vC/tmp/x"},
		{"sendmail -vv bob", "-vv"},
		{"sendmail bob,|/bin/sh", "bob,|/bin/sh"},
		{"sendmail bob,/etc/x", "bob,/etc/x"},
		{"sendmail bob,-C/tmp/x", "bob,-C/tmp/x"},
		{"sendmail bob,", "bob,"},
		{"sendmail ,bob", ",bob"},
		{"sendmail bob,,ana", "bob,,ana"},
		{"sendmail -f a,b bob", "-f"},
		{"sendmail _", ""},
		{"sendmail -L x bob", "-L"},
		{"sendmail -h 9 bob", "-h"},
		{"mailq -q", "-q"},
		{"mailq bob", "bob"},
		{"quota bob", "bob"},
		{"quota -u bob", "bob"},
		{"quota -uf /", "-uf"},
		{"quota -f /", "-f"},
		{"quota --filesystem=/", "--filesystem=/"},
		{"quota -F xfs", "-F"},
		{"quota -", "-"},
		{"crontab /etc/shadow", "/etc/shadow"},
		{"crontab -e", "-e"},
		{"crontab -u root -l", "-u"},
		{"crontab -uroot", "-uroot"},
		{"crontab x", "x"},
		{"crontab -x test", "-x"},
		{"crontab - -", "-"},
		{"at -f /etc/shadow now", "-f"},
		{"at -f/x now", "-f/x"},
		{"at /etc/x", "/etc/x"},
		{"at -q = now", "-q"},
		{"at -q bb now", "-q"},
		{"at now; id", "now;"},
		{"at -- -f/etc/shadow", "-f/etc/shadow"},
		{"at -u root now", "-u"},
		{"at -t x", "-t"},
		{"at -o /x -l", "-o"},
		{"atq bob", "bob"},
		{"atq -o %s", "-o"},
		{"atrm all", "all"},
		{"atrm -f", "-f"},
		{"atrm ../1", "../1"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_err err;
		char want[100];

		if (check(kase[i].line, &err) != -EPERM)
			fail_msg("%s: passes", kase[i].line);
		(void)snprintf(want, sizeof(want), "the argument \"%s\" cannot", kase[i].blamed);
		if (!strstr(err.text, want))
			fail_msg("%s: %s", kase[i].line, err.text);
	}
}

static void test_long_texts(void **state)
{
	char line[800] = "sendmail ";
	struct crl_err err;

	(void)state;
	memset(line + 9, 'a', 254);
	assert_int_equal(check(line, &err), 0);
	line[9 + 254] = 'a';
	assert_int_equal(check(line, &err), -EPERM);
	(void)strcpy(line, "atrm");
	for (int i = 0; i < 64; i++)
		(void)strcat(line, " 1");
	assert_int_equal(check(line, &err), 0);
	(void)strcat(line, " 1");
	assert_int_equal(check(line, &err), -EPERM);
}

/* Mail is delivered before sendmail returns, unless its user says how himself. */
static void test_word_before(void **state)
{
	char t[] = "-t", odb[] = "-odb", bp[] = "-bp", dashes[] = "--";
	char *plain[] = {t}, *told[] = {t, odb}, *list[] = {bp}, *behind[] = {dashes, odb};

	(void)state;
	assert_string_equal(crl_errand_arg_first(crl_errand_find("sendmail"), plain, 1), "-odi");
	assert_null(crl_errand_arg_first(crl_errand_find("sendmail"), told, 2));
	assert_null(crl_errand_arg_first(crl_errand_find("sendmail"), list, 1));
	assert_string_equal(crl_errand_arg_first(crl_errand_find("sendmail"), behind, 2), "-odi");
	assert_null(crl_errand_arg_first(crl_errand_find("passwd"), plain, 1));
}

static void test_words(void **state)
{
	char long_word[80];

	(void)state;
	memset(long_word, 'a', sizeof(long_word));
	long_word[64] = '\0';
	assert_true(crl_errand_word_is_plain("xterm-256color"));
	assert_true(crl_errand_word_is_plain("de_DE.UTF-8@euro"));
	assert_true(crl_errand_word_is_plain(""));
	assert_false(crl_errand_word_is_plain("../../tmp/x"));
	assert_false(crl_errand_word_is_plain("a b"));
	assert_false(crl_errand_word_is_plain("a=b"));
	assert_false(crl_errand_word_is_plain("a\nb"));
	assert_false(crl_errand_word_is_plain(long_word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_allowed), cmocka_unit_test(test_refused),
					   cmocka_unit_test(test_long_texts), cmocka_unit_test(test_word_before),
					   cmocka_unit_test(test_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
