// SPDX-License-Identifier: Apache-2.0
/*
 * Traffic as the networks of rooms are measured with: a server, and a client that works when it is told to, so that
 * clients in several places can take turns.
 *
 * Runs in: tests/bench, its network namespaces and rooms.
 * Usage: traffic serve ADDRESS PORT        PORT is answered with one byte at once, PORT + 1 when all has been read
 *        traffic work ADDRESS PORT         lines of standard input: WHAT COUNT; of standard output: nanoseconds it took
 * WHAT: rate = COUNT connections of TCP one after the other, bulk = COUNT MiB through one connection until the other end
 * has read them, udp = COUNT connect(2) of a datagram socket, which send nothing.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE (128 * 1024)
#define PATIENCE_S 60 /* for one answer, after which the client ends and so does the measuring */

static char piece[PIECE];

static struct sockaddr_in at(const struct sockaddr_in *to, unsigned int further)
{
	struct sockaddr_in a = *to;

	a.sin_port = htons((uint16_t)(ntohs(to->sin_port) + further));
	return a;
}

static int listener(const struct sockaddr_in *to, unsigned int further)
{
	struct sockaddr_in a = at(to, further);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	const int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 128) < 0)
		return -1;
	return fd;
}

/* How much comes stands before it: an end of one direction alone is not what every network there is carries well. */
static _Noreturn void drain(int fd)
{
	uint64_t left = 0;
	ssize_t n = recv(fd, &left, sizeof(left), MSG_WAITALL);

	if (n != sizeof(left))
		_exit(1);
	while (left > 0) {
		n = read(fd, piece, left < PIECE ? (size_t)left : PIECE);
		if (n <= 0)
			_exit(1);
		left -= (uint64_t)n;
	}
	_exit(write(fd, "", 1) == 1 ? 0 : 1);
}

/* Who connects closes first, so that no port of theirs is kept waiting on this side, where another may come by it. */
static void greet(int fd)
{
	const struct timeval patience = {.tv_sec = 1};

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 && write(fd, "", 1) == 1)
		(void)read(fd, piece, 1);
}

static int serve(const struct sockaddr_in *to)
{
	struct pollfd p[2] = {{.fd = listener(to, 0), .events = POLLIN}, {.fd = listener(to, 1), .events = POLLIN}};

	if (p[0].fd < 0 || p[1].fd < 0 || signal(SIGCHLD, SIG_IGN) == SIG_ERR || puts("ready") < 0 ||
	    fflush(stdout) != 0)
		return 1;
	while (poll(p, 2, -1) >= 0)
		for (int i = 0; i < 2; i++) {
			int fd = p[i].revents ? accept(p[i].fd, NULL, NULL) : -1;

			if (fd >= 0 && i == 1 && fork() == 0)
				drain(fd);
			if (fd >= 0 && i == 0)
				greet(fd);
			if (fd >= 0)
				(void)close(fd);
		}
	return 1;
}

static int connected(const struct sockaddr_in *to, unsigned int further)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_in a = at(to, further);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static bool rate(const struct sockaddr_in *to, long count)
{
	bool ok = true;

	for (long i = 0; ok && i < count; i++) {
		int fd = connected(to, 0);

		ok = fd >= 0 && read(fd, piece, 1) == 1;
		if (fd >= 0)
			(void)close(fd);
	}
	return ok;
}

static bool bulk(const struct sockaddr_in *to, long mib)
{
	int fd = connected(to, 1);
	uint64_t left = (uint64_t)mib << 20;
	bool ok = fd >= 0 && write(fd, &left, sizeof(left)) == sizeof(left);

	while (ok && left > 0) {
		ssize_t n = write(fd, piece, left < PIECE ? (size_t)left : PIECE);

		ok = n > 0;
		left -= ok ? (uint64_t)n : 0;
	}
	ok = ok && read(fd, piece, 1) == 1;
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool udp(const struct sockaddr_in *to, long count)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool ok = fd >= 0;

	for (long i = 0; ok && i < count; i++)
		ok = connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0;
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static int work(const struct sockaddr_in *to)
{
	static const struct {
		const char *word;
		bool (*run)(const struct sockaddr_in *to, long count);
	} kinds[] = {{"rate", rate}, {"bulk", bulk}, {"udp", udp}};
	char line[64], word[16];
	long count;

	while (fgets(line, sizeof(line), stdin)) {
		struct timespec a, b;
		bool ok = false;

		if (sscanf(line, "%15s %ld", word, &count) != 2)
			return 2;
		(void)clock_gettime(CLOCK_MONOTONIC, &a);
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strcmp(kinds[i].word, word) == 0)
				ok = kinds[i].run(to, count);
		(void)clock_gettime(CLOCK_MONOTONIC, &b);
		if (!ok) {
			perror(word);
			return 1;
		}
		(void)printf("%lld\n", (long long)(b.tv_sec - a.tv_sec) * 1000000000 + (b.tv_nsec - a.tv_nsec));
		(void)fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};

	if (argc != 4 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1)
		return 2;
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	if (strcmp(argv[1], "serve") == 0)
		return serve(&to);
	return strcmp(argv[1], "work") == 0 ? work(&to) : 2;
}
