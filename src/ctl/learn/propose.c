// SPDX-License-Identifier: Apache-2.0
/*
 * See propose.h.
 * R1: a proposal allows nothing that the policy does not: calls that carrel has rules about keep them.
 */
#include "ctl/learn/propose.h"

#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/scope.h"
#include "base/text.h"
#include "policy/filter/argnames.h"

#define NAME_MAX_LEN 40
#define PROGRAMS_SHOWN 6
#define VALUES_SHOWN 40
#define LINE 110

/*
 * Calls that carrel has rules about (src/plan/filter/args.c), and the groups that allow each with them. By its own
 * name in seccomp.allow a call has none, and the proposal would allow more than was.
 */
static const struct ruled {
	const char *call, *group;
} ruled[] = {
	{"clone", "@clone"},
	{"fcntl", "@fcntl"},
	{"fcntl64", "@fcntl64"},
	{"getsockopt", "@getsockopt"},
	{"ioctl", "@ioctl"},
	{"perf_event_open", "@perf"},
	{"personality", "@personality"},
	{"setsockopt", "@setsockopt"},
	{"socketpair", "@socketpair"},
};

/* One call, as all programs made it. */
struct proposed_call {
	char name[NAME_MAX_LEN];
	bool native;
	bool refused; /* by the policy that it was seen under, which let it for a trial */
	bool whole; /* somebody wrote its own name into an earlier proposal */
	uint64_t count;
};

struct proposed_calls {
	struct proposed_call *item;
	size_t len;
};

static void name_call(const struct crl_seen *s, char name[NAME_MAX_LEN])
{
	scoped_free char *known = seccomp_syscall_resolve_num_arch(s->arch, s->nr);

	if (known)
		(void)snprintf(name, NAME_MAX_LEN, "%s", known);
	else
		(void)snprintf(name, NAME_MAX_LEN, "%" PRId32, s->nr);
}

static bool is_of(const struct crl_seen *s, const char *name)
{
	char own[NAME_MAX_LEN];

	name_call(s, own);
	return strcmp(own, name) == 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct proposed_call *)a)->name, ((const struct proposed_call *)b)->name);
}

static struct proposed_call *find(struct proposed_calls *rows, const char *name)
{
	for (size_t i = 0; i < rows->len; i++)
		if (strcmp(rows->item[i].name, name) == 0)
			return &rows->item[i];
	(void)snprintf(rows->item[rows->len].name, NAME_MAX_LEN, "%s", name);
	return &rows->item[rows->len++];
}

/* What an earlier proposal allows, one way or the other. */
static void keep(struct proposed_calls *rows, const char *item)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(ruled); i++)
		if (strcmp(item, ruled[i].group) == 0) {
			(void)find(rows, ruled[i].call);
			return;
		}
	find(rows, item)->whole = true;
}

static bool is_refused(const struct ctl_proposal *p, const struct crl_seen *s)
{
	return p->now && s->arch == seccomp_arch_native() &&
	       (crl_callset_verdict(p->now, s->nr).kind != CRL_VERDICT_ALLOW || ctl_args_refuse(p, s));
}

/* @ret  room for as many as there are lines and kept ones */
static void gather(const struct ctl_proposal *p, struct proposed_calls *ret)
{
	for (size_t i = 0; i < p->seen->len; i++) {
		const struct crl_seen *s = &p->seen->item[i];
		char name[NAME_MAX_LEN];
		struct proposed_call *row;

		name_call(s, name);
		row = find(ret, name);
		row->native |= s->arch == seccomp_arch_native();
		row->refused |= is_refused(p, s);
		if (__builtin_add_overflow(row->count, s->count, &row->count))
			row->count = UINT64_MAX;
	}
	for (size_t i = 0; p->kept && i < p->kept->allow.len; i++)
		keep(ret, p->kept->allow.item[i]);
	qsort(ret->item, ret->len, sizeof(*ret->item), compare);
}

