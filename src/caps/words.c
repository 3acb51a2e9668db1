// SPDX-License-Identifier: Apache-2.0
/* See words.h. No call to any library: what the compiler makes of it must need none either. */
#include "caps/words.h"

static bool is_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static size_t length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

void crl_launch_call_read(char **argv, struct crl_launch_call *ret)
{
	ret->fault = false;
	ret->try = false;
	ret->name = NULL;
	if (*argv)
		argv++;
	for (; *argv && (*argv)[0] == '-'; argv++) {
		if (is_same(*argv, "--")) {
			argv++;
			break;
		}
		if (is_same(*argv, "-t")) {
			ret->try = true;
		} else if (is_same(*argv, "-a") && argv[1]) {
			ret->name = *++argv;
		} else {
			ret->fault = true;
			break;
		}
	}
	ret->command = argv;
}

const char *crl_launch_variable(char *const *envp, const char *name)
{
	size_t len = length(name);

	for (; *envp; envp++) {
		size_t i = 0;

		while (i < len && (*envp)[i] == name[i])
			i++;
		if (i == len && (*envp)[i] == '=')
			return *envp + len + 1;
	}
	return NULL;
}

static bool has_slash(const char *text)
{
	while (*text && *text != '/')
		text++;
	return *text == '/';
}

bool crl_launch_place(const char *command, const char **rest, char buf[CRL_LAUNCH_PATH_MAX])
{
	const char *dir = has_slash(command) ? "" : *rest;
	size_t len = length(command), n = 0;

	while (dir[n] && dir[n] != ':')
		n++;
	*rest = dir[n] ? dir + n + 1 : NULL;
	/* An empty directory is the working one. */
	if (n + 1 + len + 1 > CRL_LAUNCH_PATH_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		buf[i] = dir[i];
	if (n > 0)
		buf[n++] = '/';
	for (size_t i = 0; i <= len; i++)
		buf[n + i] = command[i];
	return true;
}
