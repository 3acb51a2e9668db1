// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as the record of a room, as the record of a trial, and as a filter in the cache.
 *
 * Runs in: libFuzzer only.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/filter/filter.h"
#include "state/filter_cache.h"
#include "state/rooms/room_text.h"
#include "state/rooms/rooms.h"
#include "state/trial/trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

static void read_room(char *text)
{
	struct crl_room_info info = {0};

	if (crl_room_parse("abcdefgh", text, &info) < 0)
		return;
	expect(memchr(info.id, 0, sizeof(info.id)) && memchr(info.policy, 0, sizeof(info.policy)));
	expect(memchr(info.slice, 0, sizeof(info.slice)) && memchr(info.user, 0, sizeof(info.user)));
	for (size_t i = 0; i < info.logins; i++)
		expect(memchr(info.login[i].id, 0, sizeof(info.login[i].id)) &&
		       memchr(info.login[i].rhost, 0, sizeof(info.login[i].rhost)));
	crl_room_info_done(&info);
}

/* What is believed is written the same. */
static void read_trial(const char *text, size_t size)
{
	struct crl_trial t, again;
	char buf[CRL_TRIAL_RECORD_MAX];
	int n;

	memset(&t, 0, sizeof(t));
	memset(&again, 0, sizeof(again));
	if (crl_trial_parse(text, size, &t) < 0)
		return;
	n = crl_trial_format(&t, buf, sizeof(buf));
	expect(n >= 0 && crl_trial_parse(buf, (size_t)n, &again) == 0);
	expect(strcmp(t.id, again.id) == 0 && strcmp(t.file, again.file) == 0 && strcmp(t.by, again.by) == 0);
	expect(t.until_ms == again.until_ms && t.confirmed == again.confirmed);
}

static void read_filter(const uint8_t *data, size_t size)
{
	static struct crl_filter filter;
	static int dir = -1;
	char place[] = "/tmp/carrel-fuzz-XXXXXX";
	int fd;

	if (dir < 0)
		dir = open(mkdtemp(place), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(dir, "0123456789abcdef.bpf", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	if (crl_filter_cache_load(dir, "0123456789abcdef.bpf", &filter) == 0)
		expect(filter.len <= CRL_FILTER_MAX);
	(void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;
	text = malloc(size);
	expect(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] % 4 == 1)
		read_trial(text, size - 1);
	else if (data[0] % 4 == 2)
		read_filter(data + 1, size - 1);
	else
		read_room(text);
	free(text);
	return 0;
}