/* The programs that made it, each once, and how many there are beside those. */
static void tell_programs(FILE *f, const struct ctl_proposal *p, const char *call)
{
	const char *shown[PROGRAMS_SHOWN];
	size_t n = 0, more = 0;

	for (size_t i = 0; i < p->seen->len; i++) {
		const struct crl_seen *s = &p->seen->item[i];
		char program[CRL_VISIBLE_MAX(CRL_PROGRAM_MAX)];
		bool known = false;

		if (!is_of(s, call))
			continue;
		for (size_t j = 0; j < n; j++)
			known |= strcmp(shown[j], s->program) == 0;
		more += !known && n == PROGRAMS_SHOWN;
		if (known || n == PROGRAMS_SHOWN)
			continue;
		shown[n] = s->program;
		(void)fprintf(f, "%s%s", n++ ? ", " : "  ", crl_visible_field(program, sizeof(program), s->program));
	}
	if (more > 0)
		(void)fprintf(f, ", and more");
}

/* As they count for rules: request, option, flags; family:type of sockets. */
static void tell_values(FILE *f, const struct ctl_proposal *p, const char *call)
{
	bool is_socket = strncmp(call, "socket", 6) == 0;
	uint64_t shown[VALUES_SHOWN];
	size_t n = 0;

	for (size_t i = 0; i < p->seen->len && n < VALUES_SHOWN; i++) {
		const struct crl_seen *s = &p->seen->item[i];
		bool known = s->value == CRL_NO_VALUE || !is_of(s, call);

		for (size_t j = 0; j < n && !known; j++)
			known = shown[j] == s->value;
		if (known)
			continue;
		shown[n++] = s->value;
		if (is_socket)
			(void)fprintf(f, "%s%" PRIu64 ":%" PRIu64, n == 1 ? "\n//\t\twith " : ", ", s->value >> 16,
				      s->value & 0xffff);
		else
			(void)fprintf(f, "%s0x%" PRIx64, n == 1 ? "\n//\t\twith " : ", ", s->value);
	}
}

static void tell_seen(FILE *f, const struct ctl_proposal *p, const struct proposed_calls *rows)
{
	(void)fprintf(f,
		      "// Proposed by carrelctl learn, from what logins under policy %s were seen to call. Nothing of "
		      "it is in force.\n"
		      "// What every program makes (@core) is allowed, and was not watched.\n"
		      "//\n// call, times, programs; arguments for which there can be rules (sockets: family:type)\n",
		      p->policy);
	if (p->seen->lost)
		(void)fprintf(f, "// There was more than could be kept: learn again, from fewer users.\n");
	for (size_t i = 0; i < rows->len; i++) {
		(void)fprintf(f, "//\t%-24s%10" PRIu64, rows->item[i].name, rows->item[i].count);
		tell_programs(f, p, rows->item[i].name);
		tell_values(f, p, rows->item[i].name);
		(void)fprintf(f, "%s%s\n", rows->item[i].count ? "" : "  (of an earlier proposal)",
			      rows->item[i].refused ? "  (more than the policy allows)" : "");
	}
}

static bool was_seen(const struct proposed_calls *rows, const char *name)
{
	for (size_t i = 0; i < rows->len; i++)
		if (strcmp(rows->item[i].name, name) == 0)
			return true;
	return false;
}

/* One word of a list, on a new line where it would be too long. */
static void put_word(FILE *f, size_t *column, const char *begin, const char *word)
{
	if (*column == 0 || *column + strlen(word) + 4 > LINE)
		*column = (size_t)fprintf(f, "%s%s", *column ? "\n" : "", begin);
	*column += (size_t)fprintf(f, "%s", word);
}

static void tell_unused(FILE *f, const struct ctl_proposal *p, const struct proposed_calls *rows)
{
	size_t column = 0;

	for (int nr = 0; p->now && nr <= CRL_CALL_MAX; nr++) {
		scoped_free char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), nr);
		char word[NAME_MAX_LEN + 2];

		if (!name || !crl_verdict_lets(crl_callset_verdict(p->now, nr)) ||
		    crl_verdict_lets(crl_callset_verdict(p->core, nr)) || was_seen(rows, name))
			continue;
		if (column == 0)
			(void)fprintf(f, "//\n// Allowed by policy %s, and never called:\n", p->policy);
		(void)snprintf(word, sizeof(word), " %s", name);
		put_word(f, &column, "//\t", word);
	}
	(void)fprintf(f, "%s", column ? "\n" : "");
}

