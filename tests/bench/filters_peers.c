// SPDX-License-Identifier: Apache-2.0
/*
 * Docker's default profile, put together by libseccomp as runc does, and firejail's by its own tool.
 */
#include "tests/bench/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"

#define CLONE_NAMESPACES 0x7e020000

static bool read_program(struct contender *c, int fd)
{
	struct program *p = &c->program[c->len];
	ssize_t size = c->len < PROGRAMS_MAX ? pread(fd, p->insn, sizeof(p->insn), 0) : -1;

	if (size <= 0 || (size_t)size % sizeof(p->insn[0]) != 0)
		return false;
	p->len = (unsigned short)((size_t)size / sizeof(p->insn[0]));
	c->len++;
	return true;
}

bool add_program(struct contender *c, void *ctx)
{
	scoped_fd fd = memfd_create("filter", MFD_CLOEXEC);

	return fd >= 0 && seccomp_export_bpf(ctx, fd) == 0 && read_program(c, fd);
}

/* runc leaves names out that its libseccomp does not know. */
static void allow(scmp_filter_ctx ctx, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr != __NR_SCMP_ERROR)
		(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
}

static void allow_when(scmp_filter_ctx ctx, const char *name, struct scmp_arg_cmp test)
{
	(void)seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 1, &test);
}

bool make_docker(struct contender *c, const char *calls_path)
{
	static const uint64_t personas[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	FILE *calls = fopen(calls_path, "re");
	char line[512];
	bool ok;

	if (!ctx || !calls)
		return false;
	(void)seccomp_arch_add(ctx, SCMP_ARCH_X86);
	(void)seccomp_arch_add(ctx, SCMP_ARCH_X32);
	while (fgets(line, sizeof(line), calls)) {
		char *rest = line;

		for (char *name; line[0] != '#' && (name = strtok_r(rest, " \n", &rest));)
			allow(ctx, name);
	}
	(void)fclose(calls);
	for (size_t i = 0; i < CRL_ARRAY_LEN(personas); i++)
		allow_when(ctx, "personality", SCMP_A0_64(SCMP_CMP_EQ, personas[i]));
	allow_when(ctx, "clone", SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_NAMESPACES, 0));
	allow_when(ctx, "socket", SCMP_A0_64(SCMP_CMP_NE, AF_VSOCK));
	(void)seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), seccomp_syscall_resolve_name("clone3"), 0);
	ok = add_program(c, ctx);
	seccomp_release(ctx);
	return ok;
}

static bool find_tool(char *path, size_t size)
{
	const char *given = getenv("FSECCOMP");
	glob_t found;

	if (given)
		return snprintf(path, size, "%s", given) < (int)size;
	if (glob("/usr/lib*/*/firejail/fseccomp", 0, NULL, &found) != 0)
		return false;
	(void)snprintf(path, size, "%s", found.gl_pathv[0]);
	globfree(&found);
	return true;
}

static bool run(char *const argv[])
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execv(argv[0], argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* As firejail does before it loads one: written to a file, and made shorter there by a second tool. */
static bool add_written(struct contender *c, char *const argv[], char *file)
{
	scoped_fd fd = -1;
	char shorten[300];
	int directory = (int)(strrchr(argv[0], '/') - argv[0]);

	(void)snprintf(shorten, sizeof(shorten), "%.*s/fsec-optimize", directory, argv[0]);
	if (!run(argv) || !run((char *[]){shorten, file, NULL}))
		return false;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read_program(c, fd);
}

bool make_firejail(struct contender *c)
{
	char tool[256], directory[] = "/tmp/carrel-bench-XXXXXX", file[64];
	bool ok;

	if (!find_tool(tool, sizeof(tool)) || !strchr(tool, '/') || !mkdtemp(directory))
		return false;
	(void)snprintf(file, sizeof(file), "%s/filter", directory);
	ok = add_written(c, (char *[]){tool, crl_unconst("default"), file, NULL}, file);
	(void)unlink(file);
	ok = ok && add_written(c, (char *[]){tool, crl_unconst("secondary"), crl_unconst("32"), file, NULL}, file);
	(void)unlink(file);
	(void)rmdir(directory);
	return ok;
}
