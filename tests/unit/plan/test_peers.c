// SPDX-License-Identifier: Apache-2.0
/*
 * docs/peers.md: our groups beside the lists of others, call by call. What others allow is a list of facts
 * (data/peers.list); what carrel says is asked of its own groups and policies. CARREL_PEERS_WRITE=1 writes the table.
 */
#include "tests/unit/plan/filter_lab.h"

#include <stdio.h>
#include <stdlib.h>

#include "plan/filter/set.h"
#include "tests/unit/policy/policytext.h"

#define LIST "tests/unit/plan/data/peers.list"
#define PAGE "docs/peers.md"
#define BEGIN "<!-- made by tests/unit/plan/test_peers.c: make peers -->\n"
#define END "<!-- end -->\n"
#define LINES_MAX 256

static const char letters[] = "DPSFK";

struct line {
	char name[CRL_CALL_NAME];
	bool lets[sizeof(letters) - 1];
	char why[160];
};

static struct line line[LINES_MAX];
static size_t lines;
static struct crl_sysgroups groups;
static struct crl_callset shared, strict, dev;

static void read_line(const char *text)
{
	struct line *l = &line[lines];
	char who[16];
	int at = 0;

	assert_true(lines < LINES_MAX);
	assert_int_equal(sscanf(text, "%47s %15s %n", l->name, who, &at), 2);
	assert_int_equal(strspn(who, "DPSFK-"), strlen(who));
	for (size_t i = 0; letters[i]; i++)
		l->lets[i] = strchr(who, letters[i]) != NULL;
	(void)snprintf(l->why, sizeof(l->why), "%.*s", (int)strcspn(text + at, "\n"), text + at);
	assert_true(strlen(l->why) > 5);
	assert_true(lines == 0 || strcmp(line[lines - 1].name, l->name) < 0); /* sorted, each once */
	lines++;
}

static void build(const char *policy, struct crl_callset *ret)
{
	scoped_free char *all = shipped_policies();
	scoped(crl_policy) p = {0};

	assert_int_equal(policy_from_text(all, policy, &p, NULL), 0);
	assert_int_equal(crl_callset_build_for(crl_arch_find(X86_64), &p.seccomp, &groups, ret, NULL), 0);
}

static int prepare(void **state)
{
	FILE *f = fopen(LIST, "re");
	char text[300];

	(void)state;
	if (!f || lab_load_groups(&groups) < 0)
		return -1;
	while (fgets(text, sizeof(text), f))
		if (text[0] != '#')
			read_line(text);
	(void)fclose(f);
	build("shared", &shared);
	build("strict", &strict);
	build("dev", &dev);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return 0;
}

/* The number of a call, by libseccomp or by the groups. */
static int number_of(const char *name)
{
	int nr = crl_arch_number(X86_64, name);
	size_t len = strlen(name);

	for (size_t g = 0; nr == CRL_NO_CALL && g < groups.len; g++)
		for (size_t i = 0; nr == CRL_NO_CALL && i < groups.item[g].calls.len; i++) {
			const char *call = groups.item[g].calls.item[i];

			if (strncmp(call, name, len) == 0 && call[len] == '=')
				nr = atoi(call + len + 1);
		}
	return nr;
}

static const char *answer(const struct crl_callset *set, const char *name)
{
	struct crl_verdict v = crl_callset_verdict(set, number_of(name));

	return crl_verdict_lets(v) ? "yes" : v.code == ENOSYS ? "ENOSYS" : "EPERM";
}

static bool is_listed(const char *name)
{
	for (size_t i = 0; i < lines; i++)
		if (strcmp(line[i].name, name) == 0)
			return true;
	return false;
}

static bool is_obsolete(const char *name)
{
	const struct crl_sysgroup *gone = crl_sysgroups_find(&groups, "@obsolete");

	return gone && crl_strv_has(&gone->calls, name);
}

/* What all others allow carrel allows, too: whoever takes a call out of @login has to say here why. */
static void test_all_are_told(void **state)
{
	/* of the youngest kernels, and one that is gone since 6.4, of which the lists of others do not know */
	static const char *const apart[] = {"lookup_dcookie", "listns", "rseq_slice_yield"};

	(void)state;
	for (int nr = 0; nr <= CRL_CALL_MAX; nr++) {
		char name[CRL_CALL_NAME];
		bool left_out = false;

		if (!crl_arch_name(X86_64, nr, name) || is_obsolete(name))
			continue;
		for (size_t i = 0; i < CRL_ARRAY_LEN(apart); i++)
			left_out = left_out || strcmp(apart[i], name) == 0;
		if (!left_out && !is_listed(name) && !crl_verdict_lets(crl_callset_verdict(&shared, nr)))
			fail_msg("%s: refused under shared, and %s does not say why", name, LIST);
	}
	for (size_t i = 0; i < lines; i++) {
		int nr = number_of(line[i].name);
		bool all = crl_verdict_lets(crl_callset_verdict(&shared, nr)) &&
			   crl_verdict_lets(crl_callset_verdict(&strict, nr));

		assert_true(nr >= 0);
		for (size_t k = 0; letters[k]; k++)
			all = all && line[i].lets[k];
		if (all)
			fail_msg("%s: nobody differs", line[i].name);
	}
}

static char *table(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	fputs("| call | shared | strict | dev | Docker | podman | systemd | firejail | flatpak | why |\n"
	      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
	      f);
	for (size_t i = 0; i < lines; i++) {
		const struct line *l = &line[i];

		fprintf(f, "| %s | %s | %s | %s |", l->name, answer(&shared, l->name), answer(&strict, l->name),
			answer(&dev, l->name));
		for (size_t k = 0; letters[k]; k++)
			fputs(l->lets[k] ? " yes |" : " – |", f);
		fprintf(f, " %s |\n", l->why);
	}
	assert_int_equal(fclose(f), 0);
	return text;
}

static void test_page(void **state)
{
	scoped_free char *page = read_file(PAGE);
	scoped_free char *want = table();
	char *from = strstr(page, BEGIN), *to = from ? strstr(from, END) : NULL;
	const bool write = getenv("CARREL_PEERS_WRITE") != NULL;
	FILE *f;

	(void)state;
	assert_non_null(to);
	from += strlen(BEGIN);
	if (!write && ((size_t)(to - from) != strlen(want) || strncmp(from, want, strlen(want)) != 0))
		fail_msg(PAGE " is not what the groups and " LIST " say: make peers");
	if (!write)
		return;
	f = fopen(PAGE, "we");
	assert_non_null(f);
	fprintf(f, "%.*s%s%s", (int)(from - page), page, want, to);
	assert_int_equal(fclose(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_are_told), cmocka_unit_test(test_page)};

	return cmocka_run_group_tests_name("plan/peers", tests, prepare, finish);
}
