// SPDX-License-Identifier: Apache-2.0
/* Which numbers a directory's users can have, by what SSSD's and Samba's configuration says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/host/dirids.h"
#include "tests/unit/scratch.h"

static struct ctl_dirids got;

static bool meet(uint32_t first, uint32_t last)
{
	got = (struct ctl_dirids){.line = -1};
	return ctl_dirids_meet(scratch, &(struct crl_subid_range){first, last - first + 1}, &got);
}

static void put(const char *sssd, const char *more, const char *samba)
{
	write_file("sssd/sssd.conf", sssd);
	write_file("sssd/conf.d/more.conf", more);
	write_file("samba/smb.conf", samba);
}

static void nothing_is_said(void **state)
{
	(void)state;
	assert_false(meet(0, UINT32_MAX - 1)); /* no such files */
	assert_int_equal(mkdir(at("sssd"), 0755) + mkdir(at("sssd/conf.d"), 0755) + mkdir(at("samba"), 0755), 0);
	put("", "", "");
	assert_false(meet(0, UINT32_MAX - 1));
	put("[sssd]\ndomains = x\n[domain/x]\nid_provider = ldap\n", "", "[global]\nworkgroup = X\n");
	assert_false(meet(0, UINT32_MAX - 1)); /* numbers are the directory's own */
	put("[domain/x]\nid_provider = ad\nldap_id_mapping = False\n", "", "");
	assert_false(meet(0, UINT32_MAX - 1));
	put("[sssd]\nid_provider = ad\n", "", "# idmap config * : range = 1-2\n; idmap config * : range = 1-2\n");
	assert_false(meet(0, UINT32_MAX - 1));
}

static void sssd_maps(void **state)
{
	(void)state;
	put("[sssd]\ndomains = x\n\n[domain/x]\nid_provider = ad\n", "", "");
	assert_true(meet(0x70000000, 0x7ffeffff));
	assert_int_equal(got.range.first, 200000);
	assert_int_equal(got.range.count, 2000000000);
	assert_int_equal(got.line, 4);
	assert_true(meet(100000, 200000));
	assert_false(meet(100000, 199999));
	assert_true(meet(2000199999, 2000300000));
	assert_false(meet(2000200000, 2000300000)); /* the last is not one of them */
	put("[domain/x]\nldap_id_mapping = TRUE\n ldap_idmap_range_min=1000\n\tldap_idmap_range_max = 5000 \n[nss]\n",
	    "", "");
	assert_true(meet(4999, 6000));
	assert_false(meet(5000, 6000));
	assert_false(meet(0, 999));
	put("[domain/x]\nid_provider = ad\nldap_idmap_range_max = 300000\n[domain/y]\nid_provider = ad\n", "", "");
	assert_true(meet(400000, 400001)); /* the second has what is usual */
	assert_int_equal(got.line, 4);
	put("", "[domain/x]\nid_provider = ad\n", "");
	assert_true(meet(400000, 400001));
	assert_non_null(strstr(got.file, "conf.d/more.conf"));
}

static void winbind_maps(void **state)
{
	(void)state;
	put("", "",
	    "[global]\n  idmap config * : backend = tdb\n  idmap config * : range = 3000-7999\n"
	    "  Idmap Config CORP:range=10000 - 999999\n");
	assert_true(meet(7999, 8000));
	assert_int_equal(got.line, 3);
	assert_true(meet(999999, 1000000));
	assert_int_equal(got.line, 4);
	assert_false(meet(8000, 9999));
	assert_false(meet(1000000, UINT32_MAX - 1));
	put("", "",
	    "idmap config X : range = 5\nidmap config X : range\nidmap config = range : 1-2\nidmap config : range = "
	    "9-1\n");
	assert_false(meet(0, UINT32_MAX - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said),
		cmocka_unit_test(sssd_maps),
		cmocka_unit_test(winbind_maps),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
