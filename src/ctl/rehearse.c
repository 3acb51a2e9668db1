// SPDX-License-Identifier: Apache-2.0
/* carrelctl rehearse: would this user's login work? */
#include "ctl/probe_work.h"

#include <stdlib.h>
#include <string.h>

static const char *word(enum ctl_answer a)
{
	static const char *const words[] = {"yes", "no", "not here"};

	return words[a];
}

/* Returns how many differ from what the policy promises. */
static size_t add_rows(struct ctl_table *t, const struct crl_policy *p, const struct ctl_person *who,
		       const struct ctl_result *result)
{
	size_t wrong = 0;

	for (size_t i = 0; i < CTL_WORKS; i++) {
		const struct ctl_work *w = &ctl_works[i];
		bool is_promised = (!w->is_promised || w->is_promised(p, who)) &&
				   (strcmp(w->name, CTL_WORK_DNS) != 0 || ctl_host_has_dns());
		enum ctl_answer promised = is_promised ? CTL_PROBE_YES : CTL_PROBE_NO;
		bool as_promised = result[i].answer == promised || result[i].answer == CTL_PROBE_NOT_HERE;

		ctl_cell(t, "%s", w->name);
		ctl_cell(t, "%s", word(promised));
		ctl_cell(t, "%s", word(result[i].answer));
		ctl_cell(t, "%s", as_promised ? "ok" : "WRONG");
		ctl_cell(t, "%s", result[i].detail);
		wrong += !as_promised;
	}
	return wrong;
}

static enum ctl_exit report(const struct ctl *c, const struct ctl_rehearsal *r)
{
	static const struct ctl_column column[] = {
		{"PROBE", false}, {"PROMISED", false}, {"FOUND", false}, {"ANSWER", false}, {"DETAIL", false}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct crl_config *config = NULL;
	scoped(crl_policy) policy = {0};
	struct crl_err err = {0};
	size_t wrong;

	if (ctl_load_config(c, &config, &err) < 0 || crl_config_policy(config, r->adopt.policy, &policy, &err) < 0) {
		crl_config_free(config);
		return ctl_error(c, &err);
	}
	wrong = add_rows(&t, &policy, r->who, r->result);
	ctl_table_print(c, &t);
	ctl_table_done(&t);
	crl_config_free(config);
	if (!c->json)
		(void)printf("\npolicy %s: %zu of %d as promised\n", r->adopt.policy, CTL_WORKS - wrong, CTL_WORKS);
	return wrong > 0 ? CTL_NO : CTL_YES;
}

enum ctl_exit ctl_rehearse(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct ctl_person *who = calloc(1, sizeof(*who));
	struct ctl_result result[CTL_WORKS];
	ctl_probe *probe[CTL_WORKS];
	struct ctl_rehearsal r = {.who = who, .policy = c->policy, .probe = probe, .probes = CTL_WORKS, .result = result};
	struct crl_err err = {0};
	enum ctl_exit status;

	(void)argc;
	if (!who)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (ctl_person_of(c, argv[0], who, &err) < 0)
		return err.code == ENOENT ? ctl_complain(c, CTL_NO, "%s", err.text) : ctl_error(c, &err);
	if (ctl_is_exempt(c, &who->login))
		return ctl_complain(c, CTL_NO, "%s logs in without a room (see carrelctl explain): nothing to rehearse", argv[0]);
	for (size_t i = 0; i < CTL_WORKS; i++)
		probe[i] = ctl_works[i].probe;
	if (ctl_rehearse_room(c, &r, &err) < 0) {
		(void)ctl_error(c, &err);
		if (!r.refused)
			return CTL_FAIL;
		return ctl_complain(c, CTL_NO, "a login of %s would be refused (stage %s)", argv[0], crl_stage_name(err.stage));
	}
	status = report(c, &r);
	if (r.left_over)
		return ctl_complain(c, CTL_FAIL, "the room of the rehearsal has not ended yet: carrelctl list");
	return status;
}
