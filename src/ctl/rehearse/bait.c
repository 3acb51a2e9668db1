// SPDX-License-Identifier: Apache-2.0
/* See bait.h. */
#include "ctl/rehearse/bait.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/scope.h"

#define SHM_KEY 0x6361726c /* "carl" */

static int listen_unix(const char *path, bool abstract)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	scoped_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t size = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;

	(void)snprintf(a.sun_path + abstract, sizeof(a.sun_path) - abstract, "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, (socklen_t)size) < 0 || listen(fd, 4) < 0)
		return -errno;
	if (!abstract)
		(void)chmod(path, 0666);
	return take_fd(&fd);
}

/* @path is a pattern of mkstemp(3). */
static int put_file(char *path)
{
	scoped_fd fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0) {
		path[0] = '\0';
		return -errno;
	}
	return write(fd, "x", 1) != 1 || fchmod(fd, 0644) < 0 ? -errno : 0; /* a probe reads it */
}

/* Keys are free to choose; the first that nobody has. */
static void put_segment(struct ctl_bait *b)
{
	for (key_t key = SHM_KEY; key < SHM_KEY + 64 && b->shm < 0; key++) {
		b->shm = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0644);
		if (b->shm >= 0)
			b->scene->host_shm_key = key;
	}
}

int ctl_bait_put_up(struct ctl_bait *b, struct ctl_scene *scene)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	struct stat st;

	*b = (struct ctl_bait){-EBADF, -EBADF, -EBADF, -EBADF, -1, scene};
	(void)snprintf(scene->host_file, sizeof(scene->host_file), "/tmp/carrel-assess-XXXXXX");
	(void)snprintf(scene->host_shm_file, sizeof(scene->host_shm_file), "/dev/shm/carrel-assess-XXXXXX");
	if (put_file(scene->host_file) < 0 || put_file(scene->host_shm_file) < 0 || stat("/tmp", &st) < 0)
		return -errno;
	scene->host_tmp = st.st_dev;
	put_segment(b);
	(void)snprintf(scene->host_socket, sizeof(scene->host_socket), "/run/carrel-assess-%d.sock", (int)getpid());
	(void)snprintf(scene->host_far_socket, sizeof(scene->host_far_socket), "/var/lib/carrel-assess-%d.sock",
		       (int)getpid());
	(void)snprintf(scene->host_abstract, sizeof(scene->host_abstract), "carrel-assess-%d", (int)getpid());
	b->named = listen_unix(scene->host_socket, false);
	b->far = listen_unix(scene->host_far_socket, false);
	b->abstract = listen_unix(scene->host_abstract, true);
	b->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (b->named < 0 || b->far < 0 || b->abstract < 0 || b->tcp < 0 ||
	    bind(b->tcp, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(b->tcp, 4) < 0 ||
	    getsockname(b->tcp, (struct sockaddr *)&a, &size) < 0)
		return -EADDRNOTAVAIL;
	scene->host_port = ntohs(a.sin_port);
	return 0;
}

void ctl_bait_take_down(struct ctl_bait *b)
{
	drop_fd(&b->tcp);
	drop_fd(&b->named);
	drop_fd(&b->far);
	drop_fd(&b->abstract);
	if (b->shm >= 0)
		(void)shmctl(b->shm, IPC_RMID, NULL);
	(void)unlink(b->scene->host_file);
	(void)unlink(b->scene->host_shm_file);
	(void)unlink(b->scene->host_socket);
	(void)unlink(b->scene->host_far_socket);
}
