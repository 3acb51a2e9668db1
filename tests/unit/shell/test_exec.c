// SPDX-License-Identifier: Apache-2.0
/* Which shell is the user's, and the words that it is executed with. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "shell/exec.h"
#include "tests/unit/kernel.h"

#define BASH "/bin/bash"

/* argv and SSH_ORIGINAL_COMMAND as they come; what is executed. */
static const struct {
	const char *argv[5];
	const char *original;
	const char *words[6];
} table[] = {
	{{"-carrel-shell"}, NULL, {"-bash"}},
	{{"-su", "-l"}, NULL, {"-bash", "-l"}},
	{{"carrel-shell"}, NULL, {"bash"}},
	{{"carrel-shell", "-c", "exit 3"}, NULL, {"bash", "-c", "exit 3"}},
	{{"-carrel-shell", "-c", "id"}, NULL, {"-bash", "-c", "id"}},
	{{"carrel-shell", "-c", ""}, NULL, {"bash", "-c", ""}},
	{{"carrel-shell", "-c", "a  'b\n\t\\\"$x\" \xff\x01 ;*"},
	 NULL,
	 {"bash", "-c", "a  'b\n\t\\\"$x\" \xff\x01 ;*"}},
	{{"carrel-shell", "-c", "--", "-c", "x"}, NULL, {"bash", "-c", "--", "-c", "x"}},
	{{"carrel-shell", "-c", "internal-sftp"}, NULL, {"bash", "-c", "internal-sftp"}},
	{{"carrel-shell", "-c", "id"}, "other", {"bash", "-c", "id"}},
	{{"/usr/bin/carrel-shell"}, NULL, {"-bash"}},
	{{"/usr/bin/carrel-shell"}, "id; 'x  y'", {"bash", "-c", "id; 'x  y'"}},
	{{"/usr/bin/carrel-shell"}, "", {"bash", "-c", ""}},
	{{"/usr/bin/carrel-shell"}, "-c id", {"bash", "-c", "-c id"}},
	{{"/usr/bin/carrel-shell"}, "internal-sftpx", {"bash", "-c", "internal-sftpx"}},
	{{"/usr/bin/carrel-shell"}, "internal-sftp;id", {"bash", "-c", "internal-sftp;id"}},
};

static void make(const char *const *argv, const char *original, struct crl_shell_words *w)
{
	struct crl_shell_call call;

	crl_shell_call_read(crl_unconst(argv), original, &call);
	assert_int_equal(crl_shell_words_make(&call, BASH, w), 0);
}

/* keeps: shell/exec R2 */
static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(table); i++) {
		struct crl_shell_words w;
		size_t n = 0;

		make(table[i].argv, table[i].original, &w);
		assert_string_equal(w.path, BASH);
		for (; table[i].words[n]; n++)
			assert_string_equal(w.argv[n], table[i].words[n]);
		assert_null(w.argv[n]);
		crl_shell_words_done(&w);
	}
}

/* As long as the kernel takes one. */
static void test_long(void **state)
{
	size_t len = 128 * 1024 - 1;
	scoped_free char *text = malloc(len + 1);
	struct crl_shell_words w;

	(void)state;
	memset(text, '"', len);
	text[len] = '\0';
	make((const char *const[]){"carrel-shell", "-c", text, NULL}, NULL, &w);
	assert_ptr_equal(w.argv[2], text);
	crl_shell_words_done(&w);
	make((const char *const[]){"/usr/bin/carrel-shell", NULL}, text, &w);
	assert_ptr_equal(w.argv[2], text);
	crl_shell_words_done(&w);
}

static void test_sftp(void **state)
{
	static const char *const forced[] = {"/usr/bin/carrel-shell", NULL};
	struct crl_shell_words w;

	(void)state;
	make(forced, "internal-sftp -l  INFO -d /srv", &w);
	if (!strstr(w.path, "sftp-server")) { /* there is none here: the shell will say that it does not know it */
		assert_string_equal(w.argv[1], "-c");
		crl_shell_words_done(&w);
		return;
	}
	assert_string_equal(w.argv[0], "internal-sftp");
	assert_string_equal(w.argv[1], "-l");
	assert_string_equal(w.argv[2], "INFO");
	assert_string_equal(w.argv[3], "-d");
	assert_string_equal(w.argv[4], "/srv");
	assert_null(w.argv[5]);
	crl_shell_words_done(&w);
	make(forced, "internal-sftp a b c d e f g h i j k l m n o p q r s", &w);
	assert_null(w.argv[16]);
	crl_shell_words_done(&w);
}

static int of_passwd(const char *text, uid_t uid, char shell[PATH_MAX])
{
	FILE *f = fmemopen(crl_unconst(text), strlen(text), "r");
	int rc = crl_shell_of_passwd(f, uid, shell);

	(void)fclose(f);
	return rc;
}

