/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/log.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                     \
    __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* ---- files: Landlock, by its raw calls, as the C library has none ---------------------------- */

/* Rights by the interface version that brought them; headers may be older than the kernel. */
#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define BITS(n) ((1ULL << (n)) - 1)
static const uint64_t fs_rights[] = { 0, BITS(13), BITS(14), BITS(15), BITS(15), BITS(16) };

enum { ROLE_PATHS = 8 };

static const char *const readable[][ROLE_PATHS] = {
    [SANDBOX_KEY] = { NULL },
    [SANDBOX_EDGE] = { "/etc", "/usr", "/lib", "/lib64", "/run", NULL },
    /* SQLite seeds its random numbers from the device. */
    [SANDBOX_CORE] = { "/etc", "/usr", "/lib", "/lib64", "/dev/urandom", "/dev/null", NULL },
};

static bool
landlock_allow(int ruleset, const char *path, uint64_t rights)
{
    AUTO(fd_close) int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT; /* what is not there needs no rule */
    struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = fd };
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
        return true;
    /* A device is no directory: only the rights of a file. */
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

static bool
landlock_enter(const struct sandbox *sandbox)
{
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    if (version < 1)
        return false;
    size_t known =
        (size_t)version < COUNT_OF(fs_rights) ? (size_t)version : COUNT_OF(fs_rights) - 1;
    struct landlock_ruleset_attr attr = { .handled_access_fs = fs_rights[known] };
    AUTO(fd_close)
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset < 0)
        return false;

    bool held = true;
    for (const char *const *path = readable[sandbox->role]; *path != NULL; path++)
        held = held && landlock_allow(ruleset, *path, FS_READ);
    if (sandbox->role == SANDBOX_CORE && sandbox->home != NULL)
        held = held && landlock_allow(ruleset, sandbox->home, fs_rights[known]);
    return held && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

/* ---- system calls: seccomp ------------------------------------------------------------------- */

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

/* clang-format off */
/* All that the key process does after start: wait, answer, sign, log, end. */
static const int key_calls[] = {
    SYS_read,         SYS_write,           SYS_recvfrom,     SYS_sendto,        SYS_recvmsg,
    SYS_sendmsg,      SYS_close,           SYS_ppoll,        SYS_clock_gettime, SYS_getrandom,
    SYS_brk,          SYS_mmap,            SYS_munmap,       SYS_mremap,        SYS_madvise,
    SYS_mprotect,     SYS_munlock,         SYS_futex,        SYS_rt_sigreturn,  SYS_rt_sigprocmask,
    SYS_rt_sigaction, SYS_restart_syscall, SYS_getpid,       SYS_gettid,        SYS_tgkill,
    SYS_exit,         SYS_exit_group,
#ifdef SYS_poll
    SYS_poll,
#endif
};

/* Nothing of ours needs these: other programs, other processes, other rights, the kernel itself. */
static const int dangerous_calls[] = {
    SYS_execve,            SYS_execveat,       SYS_ptrace,            SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_kcmp,           SYS_mount,             SYS_umount2,
    SYS_pivot_root,        SYS_chroot,         SYS_swapon,            SYS_swapoff,
    SYS_reboot,            SYS_kexec_load,     SYS_init_module,       SYS_finit_module,
    SYS_delete_module,     SYS_bpf,            SYS_perf_event_open,   SYS_add_key,
    SYS_request_key,       SYS_keyctl,         SYS_userfaultfd,       SYS_unshare,
    SYS_setns,             SYS_acct,           SYS_quotactl,          SYS_settimeofday,
    SYS_clock_settime,     SYS_clock_adjtime,  SYS_adjtimex,          SYS_sethostname,
    SYS_setdomainname,     SYS_personality,    SYS_open_by_handle_at, SYS_syslog,
    SYS_vhangup,           SYS_io_uring_setup, SYS_io_uring_enter,    SYS_io_uring_register,
    SYS_open_tree,         SYS_move_mount,     SYS_fsopen,            SYS_fsconfig,
    SYS_fsmount,           SYS_fspick,         SYS_pidfd_getfd,       SYS_process_madvise,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_fork
    SYS_fork,              SYS_vfork,          SYS_iopl,              SYS_ioperm,
    SYS_modify_ldt,
#endif
};
/* clang-format on */

enum { FILTER_MAX = 192 };

struct filter {
    struct sock_filter code[FILTER_MAX];
    unsigned short len;
};

static void
filter_add(struct filter *f, uint16_t code, uint32_t value, uint8_t skip_if, uint8_t skip_else)
{
    assert(f->len < FILTER_MAX);
    f->code[f->len++] =
        (struct sock_filter){ .code = code, .jt = skip_if, .jf = skip_else, .k = value };
}

/* Calls of another architecture's table are killed: the same number means another call there. */
static void
filter_make(struct filter *f, enum sandbox_role role)
{
    const uint16_t load = BPF_LD | BPF_W | BPF_ABS, give = BPF_RET | BPF_K;
    const uint16_t if_equal = BPF_JMP | BPF_JEQ | BPF_K;
    bool is_key = role == SANDBOX_KEY;
    const int *calls = is_key ? key_calls : dangerous_calls;
    size_t count = is_key ? COUNT_OF(key_calls) : COUNT_OF(dangerous_calls);

    f->len = 0;
    filter_add(f, load, offsetof(struct seccomp_data, arch), 0, 0);
    filter_add(f, if_equal, OUR_ARCH, 1, 0);
    filter_add(f, give, SECCOMP_RET_KILL_PROCESS, 0, 0);
    filter_add(f, load, offsetof(struct seccomp_data, nr), 0, 0);
#if defined(__x86_64__)
    filter_add(f, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1); /* the x32 table */
    filter_add(f, give, SECCOMP_RET_KILL_PROCESS, 0, 0);
#endif
    for (size_t i = 0; i < count; i++) {
        filter_add(f, if_equal, (uint32_t)calls[i], 0, 1);
        filter_add(f, give, is_key ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS, 0, 0);
    }
    filter_add(f, give, is_key ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW, 0, 0);
}

static bool
seccomp_enter(enum sandbox_role role)
{
    struct filter f;

    filter_make(&f, role);
    struct sock_fprog program = { .len = f.len, .filter = f.code };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void
expect(bool held, const char *what)
{
    if (!held)
        LOG(LOG_WARN, "sandbox.lacks", log_word("what", what));
}

void
sandbox_enter(const struct sandbox *sandbox)
{
    const struct rlimit none = { 0, 0 };

    expect(setrlimit(RLIMIT_CORE, &none) == 0, "no core dump");
    expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
    if (IS_SANITIZED && !sandbox->even_sanitized) {
        LOG(LOG_INFO, "sandbox.sanitized");
        return;
    }
    expect(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "not dumpable");
    expect(landlock_enter(sandbox), "landlock");
    LOG(LOG_INFO, "sandbox.entered"); /* before the filter, which may be for good */
    expect(seccomp_enter(sandbox->role), "seccomp");
}

void
sandbox_limit_memory(size_t bytes)
{
    const struct rlimit limit = { bytes, bytes };

    if (!IS_SANITIZED)
        expect(setrlimit(RLIMIT_DATA, &limit) == 0, "memory limit");
}

void
sandbox_close_others(const int *keep, size_t count)
{
    unsigned first = STDERR_FILENO + 1;

    for (size_t i = 0; i < count; i++) {
        unsigned kept = (unsigned)keep[i];
        assert(kept >= first);
        if (kept > first)
            (void)close_range(first, kept - 1, 0);
        first = kept + 1;
    }
    (void)close_range(first, ~0U, 0);
}
