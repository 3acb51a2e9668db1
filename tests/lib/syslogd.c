// SPDX-License-Identifier: Apache-2.0
/*
 * A tiny syslog sink: writes "facility.severity text" lines from a datagram socket to a file.
 *
 * Runs in: the live tests, in place of the machine's syslog daemon.
 * Usage: syslogd SOCKET FILE; ends on SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const severities[8] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};

static const char *facility_name(unsigned int facility)
{
	switch (facility) {
	case 4:
		return "auth";
	case 9:
		return "cron";
	case 10:
		return "authpriv";
	default:
		return facility < 24 ? "other" : "invalid";
	}
}

/* A new line inside a message would look like a second message: tests count lines. */
static void write_line(int out, char *text, size_t len)
{
	unsigned int priority = 13;
	char line[9000];
	char *body = text;
	int n;

	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n' || text[i] == '\0')
			text[i] = i + 1 == len ? ' ' : '\\';
	text[len] = '\0';
	if (text[0] == '<') {
		priority = (unsigned int)strtoul(text + 1, &body, 10);
		body += *body == '>';
	}
	n = snprintf(line, sizeof(line), "%s.%s %s\n", facility_name(priority >> 3), severities[priority & 7], body);
	if (n > 0 && write(out, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) < 0)
		perror("syslogd: write");
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[8193];
	int in;
	int out;

	if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fputs("usage: syslogd SOCKET FILE\n", stderr);
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	in = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	out = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (in < 0 || out < 0 || bind(in, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(argv[1], 0666) < 0) {
		perror("syslogd");
		return 3;
	}
	for (;;) {
		ssize_t len = recv(in, text, sizeof(text) - 1, 0);

		if (len > 0)
			write_line(out, text, (size_t)len);
		else if (len < 0 && errno != EINTR)
			return 3;
	}
}
