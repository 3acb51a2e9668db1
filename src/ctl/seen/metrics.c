// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl metrics: what is known of this host, for Prometheus and what reads its formats.
 * However many users, budgets and policies there are, there are CTL_SHARES_MAX series of a kind at the most.
 */
#include "ctl/commands.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/look/budgets.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/seen/http.h"
#include "ctl/seen/openmetrics.h"
#include "ctl/seen/seen.h"
#include "ctl/seen/shares.h"
#include "state/why/why.h"
#include "wire/version.h"

/* Returns -1: there is no such word. */
static int by_what(const char *by)
{
	static const char *const word[] = {[CTL_BY_POLICY] = "policy", [CTL_BY_USER] = "user", [CTL_BY_NONE] = "none"};

	for (size_t i = 0; by && i < CRL_ARRAY_LEN(word); i++)
		if (strcmp(by, word[i]) == 0)
			return (int)i;
	return by ? -1 : CTL_BY_POLICY;
}

static void write_shares(struct ctl_om *om, const struct ctl *c, const struct crl_rooms *rooms)
{
	static const struct {
		const char *name, *unit, *help;
		size_t at;
		bool us;
	} kind[] = {
		{"carrel_rooms", "", "Rooms that stand.", offsetof(struct ctl_share, rooms), false},
		{"carrel_logins_open", "", "Logins that are in.", offsetof(struct ctl_share, logins), false},
		{"carrel_processes", "", "Processes in rooms.", offsetof(struct ctl_share, processes), false},
		{"carrel_memory_bytes", "bytes", "Memory of users with a room.", offsetof(struct ctl_share, memory),
		 false},
		{"carrel_open_cpu_seconds", "seconds", "Processor time of logins that are in.",
		 offsetof(struct ctl_share, cpu_us), true},
	};
	const enum ctl_shares_by by = (enum ctl_shares_by)by_what(c->by);
	static struct ctl_shares s;

	ctl_shares_read(rooms, by, &s);
	for (size_t k = 0; k < CRL_ARRAY_LEN(kind); k++) {
		ctl_om_family(om, CTL_OM_GAUGE, kind[k].name, kind[k].unit, kind[k].help);
		for (size_t i = 0; i < s.len; i++) {
			const struct ctl_om_label label[] = {{by == CTL_BY_USER ? "user" : "policy", s.item[i].name},
							     {NULL, NULL}};
			uint64_t n = *(const uint64_t *)((const char *)&s.item[i] + kind[k].at);

			(kind[k].us ? ctl_om_sample_us : ctl_om_sample)(om, by == CTL_BY_NONE ? NULL : label, n);
		}
	}
}

/* ---- counts ---------------------------------------------------------------------------------------------------- */

static void write_rows(struct ctl_om *om, const struct crl_score *s)
{
	static const struct {
		const char *name, *unit, *help;
		size_t at;
		bool us;
		bool seconds;
	} kind[] = {
		{"carrel_logins", "", "Logins that were let in.", offsetof(struct crl_score_row, opened), false, false},
		{"carrel_logins_closed", "", "Logins that have left.", offsetof(struct crl_score_row, closed), false,
		 false},
		{"carrel_rooms_made", "", "Rooms that were made for a login.", offsetof(struct crl_score_row, rooms),
		 false, false},
		{"carrel_closed_duration_seconds", "seconds", "How long logins that have left lasted, together.",
		 offsetof(struct crl_score_row, seconds), false, true},
		{"carrel_closed_cpu_seconds", "seconds", "Processor time of logins that have left.",
		 offsetof(struct crl_score_row, cpu_us), true, true},
	};

	for (size_t k = 0; k < CRL_ARRAY_LEN(kind); k++) {
		ctl_om_family(om, CTL_OM_COUNTER, kind[k].name, kind[k].unit, kind[k].help);
		for (size_t i = 0; i < CRL_SCORE_ROWS; i++) {
			const struct crl_score_row *r = &s->row[i];
			const struct ctl_om_label label[] = {
				{"policy", r->policy}, {"service", r->service}, {NULL, NULL}};
			uint64_t n = *(const uint64_t *)((const char *)r + kind[k].at);

			if (r->service[0])
				(kind[k].us ? ctl_om_sample_us : ctl_om_sample)(om, label, n);
		}
	}
}