static void test_passwd(void **state)
{
	static const char text[] = "root:x:0:0::/root:/bin/bash\nana:x:1001:100:A, B:/home/ana:/usr/bin/zsh\n"
				   "bad:x:\nbob:x:1002:100::/home/bob:\nana2:x:1001:100::/home/ana:/bin/sh\n";
	char shell[PATH_MAX] = "";

	(void)state;
	assert_int_equal(of_passwd(text, 1001, shell), 0);
	assert_string_equal(shell, "/usr/bin/zsh");
	assert_int_equal(of_passwd(text, 0, shell), 0);
	assert_string_equal(shell, "/bin/bash");
	assert_int_equal(of_passwd(text, 1002, shell), 0);
	assert_string_equal(shell, "/bin/sh");
	assert_int_equal(of_passwd(text, 1003, shell), -ENOENT);
	assert_int_equal(of_passwd("#", 1003, shell), -ENOENT);
}

/* keeps: shell/exec R1 */
static void test_never_itself(void **state)
{
	struct crl_err err = {0};
	char shell[PATH_MAX], self[PATH_MAX] = "", link[] = "/tmp/carrel-test-XXXXXX";

	(void)state;
	needs_own_exe();
	assert_int_equal(crl_shell_find(BASH, getuid(), shell, &err), 0);
	assert_string_equal(shell, BASH);
	assert_int_equal(crl_shell_find("/opt/bin/carrel-shell", getuid(), shell, &err), -ENOENT);
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_int_equal(crl_shell_find(self, getuid(), shell, &err), -ENOENT);
	assert_non_null(mkdtemp(link));
	assert_int_equal(rmdir(link), 0);
	assert_int_equal(symlink(self, link), 0);
	assert_int_equal(crl_shell_find(link, getuid(), shell, &err), -ENOENT);
	assert_int_equal(unlink(link), 0);
}

/* For who is not in the file, what sshd, su and login have set counts. */
static void test_environment(void **state)
{
	struct crl_err err = {0};
	char shell[PATH_MAX];

	(void)state;
	assert_int_equal(setenv("SHELL", "/bin/dash", 1), 0);
	assert_int_equal(crl_shell_find("", 4000000000u, shell, &err), 0);
	assert_string_equal(shell, "/bin/dash");
	assert_int_equal(crl_shell_find("", 0, shell, &err), 0);
	assert_string_not_equal(shell, "/bin/dash"); /* the file comes first */
	assert_int_equal(setenv("SHELL", "dash", 1), 0);
	assert_int_equal(crl_shell_find("", 4000000000u, shell, &err), -ENOENT);
	assert_int_equal(setenv("SHELL", "/usr/bin/carrel-shell", 1), 0);
	assert_int_equal(crl_shell_find("", 4000000000u, shell, &err), -ENOENT);
	assert_int_equal(unsetenv("SHELL"), 0);
	assert_int_equal(crl_shell_find("", 4000000000u, shell, &err), -ENOENT);
}

/* What a shell that is executed says, with its exit status behind it. */
static void run(const char *const *argv, const char *original, char *ret, size_t size)
{
	struct crl_shell_call call;
	int pipes[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		struct crl_err err = {0};

		(void)dup2(pipes[1], 1);
		crl_ignore(original ? setenv("SSH_ORIGINAL_COMMAND", original, 1) : 0);
		crl_shell_call_read(crl_unconst(argv), original, &call);
		crl_ignore(crl_shell_exec(&call, BASH, NULL, &err));
		_exit(99);
	}
	(void)close(pipes[1]);
	n = read(pipes[0], ret, size - 8);
	(void)close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)sprintf(ret + (n < 0 ? 0 : n), "%d", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static void test_executed(void **state)
{
	static const char *const plain[] = {"carrel-shell", "-c",
					    "printf '%s,%s,%s,' \"$0\" \"$SHELL\" "
					    "\"$SSH_ORIGINAL_COMMAND\"; exit 42",
					    NULL};
	static const char *const forced[] = {"/usr/bin/carrel-shell", NULL};
	static const char *const killed[] = {"carrel-shell", "-c", "kill -KILL $$", NULL};
	char got[256];

	(void)state;
	run(plain, NULL, got, sizeof(got));
	assert_string_equal(got, "bash," BASH ",,42");
	run(plain, "kept", got, sizeof(got));
	assert_string_equal(got, "bash," BASH ",kept,42");
	run(forced, "printf '%s,' \"${SSH_ORIGINAL_COMMAND-none}\"; exit 7", got, sizeof(got));
	assert_string_equal(got, "none,7");
	run(killed, NULL, got, sizeof(got));
	assert_string_equal(got, "-9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),        cmocka_unit_test(test_long),
		cmocka_unit_test(test_sftp),         cmocka_unit_test(test_passwd),
		cmocka_unit_test(test_never_itself), cmocka_unit_test(test_environment),
		cmocka_unit_test(test_executed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
