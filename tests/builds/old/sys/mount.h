// SPDX-License-Identifier: Apache-2.0
/* <sys/mount.h> as a C library has it that is older than the mount API (before glibc 2.36): for tests/builds/old.sh.
 * Its flags are an enum, which the kernel's of the same names must not come before. */
#ifndef _SYS_MOUNT_H
#define _SYS_MOUNT_H 1

enum {
	MS_RDONLY = 1,
#define MS_RDONLY MS_RDONLY
	MS_NOSUID = 2,
#define MS_NOSUID MS_NOSUID
	MS_NODEV = 4,
#define MS_NODEV MS_NODEV
	MS_NOEXEC = 8,
#define MS_NOEXEC MS_NOEXEC
	MS_SYNCHRONOUS = 16,
#define MS_SYNCHRONOUS MS_SYNCHRONOUS
	MS_REMOUNT = 32,
#define MS_REMOUNT MS_REMOUNT
	MS_MANDLOCK = 64,
#define MS_MANDLOCK MS_MANDLOCK
	MS_DIRSYNC = 128,
#define MS_DIRSYNC MS_DIRSYNC
	MS_NOSYMFOLLOW = 256,
#define MS_NOSYMFOLLOW MS_NOSYMFOLLOW
	MS_NOATIME = 1024,
#define MS_NOATIME MS_NOATIME
	MS_NODIRATIME = 2048,
#define MS_NODIRATIME MS_NODIRATIME
	MS_BIND = 4096,
#define MS_BIND MS_BIND
	MS_MOVE = 8192,
#define MS_MOVE MS_MOVE
	MS_REC = 16384,
#define MS_REC MS_REC
	MS_SILENT = 32768,
#define MS_SILENT MS_SILENT
	MS_UNBINDABLE = (1 << 17),
#define MS_UNBINDABLE MS_UNBINDABLE
	MS_PRIVATE = (1 << 18),
#define MS_PRIVATE MS_PRIVATE
	MS_SLAVE = (1 << 19),
#define MS_SLAVE MS_SLAVE
	MS_SHARED = (1 << 20),
#define MS_SHARED MS_SHARED
	MS_RELATIME = (1 << 21),
#define MS_RELATIME MS_RELATIME
	MS_STRICTATIME = (1 << 24),
#define MS_STRICTATIME MS_STRICTATIME
	MS_LAZYTIME = (1 << 25),
#define MS_LAZYTIME MS_LAZYTIME
};

#define MNT_FORCE 1
#define MNT_DETACH 2
#define MNT_EXPIRE 4
#define UMOUNT_NOFOLLOW 8

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount(const char *target);
int umount2(const char *target, int flags);
#endif
