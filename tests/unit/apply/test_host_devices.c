// SPDX-License-Identifier: Apache-2.0
/* Names and their way; that nodes come into a room is shown by the live suite hpc. Links here lead to the real /dev. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "apply/mounts/host_devices.h"
#include "base/scope.h"
#include "policy/devices.h"
#include "tests/unit/scratch.h"

struct told {
	char names[512]; /* "/dev/a, !/dev/b": those that are not given have the sign */
};

static int note(void *arg, const struct crl_device_found *f)
{
	struct told *t = arg;
	size_t len = strlen(t->names);

	(void)snprintf(t->names + len, sizeof(t->names) - len, "%s%s%s", len ? ", " : "", f->why_not ? "!" : "",
		       f->path);
	return 0;
}

static void expands(const char *pattern, const char *want)
{
	scoped_fd dev = open(at("."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct told t = {.names = ""};

	assert_int_equal(crl_find_devices(dev, pattern, note, &t), 0);
	if (strcmp(t.names, want) != 0)
		fail_msg("%s: %s, expected %s", pattern, t.names, want);
}

static void make_dir(const char *name, mode_t mode)
{
	assert_int_equal(mkdir(at(name), 0755), 0);
	assert_int_equal(chmod(at(name), mode), 0);
}

static void test_names(void **state)
{
	(void)state;
	make_dir("dri", 0755);
	make_dir("dri/deep", 0755);
	make_dir("open", 01777);
	write_file("fuse", "");
	write_file("null", "");
	write_file("nvidia0", "");
	write_file("nvidia-x.1", "");
	write_file("dri/card0", "");
	write_file("dri/.hidden", "");
	write_file("dri/deep/x", "");
	write_file("open/card0", "");
	expands("/dev/fuse", "!/dev/fuse"); /* none of them is a device */
	expands("/dev/fus", "");
	expands("/dev/nvidia[0-9]", "!/dev/nvidia0");
	expands("/dev/nvidia?x*", "!/dev/nvidia-x.1");
	expands("/dev/nul*", ""); /* the room has its own. keeps: apply/mounts/host_devices R2 */
	expands("/dev/dri/deep/*/y", "");
	expands("/dev/fuse/x", "");
	if (geteuid() == 0) {
		expands("/dev/dri/car*", "!/dev/dri/card0");
		expands("/dev/dr?/deep/*", "!/dev/dri/deep/x");
		expands("/dev/open/*", ""); /* keeps: apply/mounts/host_devices R1 */
		assert_int_equal(symlink("dri", at("drj")), 0);
		expands("/dev/drj/*", "");
	}
}

/* keeps: policy/devices R1 */
static void test_links(void **state)
{
	(void)state;
	if (geteuid() != 0 || mknod(at("uio0"), S_IFCHR | 0600, makedev(240, 0)) < 0 ||
	    mknod(at("gpu0"), S_IFCHR | 0600, makedev(195, 0)) < 0)
		skip();
	assert_int_equal(symlink("uio0", at("xpu0")), 0);
	assert_int_equal(symlink("gpu0", at("xpu1")), 0);
	expands("/dev/uio*", "!/dev/uio0");
	expands("/dev/xpu[0]", "!/dev/xpu0"); /* what it leads to is known by its name alone */
	expands("/dev/xpu[1]", "/dev/xpu1");
	expands("/dev/xpu0", "/dev/xpu0");
}

static void test_real(void **state)
{
	scoped(crl_policy) p = {0};
	scoped(crl_host) host = {0};
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_strv_add(&p.devices, "/dev/no-such-thing*"), 0);
	assert_int_equal(crl_find_host_devices(&p, &host, &err), 0);
	assert_int_equal(host.devices_len, 0);
	assert_int_equal(crl_strv_add(&p.devices_required, "/dev/no-such-other*"), 0);
	assert_int_equal(crl_find_host_devices(&p, &host, &err), -ENODEV);
	assert_string_equal(err.text, "root.devices_required: found no device \"/dev/no-such-other*\" on this host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
