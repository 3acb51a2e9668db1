// SPDX-License-Identifier: Apache-2.0
/* See twins.h. */
#include "plan/filter/twins.h"

#include <linux/ipc.h>
#include <linux/net.h>
#include <string.h>

#include "base/scope.h"

#define FORMS_MAX 4
#define LOWER_HALF 0xffffu

/* One call a row. */
static const char *const forms[][FORMS_MAX] = {
	/* user ids of 16 and 32 bits */
	{"chown", "chown32"},
	{"fchown", "fchown32"},
	{"lchown", "lchown32"},
	{"getuid", "getuid32"},
	{"geteuid", "geteuid32"},
	{"getgid", "getgid32"},
	{"getegid", "getegid32"},
	{"getresuid", "getresuid32"},
	{"getresgid", "getresgid32"},
	{"getgroups", "getgroups32"},
	{"setuid", "setuid32"},
	{"setgid", "setgid32"},
	{"setreuid", "setreuid32"},
	{"setregid", "setregid32"},
	{"setresuid", "setresuid32"},
	{"setresgid", "setresgid32"},
	{"setgroups", "setgroups32"},
	{"setfsuid", "setfsuid32"},
	{"setfsgid", "setfsgid32"},
	/* sizes and offsets */
	{"stat", "stat64", "oldstat"},
	{"lstat", "lstat64", "oldlstat"},
	{"fstat", "fstat64", "oldfstat"},
	{"newfstatat", "fstatat64"},
	{"statfs", "statfs64"},
	{"fstatfs", "fstatfs64"},
	{"truncate", "truncate64"},
	{"ftruncate", "ftruncate64"},
	{"fcntl", "fcntl64"},
	{"lseek", "_llseek"},
	{"sendfile", "sendfile64"},
	{"fadvise64", "fadvise64_64", "arm_fadvise64_64"},
	{"sync_file_range", "sync_file_range2", "arm_sync_file_range"},
	{"mmap", "mmap2"},
	{"getdents", "getdents64", "readdir"},
	{"getrlimit", "ugetrlimit"},
	/* times */
	{"clock_gettime", "clock_gettime64"},
	{"clock_settime", "clock_settime64"},
	{"clock_adjtime", "clock_adjtime64"},
	{"clock_getres", "clock_getres_time64"},
	{"clock_nanosleep", "clock_nanosleep_time64"},
	{"timer_gettime", "timer_gettime64"},
	{"timer_settime", "timer_settime64"},
	{"timerfd_gettime", "timerfd_gettime64"},
	{"timerfd_settime", "timerfd_settime64"},
	{"utimensat", "utimensat_time64"},
	{"pselect6", "pselect6_time64"},
	{"ppoll", "ppoll_time64"},
	{"io_pgetevents", "io_pgetevents_time64"},
	{"recvmmsg", "recvmmsg_time64"},
	{"mq_timedsend", "mq_timedsend_time64"},
	{"mq_timedreceive", "mq_timedreceive_time64"},
	{"semtimedop", "semtimedop_time64"},
	{"rt_sigtimedwait", "rt_sigtimedwait_time64"},
	{"futex", "futex_time64"},
	{"sched_rr_get_interval", "sched_rr_get_interval_time64"},
	/* sets of signals and of files, and what was there before it had its later form */
	{"rt_sigaction", "sigaction", "signal"},
	{"rt_sigprocmask", "sigprocmask", "sgetmask", "ssetmask"},
	{"rt_sigpending", "sigpending"},
	{"rt_sigsuspend", "sigsuspend"},
	{"rt_sigreturn", "sigreturn"},
	{"select", "_newselect"},
	{"wait4", "waitpid"},
	{"umount2", "umount"},
	{"uname", "olduname", "oldolduname"},
	{"vm86", "vm86old"},
};

/* The calls that have their numbers only in these two. */
static const struct crl_twin_door doors[] = {
	{"ipc", "semop", LOWER_HALF, SEMOP},
	{"ipc", "semget", LOWER_HALF, SEMGET},
	{"ipc", "semctl", LOWER_HALF, SEMCTL},
	{"ipc", "semtimedop", LOWER_HALF, SEMTIMEDOP},
	{"ipc", "msgsnd", LOWER_HALF, MSGSND},
	{"ipc", "msgrcv", LOWER_HALF, MSGRCV},
	{"ipc", "msgget", LOWER_HALF, MSGGET},
	{"ipc", "msgctl", LOWER_HALF, MSGCTL},
	{"ipc", "shmat", LOWER_HALF, SHMAT},
	{"ipc", "shmdt", LOWER_HALF, SHMDT},
	{"ipc", "shmget", LOWER_HALF, SHMGET},
	{"ipc", "shmctl", LOWER_HALF, SHMCTL},
	{"socketcall", "socket", 0, SYS_SOCKET},
	{"socketcall", "bind", 0, SYS_BIND},
	{"socketcall", "connect", 0, SYS_CONNECT},
	{"socketcall", "listen", 0, SYS_LISTEN},
	{"socketcall", "accept", 0, SYS_ACCEPT},
	{"socketcall", "getsockname", 0, SYS_GETSOCKNAME},
	{"socketcall", "getpeername", 0, SYS_GETPEERNAME},
	{"socketcall", "socketpair", 0, SYS_SOCKETPAIR},
	{"socketcall", "send", 0, SYS_SEND},
	{"socketcall", "recv", 0, SYS_RECV},
	{"socketcall", "sendto", 0, SYS_SENDTO},
	{"socketcall", "recvfrom", 0, SYS_RECVFROM},
	{"socketcall", "shutdown", 0, SYS_SHUTDOWN},
	{"socketcall", "setsockopt", 0, SYS_SETSOCKOPT},
	{"socketcall", "getsockopt", 0, SYS_GETSOCKOPT},
	{"socketcall", "sendmsg", 0, SYS_SENDMSG},
	{"socketcall", "recvmsg", 0, SYS_RECVMSG},
	{"socketcall", "accept4", 0, SYS_ACCEPT4},
	{"socketcall", "recvmmsg", 0, SYS_RECVMMSG},
	{"socketcall", "sendmmsg", 0, SYS_SENDMMSG},
};

const char *crl_twin_name(const char *name, size_t nth)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(forms); i++) {
		size_t at = 0, skipped = 0;

		while (at < FORMS_MAX && forms[i][at] && strcmp(forms[i][at], name) != 0)
			at++;
		if (at == FORMS_MAX || !forms[i][at])
			continue;
		for (size_t k = 0; k < FORMS_MAX && forms[i][k]; k++)
			if (k != at && skipped++ == nth)
				return forms[i][k];
		return NULL;
	}
	return NULL;
}

const struct crl_twin_door *crl_twin_door(size_t nth)
{
	return nth < CRL_ARRAY_LEN(doors) ? &doors[nth] : NULL;
}