static void write_codes(struct ctl_om *om, const struct crl_score *s)
{
	ctl_om_family(om, CTL_OM_COUNTER, "carrel_refused", "", "Logins that were refused, by code.");
	for (uint32_t code = CRL_STAGE_NONE + 1; code < CRL_STAGE_COUNT; code++)
		ctl_om_sample(om, (struct ctl_om_label[]){{"code", crl_stage_name(code)}, {NULL, NULL}},
			      s->refused[code]);
	ctl_om_family(om, CTL_OM_COUNTER, "carrel_events", "", "What stopped logins' processes, by cause.");
	for (uint32_t cause = 0; cause < CRL_WHY_COUNT; cause++)
		ctl_om_sample(om, (struct ctl_om_label[]){{"cause", crl_why_name(cause)}, {NULL, NULL}}, s->why[cause]);
	ctl_om_family(om, CTL_OM_HISTOGRAM, "carrel_open_seconds", "seconds",
		      "Time until a login was in, from the start of its helper.");
	for (int made = 0; made < 2; made++)
		ctl_om_histogram(om, (struct ctl_om_label[]){{"room", made ? "new" : "joined"}, {NULL, NULL}},
				 &(struct ctl_om_times){s->open[made].bucket, crl_score_bucket_us, CRL_SCORE_BUCKETS,
							s->open[made].sum_us});
}

/* Whatever has but one number. */
static void write_one(struct ctl_om *om, enum ctl_om_type type, const char *name, uint64_t n, const char *help)
{
	const char *unit = strrchr(name, '_') + 1;
	const bool is_unit = strcmp(unit, "seconds") == 0 || strcmp(unit, "bytes") == 0;

	ctl_om_family(om, type, name, is_unit ? unit : "", help);
	ctl_om_sample(om, NULL, n);
}

static void write_score(struct ctl_om *om, const struct crl_score *s)
{
	write_rows(om, s);
	write_codes(om, s);
	write_one(om, CTL_OM_COUNTER, "carrel_refused_calls", s->calls, "System calls that filters refused and told.");
	write_one(om, CTL_OM_COUNTER, "carrel_sweeps", s->sweeps, "Sweeps of what the killed have left.");
	write_one(om, CTL_OM_COUNTER, "carrel_sweeps_failed", s->sweeps_failed, "Sweeps with an error.");
	write_one(om, CTL_OM_COUNTER, "carrel_swept_rooms", s->swept_rooms, "Dead rooms that sweeps removed.");
	write_one(om, CTL_OM_GAUGE, "carrel_last_sweep_timestamp_seconds",
		  (uint64_t)(s->swept < 0 ? -s->swept : s->swept), "When the last sweep ended; 0 = there was none.");
	write_one(om, CTL_OM_GAUGE, "carrel_counts_since_timestamp_seconds", (uint64_t)s->since,
		  "Since when counts are kept.");
}

/* ---- the host -------------------------------------------------------------------------------------------------- */

static void write_host(struct ctl_om *om, const struct ctl *c, const struct ctl_seen *s)
{
	const bool runs = s->in_force.state == CRL_TRIAL_RUNNING && !s->in_force.fell_back;

	ctl_om_family(om, CTL_OM_INFO, "carrel_build", "", "The version of carrelctl, and which build it is.");
	ctl_om_sample(om, (struct ctl_om_label[]){{"version", CRL_VERSION}, {"build", c->build}, {NULL, NULL}}, 1);
	write_one(om, CTL_OM_GAUGE, "carrel_config_ok", s->config != NULL, "The configuration in force can be read.");
	write_one(om, CTL_OM_GAUGE, "carrel_config_timestamp_seconds", (uint64_t)s->config_since,
		  "When its youngest file was changed.");
	write_one(om, CTL_OM_GAUGE, "carrel_policies", s->policies, "Policies that it knows.");
	write_one(om, CTL_OM_GAUGE, "carrel_off", s->off, "Carrel is switched off: nobody is isolated.");
	write_one(om, CTL_OM_GAUGE, "carrel_drained", s->drain == CRL_DRAIN_ON, "New logins are refused.");
	write_one(om, CTL_OM_GAUGE, "carrel_trial_running", runs, "A configuration is on trial.");
	write_one(om, CTL_OM_GAUGE, "carrel_trial_left_seconds", runs ? s->in_force.left_ms / 1000 : 0,
		  "How long it counts yet.");
	write_one(om, CTL_OM_GAUGE, "carrel_users", s->users, "Users that have a room.");
	write_one(om, CTL_OM_GAUGE, "carrel_rooms_empty", s->empty, "Rooms in which nobody is logged in.");
	write_one(om, CTL_OM_GAUGE, "carrel_rooms_stale", s->stale, "Records of rooms whose supervisor is gone.");
	write_one(om, CTL_OM_GAUGE, "carrel_rooms_unreadable", s->rooms.unreadable, "Records that cannot be read.");
}

