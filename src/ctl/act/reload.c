// SPDX-License-Identifier: Apache-2.0
/* carrelctl reload: carrel-helper does it, since it has what writes limits; see helper/reload.c. */
#include "ctl/commands.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/conf/inforce.h"
#include "ctl/print/out.h"
#include "policy/file/load.h"
#include "policy/file/source.h"

static pid_t start(const struct ctl *c, int *ret_answer)
{
	char *const argv[] = {crl_unconst(c->helper),
			      crl_unconst("--reload"),
			      crl_unconst("--config"),
			      crl_unconst(c->config),
			      crl_unconst("--state"),
			      crl_unconst(c->state),
			      NULL};
	char *const empty[] = {NULL};
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		if (dup2(pair[1], STDOUT_FILENO) >= 0)
			(void)execve(c->helper, argv, empty);
		_exit(127);
	}
	(void)close(pair[1]);
	*ret_answer = pair[0];
	return pid < 0 ? -errno : pid;
}

static void add_rooms(FILE *answer, struct ctl_table *t)
{
	scoped_free char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, answer) > 0) {
		char *rest = line;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < t->columns; i++) {
			const char *word = strsep(&rest, "\t");

			ctl_cell(t, "%s", word ? word : "");
		}
	}
}

static enum ctl_exit run_reload(const struct ctl *c, int argc, char **argv)
{
	static const struct ctl_column column[] = {
		{"ROOM", false}, {"USER", false}, {"POLICY", false}, {"RELOADED", false}, {"NEW LOGIN FOR", false}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct crl_config *config = NULL;
	struct crl_err err = {0};
	int answer = -EBADF, status = -1;
	pid_t pid;
	FILE *f;

	(void)argc, (void)argv;
	if (ctl_load_config(c, &config, &err) < 0 || crl_config_check_all(config, &err) < 0) {
		crl_config_free(config);
		return ctl_error(c, &err);
	}
	crl_config_free(config);
	pid = start(c, &answer);
	f = pid < 0 ? NULL : fdopen(answer, "r");
	if (!f)
		return ctl_complain(c, CTL_FAIL, "cannot start %s: %s", c->helper, strerrordesc_np(errno));
	add_rooms(f, &t);
	(void)fclose(f);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1) {
		ctl_table_print(c, &t);
		if (!c->json)
			(void)printf("\nNEW LOGIN FOR: what has changed besides, and holds from the next login on.\n");
	}
	ctl_table_done(&t);
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return WEXITSTATUS(status) == 0 ? CTL_YES : CTL_NO;
	return ctl_complain(c, CTL_FAIL, "%s could not do it", c->helper);
}

const struct ctl_command ctl_reload_command = {
	.name = "reload",
	.usage = "",
	.summary = "give live rooms the limits that their policies have now",
	.examples =
		(const char *const[]){
			"carrelctl reload",
			NULL,
		},
	.json = true,
	.looks_at_rooms = true,
	.tells_drain = true,
	.run = run_reload,
};
