// SPDX-License-Identifier: Apache-2.0
/* See manager_unit.h. systemd itself is asked, since an override, a mask and a reload that was forgotten all count. */
#include "ctl/host/manager_unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/host/ask.h"

#define ANSWER_MS 10000
#define ANSWER_MAX 8192

/* The value of the line NAME=VALUE that begins at @line. NULL = it is another one. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncmp(line, name, len) == 0 && line[len] == '=' ? line + len + 1 : NULL;
}

static bool has(const char *line, size_t len, const char *text)
{
	return memmem(line, len, text, strlen(text)) != NULL;
}

/* "{ path=HELPER ; argv[]=HELPER --may-have-manager 1000 ; ignore_errors=no ; …" */
static bool asks(const char *value, size_t len, const char *helper)
{
	char path[512], argv[512];

	(void)snprintf(path, sizeof(path), "path=%s ;", helper);
	(void)snprintf(argv, sizeof(argv), "argv[]=%s --may-have-manager ", helper);
	return has(value, len, path) && has(value, len, argv) && has(value, len, "ignore_errors=no");
}

enum ctl_manager_unit ctl_manager_unit_read(const char *text, const char *helper)
{
	enum ctl_manager_unit answer = MANAGER_UNKNOWN;

	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		size_t len = strcspn(line, "\n");
		const char *state = value_of(line, "LoadState"), *condition = value_of(line, "ExecCondition");

		if (state && (strncmp(state, "masked\n", 7) == 0 || strncmp(state, "not-found\n", 10) == 0))
			return MANAGER_GUARDED;
		if (state && answer == MANAGER_UNKNOWN)
			answer = MANAGER_UNGUARDED;
		if (condition && asks(line, len, helper))
			return MANAGER_GUARDED;
	}
	return answer;
}

enum ctl_manager_unit ctl_manager_unit_ask(uint32_t uid)
{
	static const char *const programs[] = {"/usr/bin/systemctl", "/bin/systemctl"};
	char program[32], unit[64], text[ANSWER_MAX] = "";
	char show[] = "show", property[] = "--property=LoadState,ExecCondition";
	char *argv[] = {program, show, property, unit, NULL};
	int rc = -ENOENT;

	(void)snprintf(unit, sizeof(unit), "user@%" PRIu32 ".service", uid);
	for (size_t i = 0; i < CRL_ARRAY_LEN(programs) && rc == -ENOENT; i++) {
		(void)snprintf(program, sizeof(program), "%s", programs[i]);
		rc = ctl_ask_program(argv, text, sizeof(text), ANSWER_MS);
	}
	return rc == 0 ? ctl_manager_unit_read(text, CRL_HELPER_PATH) : MANAGER_UNKNOWN;
}

bool ctl_manager_is_systemd(void)
{
	return access("/run/systemd/system/", F_OK) == 0;
}