/* Does it answer, and is it of this version? */
static void write_helper(struct ctl_om *om, const struct ctl_seen *s)
{
	const bool same = s->helper_error == 0 && strcmp(s->helper_version, CRL_VERSION_TEXT) == 0;

	write_one(om, CTL_OM_GAUGE, "carrel_helper_ok", same, "The helper runs, and is of carrelctl's version.");
	ctl_om_family(om, CTL_OM_INFO, "carrel_helper", "", "The version that the helper tells.");
	if (s->helper_error == 0)
		ctl_om_sample(om, (struct ctl_om_label[]){{"version", s->helper_version}, {NULL, NULL}}, 1);
}

/* The fullest, by name: two numbers each. */
static void write_fullest(struct ctl_om *om, const struct ctl_seen_store *s)
{
	for (int limit = 0; limit < 2; limit++) {
		ctl_om_family(om, CTL_OM_GAUGE,
			      limit ? "carrel_store_entry_limit_bytes" : "carrel_store_entry_used_bytes", "bytes",
			      limit ? "What it may take." : "What is kept of a user takes, of the fullest.");
		for (size_t i = 0; i < s->fullest_len; i++)
			ctl_om_sample(om,
				      (struct ctl_om_label[]){
					      {"user", s->fullest[i].user}, {"kept", s->fullest[i].kept}, {NULL, NULL}},
				      limit ? s->fullest[i].limit : s->fullest[i].used);
	}
}

static void write_store(struct ctl_om *om, const struct ctl *c, const struct ctl_seen_store *s)
{
	write_one(om, CTL_OM_GAUGE, "carrel_store_entries_near_limit", s->near,
		  "Entries with less than a tenth of their limit left.");
	ctl_om_family(om, CTL_OM_GAUGE, "carrel_store_used_bytes", "bytes", "What entries with a limit take.");
	ctl_om_sample(om, (struct ctl_om_label[]){{"kind", "home"}, {NULL, NULL}}, s->home_bytes);
	ctl_om_sample(om, (struct ctl_om_label[]){{"kind", "root"}, {NULL, NULL}}, s->root_bytes);
	if (by_what(c->by) == CTL_BY_USER)
		write_fullest(om, s);
	write_one(om, CTL_OM_GAUGE, "carrel_store_size_bytes", s->bytes, "The file system that the store is on.");
	write_one(om, CTL_OM_GAUGE, "carrel_store_free_bytes", s->bytes_free, "What is free of it.");
	write_one(om, CTL_OM_GAUGE, "carrel_store_limits_bytes", s->promised, "Limits of all that is kept, together.");
	ctl_om_family(om, CTL_OM_GAUGE, "carrel_store_entries", "", "What is kept.");
	ctl_om_sample(om, (struct ctl_om_label[]){{"kind", "home"}, {NULL, NULL}}, s->homes);
	ctl_om_sample(om, (struct ctl_om_label[]){{"kind", "root"}, {NULL, NULL}}, s->roots);
	ctl_om_sample(om, (struct ctl_om_label[]){{"kind", "orphan"}, {NULL, NULL}}, s->orphans);
	ctl_om_sample(om, (struct ctl_om_label[]){{"kind", "image"}, {NULL, NULL}}, s->images);
}

struct budget_numbers {
	char name[CRL_BUDGET_NAME_MAX];
	uint64_t number[4];
};

struct budget_list {
	struct budget_numbers item[CTL_SHARES_MAX];
	size_t len;
};

static void note_budget(void *arg, const struct ctl_budget *b)
{
	struct budget_list *l = arg;
	struct budget_numbers *n = &l->item[l->len];

	if (l->len == CTL_SHARES_MAX)
		return;
	l->len++;
	(void)snprintf(n->name, sizeof(n->name), "%s", b->name);
	n->number[0] = b->usage.memory;
	n->number[1] = b->usage.memory_max;
	n->number[2] = b->usage.processes;
	n->number[3] = b->usage.tasks_max;
}

