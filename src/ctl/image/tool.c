// SPDX-License-Identifier: Apache-2.0
/*
 * See tool.h. R1: it reads the host's programs and /in, and writes into /out: nothing else of the host has a name
 * there.
 * R2: its capabilities are those of kept[], and no program that it starts gets more. None of them opens a file that has
 * no name there, as CAP_DAC_READ_SEARCH does by a handle; and a device that it makes is none there.
 */
#include "ctl/image/tool.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/text.h"

#define PLACE "/proc" /* any directory that every host has: the place is mounted on it, in a namespace of its own */
#define NOT_STARTED 126 /* exit statuses of the child, before it is the program */
#define NO_PROGRAM 127

static const unsigned int kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP};

/* Of the host, as far as it is there: programs and what they load. */
static const char *const shown[] = {"/usr",      "/bin",     "/sbin", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache",
				    "/dev/null", "/dev/zero"};

static int clone_mount(int at, const char *path, uint64_t attributes)
{
	struct mount_attr attr = {.attr_set = attributes | MOUNT_ATTR_NOSUID, .propagation = MS_PRIVATE};
	scoped_fd fd = open_tree(at, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return -errno;
	return take_fd(&fd);
}

/* Put a clone at @name of the new root. */
static int show(int root, int fd, const char *name)
{
	struct stat st;
	bool dir = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	int made = dir ? mkdirat(root, name, 0755) : mknodat(root, name, S_IFREG | 0644, 0);

	return made < 0 || move_mount(fd, "", root, name, MOVE_MOUNT_F_EMPTY_PATH) ? -errno : 0;
}

/* One of shown[]: a link stays one, as /bin is where /usr has all. */
static int show_host(int root, int fd, const char *path)
{
	char link[256];
	ssize_t n = readlink(path, link, sizeof(link) - 1);

	if (n > 0) {
		link[n] = '\0';
		return symlinkat(link, root, path + 1) < 0 ? -errno : 0;
	}
	return fd < 0 ? 0 : show(root, fd, path + 1);
}

static int make_root(int *ret_fd)
{
	scoped_fd context = fsopen("tmpfs", FSOPEN_CLOEXEC), fd = -EBADF;

	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "mode", "755", 0) ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	fd = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (fd < 0 || move_mount(fd, "", AT_FDCWD, PLACE, MOVE_MOUNT_F_EMPTY_PATH) || mkdirat(fd, "etc", 0755) < 0 ||
	    mkdirat(fd, "dev", 0755) < 0 || mkdirat(fd, "tmp", 01777) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* R1 */
static int enter_place(const struct ctl_tool *t)
{
	int fd[CRL_ARRAY_LEN(shown)], rc;
	scoped_fd in = t->in >= 0 ? clone_mount(t->in, "", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV) : -EBADF;
	scoped_fd out = clone_mount(t->out, "", MOUNT_ATTR_NODEV); /* R2 */
	scoped_fd root = -EBADF;

	for (size_t i = 0; i < CRL_ARRAY_LEN(shown); i++)
		fd[i] = clone_mount(AT_FDCWD, shown[i], MOUNT_ATTR_RDONLY);
	if ((t->in >= 0 && in < 0) || out < 0 || unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	rc = make_root(&root);
	for (size_t i = 0; i < CRL_ARRAY_LEN(shown) && rc == 0; i++)
		rc = show_host(root, fd[i], shown[i]);
	if (rc == 0 && in >= 0)
		rc = show(root, in, "in");
	if (rc == 0)
		rc = show(root, out, "out");
	if (rc == 0 && (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
			chdir("/out") < 0))
		rc = -errno;
	return rc;
}

/* R2 */
static int cut_power(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	for (size_t i = 0; i < CRL_ARRAY_LEN(kept); i++)
		data[kept[i] / 32].permitted |= 1u << kept[i] % 32;
	for (unsigned int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(data[cap / 32].permitted & 1u << cap % 32) && prctl(PR_CAPBSET_DROP, cap) < 0)
			return -errno;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].effective = data[i].permitted;
	if (syscall(SYS_capset, &head, data) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static _Noreturn void be_program(const struct ctl_tool *t, int said)
{
	static const char *const dirs[] = {"/usr/bin", "/usr/sbin", "/bin", "/sbin"};
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *env[] = {path, locale, t->env ? (char *)crl_unconst(t->env) : NULL, NULL};
	char program[256];
	int null, rc = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : enter_place(t);

	null = open("/dev/null", O_RDONLY);
	if (rc == 0 && (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(said, STDOUT_FILENO) < 0 ||
			dup2(said, STDERR_FILENO) < 0))
		rc = -errno;
	if (rc == 0)
		rc = cut_power();
	if (rc == 0)
		rc = syscall(SYS_close_range, 3, ~0u, 0) < 0 ? -errno : 0;
	if (rc < 0) {
		(void)dprintf(said, "%s", strerrordesc_np(-rc));
		_exit(NOT_STARTED);
	}
	(void)umask(022);
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++) {
		(void)snprintf(program, sizeof(program), "%s/%s", dirs[i], t->argv[0]);
		(void)execve(program, t->argv, env);
	}
	_exit(NO_PROGRAM);
}

/* With these tar ends whatever was wrong. */
static bool is_closing(const char *line)
{
	return strstr(line, "Exiting with failure status") || strstr(line, "is not recoverable: exiting");
}

/* The last line that says something, made visible. */
static void last_line(int said, char *buf, size_t size)
{
	off_t len = lseek(said, 0, SEEK_END), most = 1023;
	char text[1024], *line = text;
	ssize_t n = pread(said, text, (size_t)most, len > most ? len - most : 0);

	text[n < 0 ? 0 : n] = '\0';
	for (char *rest = text, *next; (next = strsep(&rest, "\n"));)
		if (*next && (!is_closing(next) || !*line))
			line = next;
	for (char *tab = line; (tab = strchr(tab, '\t'));)
		*tab = ' ';
	(void)crl_visible_line(buf, size, line);
}

int ctl_tool_run(const struct ctl_tool *t, struct crl_err *err)
{
	scoped_fd said = memfd_create("said", MFD_CLOEXEC);
	char line[CRL_ERR_TEXT_MAX / 2];
	int status;
	pid_t pid;

	if (said < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot start %s", t->argv[0]);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, NULL, NULL, NULL, 0); /* R1: nor has any process */
	if (pid == 0)
		be_program(t, said);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot start %s", t->argv[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM)
		return crl_err_set(err, ENOENT, CRL_STAGE_MOUNT, "there is no %s here: install %s", t->argv[0],
				   t->package);
	last_line(said, line, sizeof(line));
	return crl_err_set(err, EIO, CRL_STAGE_MOUNT, "%s%s: %s", t->argv[0],
			   WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED ? " cannot be started" : "",
			   WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : line);
}
