/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/cleanup.h"
#include "schema/base/status.h"
#include "tests/check.h"

static void
test_names_come_back(struct check *t)
{
    for (int i = 0; i < STATUS_COUNT_; i++)
        CHECK(t, "a status is found by its name",
              status_find(status_name((enum status)i)) == (enum status)i);
    CHECK(t, "an unknown name is not found", status_find("NO_SUCH") == STATUS_COUNT_);
    CHECK(t, "success exits with 0", status_exit_code(STATUS_OK) == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = { { "names come back", test_names_come_back } };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