/* No limit is no sample. */
static void write_budgets(struct ctl_om *om, const struct crl_rooms *rooms)
{
	static const char *const name[] = {"carrel_budget_memory_bytes", "carrel_budget_memory_limit_bytes",
					   "carrel_budget_tasks", "carrel_budget_tasks_limit"};
	static const char *const help[] = {"Memory that the users of a budget have together.", "What they may have.",
					   "Their tasks.", "How many they may have."};
	static struct budget_list l;

	l.len = 0;
	ctl_budgets_read(rooms, note_budget, &l);
	for (size_t k = 0; k < CRL_ARRAY_LEN(name); k++) {
		ctl_om_family(om, CTL_OM_GAUGE, name[k], k < 2 ? "bytes" : "", help[k]);
		for (size_t i = 0; i < l.len; i++)
			if (l.item[i].number[k] != UINT64_MAX)
				ctl_om_sample(om, (struct ctl_om_label[]){{"budget", l.item[i].name}, {NULL, NULL}},
					      l.item[i].number[k]);
	}
}

static void write_all(const struct ctl *c, struct ctl_om *om)
{
	static struct ctl_seen s; /* large */

	ctl_seen_read(c, &s);
	write_host(om, c, &s);
	write_helper(om, &s);
	write_shares(om, c, &s.rooms);
	write_budgets(om, &s.rooms);
	write_score(om, &s.score);
	if (s.store.path[0] && s.store.error == 0)
		write_store(om, c, &s.store);
	ctl_om_end(om);
	ctl_seen_done(&s);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* Whole or not at all: a collector reads the file whenever it wants to. */
static enum ctl_exit write_file(const struct ctl *c, const struct ctl_om *om)
{
	char dir[PATH_MAX], beside[NAME_MAX];
	const char *slash = strrchr(c->output, '/'), *name = slash ? slash + 1 : c->output;
	scoped_fd fd = -EBADF;
	int rc;

	if (!name[0] || strlen(name) + 24 > sizeof(beside) || strlen(c->output) >= sizeof(dir))
		return ctl_complain(c, CTL_USAGE, "--output: %s is no name of a file", c->output);
	(void)snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - c->output) + 1 : 1, slash ? c->output : ".");
	(void)snprintf(beside, sizeof(beside), ".%s.%d", name, (int)getpid());
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 ? -errno
		    : crl_file_replace(
			      fd,
			      &(struct crl_file){
				      .name = name, .beside = beside, .data = om->text, .len = om->len, .mode = 0644});
	return rc < 0 ? ctl_complain(c, CTL_FAIL, "cannot write %s: %s", c->output, strerrordesc_np(-rc)) : CTL_YES;
}

static enum ctl_exit run_metrics(const struct ctl *c, int argc, char **argv)
{
	enum ctl_http asked = CTL_HTTP_METRICS;
	struct ctl_om om = {.old = c->old_text};
	enum ctl_exit status = CTL_YES;

	(void)argc, (void)argv;
	if (by_what(c->by) < 0)
		return ctl_complain(c, CTL_USAGE, "--by: found \"%s\", expected policy, user or none", c->by);
	if (c->http && c->output)
		return ctl_complain(c, CTL_USAGE, "--http answers on standard output, and writes no file");
	if (c->http) {
		asked = ctl_http_hear(STDIN_FILENO);
		om.old = asked == CTL_HTTP_METRICS_OLD;
	}
	if (!c->http || asked == CTL_HTTP_METRICS || asked == CTL_HTTP_METRICS_OLD)
		write_all(c, &om);
	if (c->http)
		status = ctl_http_answer(STDOUT_FILENO, asked, om.text, om.len) < 0 ? CTL_FAIL : CTL_YES;
	else if (c->output)
		status = write_file(c, &om);
	else
		(void)fwrite(om.text, 1, om.len, stdout); /* an error is told at the end */
	free(om.text);
	return status;
}

const struct ctl_command ctl_metrics_command = {
	.name = "metrics",
	.usage = "",
	.summary = "what is known of this host, as OpenMetrics",
	.options =
		(const struct ctl_option[]){
			{.name = "by",
			 .value = "WHAT",
			 .help = "rooms, memory and processor by policy (as ever), user or none",
			 CTL_TEXT(by)},
			{.name = "prometheus",
			 .help = "in Prometheus' older text, for a collector of text files",
			 CTL_FLAG(old_text)},
			{.name = "output",
			 .value = "FILE",
			 .help = "into FILE, whole or not at all",
			 CTL_TEXT(output),
			 .offer = CTL_OFFER_FILE},
			{.name = "http", .help = "answer one HTTP request, for a socket of systemd's", CTL_FLAG(http)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl metrics",
			"carrelctl metrics --prometheus --output /var/lib/prometheus/node-exporter/carrel.prom",
			NULL,
		},
	.looks_at_rooms = true,
	.run = run_metrics,
};