/*
 * clone3 is never allowed, and calls without a name have none to be allowed by. R1: the module's way back to the host
 * is let by a rule of carrel's where the policy has no setns, and needs no more.
 */
static bool can_be_allowed(const struct proposed_call *row)
{
	if (strcmp(row->name, "setns") == 0 && row->refused && !row->whole)
		return false;
	return strcmp(row->name, "clone3") != 0 && (row->name[0] < '0' || row->name[0] > '9') && row->name[0] != '-';
}

/* R1 */
static const char *item_for(const struct proposed_call *row)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(ruled) && !row->whole; i++)
		if (strcmp(row->name, ruled[i].call) == 0)
			return ruled[i].group;
	return row->name;
}

static void put_list(FILE *f, enum crl_args_call call, const struct crl_strv *list)
{
	size_t column = 0;

	(void)fprintf(f, "\t\t\t\t%s = [\n", crl_args_call_name(call));
	for (size_t i = 0; i < list->len; i++) {
		char word[CRL_NEAREST_MAX + 8];

		(void)snprintf(word, sizeof(word), "%s\"%s\"", i ? ", " : "", list->item[i]);
		put_word(f, &column, "\t\t\t\t\t", word);
	}
	(void)fprintf(f, "\n\t\t\t\t];\n");
}

static int put_args(FILE *f, const struct ctl_proposal *p)
{
	int rc = 0;

	(void)fprintf(f, "\t\t\targs = {\n");
	for (enum crl_args_call call = 0; call < CRL_ARGS_COUNT && rc == 0; call++) {
		struct crl_strv list = {0};

		rc = ctl_propose_args(p, call, &list);
		if (rc == 0 && list.len > 0)
			put_list(f, call, &list);
		crl_strv_done(&list);
	}
	(void)fprintf(f, "\t\t\t};\n");
	return rc;
}

static int put_policy(FILE *f, const struct ctl_proposal *p, const struct proposed_calls *rows)
{
	bool compat = p->kept && p->kept->compat;
	int rc;
	size_t column = 0;

	for (size_t i = 0; i < p->seen->len; i++)
		compat |= p->seen->item[i].arch != seccomp_arch_native();
	(void)fprintf(f,
		      "policies = {\n\t%s = {\n\t\tinherit = \"%s\";\n\t\tseccomp = {\n\t\t\tbase = \"@core\";\n"
		      "\t\t\tallow = [\n",
		      p->name, p->policy);
	for (size_t i = 0, n = 0; i < rows->len; i++) {
		char word[NAME_MAX_LEN + 8];

		if (!can_be_allowed(&rows->item[i]))
			continue;
		(void)snprintf(word, sizeof(word), "%s\"%s\"", n++ ? ", " : "", item_for(&rows->item[i]));
		put_word(f, &column, "\t\t\t\t", word);
	}
	(void)fprintf(f, "\n\t\t\t];\n");
	rc = put_args(f, p);
	(void)fprintf(f, "\t\t\tcompat = %s;\n\t\t};\n\t};\n};\n", compat ? "true" : "false");
	return rc;
}

int ctl_propose(const struct ctl_proposal *p, char **ret_text, size_t *ret_len)
{
	scoped_free struct proposed_call *room =
		calloc(p->seen->len + (p->kept ? p->kept->allow.len : 0) + 1, sizeof(*room));
	struct proposed_calls rows = {.item = room};
	FILE *f = room ? open_memstream(ret_text, ret_len) : NULL;
	int rc;

	if (!f)
		return -ENOMEM;
	gather(p, &rows);
	tell_seen(f, p, &rows);
	tell_unused(f, p, &rows);
	rc = put_policy(f, p, &rows);
	if (fclose(f) == 0 && rc == 0)
		return 0;
	free(*ret_text);
	return -ENOMEM;
}
