// SPDX-License-Identifier: Apache-2.0
/*
 * Files that nobody should have to read: each is refused with its name, and where it can be its line, by a process that
 * has 64 MiB of address space more than it began with and is killed by an alarm when it does not come back.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/file/load.h"
#include "tests/unit/policy/lsan.h"
#include "tests/unit/policy/policytext.h"
#include "tests/unit/scratch.h"

#define BIG (50u << 20)
#define MEMORY (64u << 20)
#define PATIENCE_S 30

struct outcome {
	int rc;
	struct crl_err err;
};

/* MEMORY more than there is now. The sanitizers map terabytes: nothing could be told there. */
static void bound_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	unsigned long pages = 0;
	struct rlimit limit;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f || fscanf(f, "%lu", &pages) != 1 || fclose(f) != 0)
		_exit(1);
	limit.rlim_cur = limit.rlim_max = pages * (rlim_t)sysconf(_SC_PAGESIZE) + MEMORY;
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		_exit(1);
#endif
}

static void load_bounded(int out)
{
	struct outcome o = {0};
	struct crl_config *c = NULL;

	bound_memory();
	(void)alarm(PATIENCE_S);
	o.rc = crl_config_load(at("carrel.conf"), &c, &o.err);
	if (o.rc == 0)
		o.rc = crl_config_check_all(c, &o.err);
	crl_config_free(c);
	_exit(write(out, &o, sizeof(o)) == sizeof(o) ? 0 : 1);
}

/* @line  0 = the text names the file itself */
static void refused(const char *what, int code, int line, const char *part)
{
	struct outcome o;
	int pipes[2], status = 0;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		load_bounded(pipes[1]);
	(void)close(pipes[1]);
	if (read(pipes[0], &o, sizeof(o)) != sizeof(o)) {
		(void)waitpid(pid, &status, 0);
		fail_msg("%s: no answer, status %#x", what, (unsigned int)status);
	}
	(void)close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (o.rc != -code || !strstr(o.err.text, part) || o.err.line != line ||
	    (line > 0 ? strcmp(o.err.file, at("carrel.conf")) != 0 : !strstr(o.err.text, at("carrel.conf")))) {
		fail_msg("%s: %d %s:%d: %s, expected %d, line %d: %s", what, o.rc, o.err.file, o.err.line, o.err.text,
			 -code, line, part);
	}
}

