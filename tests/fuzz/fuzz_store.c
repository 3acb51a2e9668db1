// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as the small texts of the store: an owner's record, a stack of layers, snapshots; and as what is in a data directory
 * whose change was interrupted.
 *
 * Runs in: libFuzzer only.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/owner.h"
#include "store/stack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

/* What is believed is written the same. */
static void read_owner(const char *text, size_t size)
{
	char back[CRL_OWNER_TEXT_MAX];
	struct crl_owner o;
	int n;

	if (crl_owner_parse(text, size, &o) < 0)
		return;
	n = crl_owner_format(&o, back, sizeof(back));
	expect(n == (int)size && memcmp(back, text, size) == 0);
}

static void read_stack(const char *text, size_t size)
{
	char back[CRL_STACK_TEXT_MAX];
	struct crl_stack s;
	int n;

	if (crl_stack_parse(text, size, &s) < 0)
		return;
	n = crl_stack_format(&s, back, sizeof(back));
	expect(n == (int)size && memcmp(back, text, size) == 0);
}

static void read_snapshots(const char *text, size_t size)
{
	static char back[CRL_SNAPSHOTS_TEXT_MAX];
	static struct crl_snapshots s;
	int n;

	if (crl_snapshots_parse(text, size, &s) < 0)
		return;
	n = crl_snapshots_format(&s, back, sizeof(back));
	expect(n == (int)size && memcmp(back, text, size) == 0);
}

/* Whatever it says, nothing comes into being outside of the directory. */
static void read_next(const char *text, size_t size)
{
	static char place[] = "/tmp/carrel-fuzz-XXXXXX";
	static int above = -1, dir = -1;
	struct stat st;

	if (dir < 0) {
		expect(mkdtemp(place));
		above = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		expect(above >= 0 && mkdirat(above, "data", 0700) == 0);
		dir = openat(above, "data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		expect(crl_stack_ready(dir, &(struct crl_stack_top){.uid = getuid(), .gid = getgid(), .mode = 0700},
				       NULL) == 0);
	}
	expect(crl_file_replace(
		       dir, &(struct crl_file){
				    .name = "next", .beside = "beside", .data = text, .len = size, .mode = 0600}) == 0);
	(void)crl_stack_ready(dir, NULL, NULL);
	expect(fstat(above, &st) == 0 && st.st_nlink == 3);
	if (fstatat(dir, "up", &st, AT_SYMLINK_NOFOLLOW) < 0)
		expect(mkdirat(dir, "up", 0700) == 0);
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
	switch (data[0] % 4) {
	case 0:
		read_owner(text, size - 1);
		break;
	case 1:
		read_stack(text, size - 1);
		break;
	case 2:
		read_snapshots(text, size - 1);
		break;
	default:
		read_next(text, size - 1);
		break;
	}
	free(text);
	return 0;
}
