// SPDX-License-Identifier: Apache-2.0
/*
 * Can it be told that the name service does not answer?
 *
 * glibc asks the services of nsswitch.conf(5) one after the other and reports the last one's answer. One that was asked
 * before and is out of reach goes unnoticed: its groups look as if they did not exist.
 */
#include "ctl/check/nsswitch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "policy/file/load.h"
#include "policy/rules/condition.h"
#include "policy/rules/match.h"

#define NSSWITCH "/etc/nsswitch.conf"

/* Those that need nothing but files, or that say "not found" when they cannot know. */
static bool is_local(const char *service)
{
	static const char *const local[] = {"files", "compat", "db", "systemd", "altfiles", "extrausers", "mymachines"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(local); i++)
		if (strcmp(service, local[i]) == 0)
			return true;
	return false;
}

/* Next word of a line, an action in brackets being one; false at its end. */
static bool next_word(const char **rest, char *word, size_t size)
{
	const char *p = *rest + strspn(*rest, " \t\n");
	size_t len = *p == '[' ? strcspn(p, "]") + 1 : strcspn(p, " \t\n[");

	len = strnlen(p, len); /* a bracket that is not closed */
	(void)snprintf(word, size, "%.*s", (int)len, p);
	*rest = p + len;
	return len > 0;
}

static void check_line(struct ctl_findings *f, int line, const char *services)
{
	char word[64], far[sizeof(word)] = "";

	while (next_word(&services, word, sizeof(word))) {
		if (*word == '[') {
			if (strcasestr(word, "UNAVAIL=return"))
				far[0] = '\0';
			continue;
		}
		if (far[0])
			ctl_find(f, CTL_WARNING, NSSWITCH, line, "list it last",
				 "while %s does not answer, a group that only it knows counts as one that does not "
				 "exist, and the rules "
				 "that name it match nobody",
				 far);
		(void)snprintf(far, sizeof(far), "%s", is_local(word) ? "" : word);
	}
}

void ctl_check_nsswitch(struct ctl_findings *f, const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);
	scoped_file *file = NULL;
	scoped_free char *text = NULL;
	bool wanted = false;
	size_t size = 0;

	for (size_t i = 0; i < rules->len; i++)
		wanted |= rules->item[i].is[CRL_COND_GROUP].len || rules->item[i].is_not[CRL_COND_GROUP].len;
	file = wanted ? fopen(NSSWITCH, "re") : NULL;
	for (int line = 1; file && getline(&text, &size, file) > 0; line++) {
		text[strcspn(text, "#")] = '\0';
		if (strncmp(text, "group:", 6) == 0)
			check_line(f, line, text + 6);
	}
}