/* "head", then "item" over and over up to @size bytes, then "tail". */
static void fill(const char *head, const char *item, size_t size, const char *tail)
{
	FILE *f = fopen(at("carrel.conf"), "we");

	assert_non_null(f);
	assert_true(fputs(head, f) >= 0);
	for (size_t len = 0; len < size; len += strlen(item))
		assert_true(fputs(item, f) >= 0);
	assert_true(fputs(tail, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_size(void **state)
{
	(void)state;
	fill("", "// a comment of a usual length, one of very many\n", BIG, "");
	refused("50 MB", EFBIG, 0, "bytes, expected at most 1048576");
	fill("hostname = \"", "aaaaaaaaaaaaaaaa", BIG, "\";\n");
	refused("one token of 50 MB", EFBIG, 0, "expected at most");
	assert_int_equal(truncate(at("carrel.conf"), (off_t)1 << 40), 0);
	refused("a sparse file", EFBIG, 0, "expected at most");
	fill("\n\npolicies = { p = { hostname = \"", "a", 1000000, "\"; }; };\n");
	refused("one text of 1 MB", EINVAL, 3, "");
	fill("\n", "a", 1000000, "");
	refused("one name of 1 MB", EINVAL, 2, "");
	fill("\nx = ", "1", 1000000, ";");
	refused("one number of 1 MB", EINVAL, 2, "");
}

static void test_depth(void **state)
{
	static const char *const kase[][2] = {
		{"\nrules = ", "("}, {"\nx = ", "["}, {"\nx = ", "{ a = "}, {"\n", "a : { "}};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		fill(kase[i][0], kase[i][1], 5000 * strlen(kase[i][1]), "");
		refused(kase[i][1], EINVAL, 2, "8");
		fill(kase[i][0], kase[i][1], 1000000, "");
		refused(kase[i][1], EINVAL, 2, "8");
	}
}

static void test_numbers(void **state)
{
	static const char *const number[] = {"4294967297",
					     "2147483648",
					     "0777",
					     "9223372036854775807",
					     "9223372036854775808",
					     "18446744073709551617",
					     "-1",
					     "0x10",
					     "1L",
					     "1e9",
					     "1.5",
					     "+1",
					     "00",
					     "99999999999999999999999999999999"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(number); i++) {
		char text[120];

		(void)snprintf(text, sizeof(text), "\npolicies = { p = {\nptys = %s; }; };\n", number[i]);
		write_file("carrel.conf", text);
		refused(number[i], EINVAL, 3, "");
		(void)snprintf(text, sizeof(text), "\npolicies = { p = {\nlimits = { memory = \"%sT\"; }; }; };\n",
			       number[i]);
		write_file("carrel.conf", text);
		refused(number[i], EINVAL, 3, "limits.memory");
	}
}

static void test_bytes(void **state)
{
	FILE *f = fopen(at("carrel.conf"), "we");

	(void)state;
	assert_non_null(f);
	assert_int_equal(fwrite("\nrules = ( );\0x\n", 1, 16, f), 16);
	assert_int_equal(fclose(f), 0);
	refused("NUL", EINVAL, 2, "");
	write_file("carrel.conf", "\357\273\277rules = ( );\n");
	refused("BOM", EINVAL, 1, "");
	write_file("carrel.conf", "\n\nrules = ( );\rpolicies = { };\n");
	refused("CR alone", EINVAL, 3, "");
	write_file("carrel.conf", "\r\n\r\nrules = ( );\r\nrules = ( );\r\n");
	refused("a key twice, after CRLF", EINVAL, 4, "twice");
	write_file("carrel.conf", "\n@include \"/etc/passwd\"\n");
	refused("include", EINVAL, 2, "@include is not allowed");
	write_file("carrel.conf", "\n/* never ended\n\n");
	refused("a comment without end", EINVAL, 2, "");
}

static void replace(const char *what, int code, const char *part)
{
	refused(what, code, 0, part);
	assert_int_equal(remove(at("carrel.conf")), 0);
}

static void test_kinds(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *other;

	(void)state;
	(void)unlink(at("carrel.conf"));
	assert_int_equal(mkfifo(at("carrel.conf"), 0644), 0);
	replace("FIFO", EPERM, "a FIFO");
	assert_int_equal(mkdir(at("carrel.conf"), 0755), 0);
	replace("directory", EPERM, "a directory");
	assert_int_equal(symlink("/dev/zero", at("carrel.conf")), 0);
	replace("device", EPERM, "a device");
	assert_int_equal(symlink("carrel.conf", at("carrel.conf")), 0);
	replace("itself", ELOOP, "symbolic links");
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%.100s", at("carrel.conf"));
	assert_int_equal(bind(s, (struct sockaddr *)&sun, sizeof(sun)), 0);
	(void)close(s);
	replace("socket", EPERM, "a socket");
	write_file("other.conf", "rules = ( );\n");
	other = strdupa(at("other.conf"));
	assert_int_equal(link(other, at("carrel.conf")), 0);
	replace("second name", EPERM, "2 hard links");
}

static void test_modes(void **state)
{
	static const mode_t modes[] = {0664, 0646, 0622, 0777};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(modes); i++) {
		write_file("carrel.conf", "rules = ( );\n");
		assert_int_equal(chmod(at("carrel.conf"), modes[i]), 0);
		refused("mode", EPERM, 0, "expected a file that only its owner can write");
	}
	assert_int_equal(chmod(at("carrel.conf"), 0644), 0);
	if (geteuid() != 0)
		return; /* nobody else can give a file away */
	assert_int_equal(chown(at("carrel.conf"), 65534, 0), 0);
	refused("owner", EPERM, 0, "owned by uid 65534");
	assert_int_equal(chown(at("carrel.conf"), 0, 0), 0);
	assert_int_equal(chown(at(""), 65534, 0), 0);
	refused("owner of the directory", EPERM, 0, "owned by uid 65534");
	assert_int_equal(chown(at(""), 0, 0), 0);
}

/* Every beginning of what is shipped: accepted, or refused with file and line. */
static void test_cut(void **state)
{
	static const char *const files[] = {"conf/carrel.conf", "conf/policies/shared.conf",
					    "conf/policies/strict.conf"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(files); i++) {
		scoped_free char *text = read_file(files[i]);

		for (size_t len = strlen(text); len-- > 0;) {
			scoped(crl_policy) p = {0};
			struct crl_err err = {0};
			int rc;

			text[len] = '\0';
			rc = policy_from_text(text, "none", &p, &err);
			assert_int_equal(rc, -err.code);
			if (rc != -ENOENT && (rc != -EINVAL || !err.file[0] || err.line < 1)) {
				fail_msg("%s cut at %zu: %d %s:%d: %s", files[i], len, rc, err.file, err.line,
					 err.text);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),  cmocka_unit_test(test_depth), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_kinds), cmocka_unit_test(test_modes),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
