/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/sandbox.h - what a process gives up once it has opened what it needs. The one file
 * that knows this of the operating system.
 *
 * Call it after start-up and before the first thread. What the kernel does not have is logged
 * (sandbox.lacks) and not fatal. Everything here holds for good: no call takes it back.
 *
 *   role   files (Landlock)                         system calls (seccomp); a breach kills the process
 *   key    none                                     a short list of what it does
 *   edge   read /etc, /usr, /run (name look-up)     all but the dangerous ones
 *   core   its home; read /etc, /usr                all but the dangerous ones
 *
 * Library updates bring new calls to edge and core, so there a list of what they need would break
 * in the field; the key process has no such library.
 *
 * A build with a sanitizer keeps only what the sanitizer survives (no new rights, no core dump)
 * and says so; the unit test asks for all of it in a child that ends by _exit.
 */
#ifndef HANSA_BASE_SANDBOX_H
#define HANSA_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_role { SANDBOX_KEY, SANDBOX_EDGE, SANDBOX_CORE };

struct sandbox {
    enum sandbox_role role;
    const char *home; /* core: may be read and written */
    bool even_sanitized;
};

void sandbox_enter(const struct sandbox *sandbox);

/* Data segment at most `bytes`: an allocation beyond fails. Not in a build with a sanitizer. */
void sandbox_limit_memory(size_t bytes);

/* Closes every file descriptor but 0, 1, 2 and those of keep, which is ascending. */
void sandbox_close_others(const int *keep, size_t count);

#endif
