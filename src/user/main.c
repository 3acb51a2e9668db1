// SPDX-License-Identifier: Apache-2.0
/*
 * carrel: what users can do in their rooms, by themselves.
 *
 * Runs in: a room, as its user, without any power.
 */
#include <stdio.h>
#include <string.h>

#include "user/home.h"
#include "user/own.h"
#include "user/run.h"
#include "wire/version.h"

static const char help[] =
	"carrel home diff            what has changed in the home against what lies below it\n"
	"carrel home discard         the changes are thrown away when you have logged out everywhere\n"
	"carrel home keep            they stay this time: neither thrown away nor carried over\n"
	"carrel home snapshot NAME   the state of then gets a name, when you have logged out everywhere\n"
	"carrel home snapshots       which there are, and what is to be done\n"
	"carrel limits               your limits, and what all your logins use of them\n"
	"carrel why                  what your logins have met of them\n"
	"carrel run PROFILE -- COMMAND   COMMAND can call what the profile lets it, and no more\n"
	"carrel --version\n"
	"\n"
	"Exit status: 0 done, 1 in vain, 2 not understood, 3 no room, or no kept home here.\n";

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0)
		return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? CRL_USER_FAILED : CRL_USER_DONE;
	if (strcmp(word, "--version") == 0)
		return printf("%s\nbuild %s\n", CRL_VERSION_TEXT, crl_version_build) < 0 || fflush(stdout) != 0
			       ? CRL_USER_FAILED
			       : CRL_USER_DONE;
	if (strcmp(word, "home") == 0)
		return crl_user_home(argv + 2);
	if (strcmp(word, "limits") == 0)
		return crl_user_limits(argv + 2);
	if (strcmp(word, "why") == 0)
		return crl_user_why(argv + 2);
	if (strcmp(word, "run") == 0)
		return crl_user_run(argv + 2);
	(void)fputs("carrel --help tells how it is used\n", stderr);
	return CRL_USER_USAGE;
}
