/* Preloaded, lets one system call of a program fail, or cuts its transfers short:
 *
 *     LD_PRELOAD=failing_calls.so FAULT_AT=123 caption photo.jpg
 *
 * FAULT_AT=N     the Nth call fails, as a disk, a full table or a lack of memory would let it
 * FAULT_ON=1     and so does every later call of the same kind
 * FAULT_SHORT=N  a read or write transfers at most N bytes
 * FAULT_REPORT   a file to which a line is written at the end: how many calls there were, how many
 *                failed or were cut, and the number of the system call that failed
 *
 * Counted are the calls that a program makes for its files and its memory, those inside the C
 * library included: a filter of the kernel (seccomp) turns each into a signal, whose handler counts
 * it and then makes it, or does not. x86-64 Linux. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* The calls, and the error that they fail with. (Without brk: glibc 2.36 crashes if it fails.) */
static const struct {
    int call, error;
} kinds[] = {{SYS_read, EIO},          {SYS_pread64, EIO},         {SYS_write, ENOSPC},
             {SYS_openat, EMFILE},     {SYS_open, EMFILE},         {SYS_close, EIO},
             {SYS_newfstatat, EACCES}, {SYS_fstat, EIO},           {SYS_stat, EACCES},
             {SYS_lstat, EACCES},      {SYS_lseek, EIO},           {SYS_getdents64, EIO},
             {SYS_fsync, EIO},         {SYS_rename, ENOSPC},       {SYS_renameat2, ENOSPC},
             {SYS_linkat, ENOSPC},     {SYS_unlink, EACCES},       {SYS_ftruncate, ENOSPC},
             {SYS_fchmod, EPERM},      {SYS_mkdir, ENOSPC},        {SYS_readlink, EIO},
             {SYS_mmap, ENOMEM},       {SYS_mprotect, ENOMEM},     {SYS_access, EACCES},
             {SYS_getrandom, ENOSYS},  {SYS_memfd_create, EMFILE}, {SYS_flock, ENOLCK},
             {SYS_fcntl, EIO}};
enum { KINDS = sizeof kinds / sizeof *kinds, FIRST_REPORT = 500 };

static atomic_long calls, faults;
static atomic_int failed = -1; /* the kind that failed */
static long fail_at, most_bytes;
static int fail_on;
static int report = -1;

/* The one place where a system call passes the filter. */
long fault_pass(long call, long a, long b, long c, long d, long e, long f);
extern const char fault_passed[];
__asm__(".text\n"
        ".globl fault_pass\n.hidden fault_pass\n.type fault_pass, @function\n"
        ".globl fault_passed\n.hidden fault_passed\n"
        "fault_pass:\n"
        "    mov %rdi, %rax\n    mov %rsi, %rdi\n    mov %rdx, %rsi\n    mov %rcx, %rdx\n"
        "    mov %r8, %r10\n    mov %r9, %r8\n    mov 8(%rsp), %r9\n"
        "    syscall\n"
        "fault_passed:\n"
        "    ret\n"
        ".size fault_pass, . - fault_pass\n");

static int kind_of(long call) {
    for (int i = 0; i < KINDS; i++) {
        if (kinds[i].call == call) return i;
    }
    return -1;
}

static int fails(long call) {
    const long number = atomic_fetch_add(&calls, 1) + 1;
    const int kind = kind_of(call);
    if (fail_at <= 0 || number < fail_at || kind < 0) return 0;
    if (number == fail_at) {
        atomic_store(&failed, kind);
    } else if (!fail_on || atomic_load(&failed) != kind) {
        return 0;
    }
    atomic_fetch_add(&faults, 1);
    return kinds[kind].error;
}

static int is_transfer(long call) {
    return call == SYS_read || call == SYS_pread64 || call == SYS_write;
}

static void on_call(int signal, siginfo_t *info, void *context) {
    (void)signal;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const long call = info->si_syscall;
    const int error = fails(call);
    if (error) {
        registers[REG_RAX] = -error;
        return;
    }
    long size = registers[REG_RDX];
    if (most_bytes > 0 && is_transfer(call) && size > most_bytes) {
        size = most_bytes;
        atomic_fetch_add(&faults, 1);
    }
    registers[REG_RAX] = fault_pass(call, registers[REG_RDI], registers[REG_RSI], size,
                                    registers[REG_R10], registers[REG_R8], registers[REG_R9]);
}

/* Lets everything pass but the kinds, unless fault_pass makes the call. */
static int filter_calls(void) {
    const uint64_t passed = (uint64_t)(uintptr_t)fault_passed;
    struct sock_filter code[KINDS + 9];
    unsigned short at = 0;
    code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                              offsetof(struct seccomp_data, instruction_pointer));
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)passed, 0, 3);
    code[at++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4);
    code[at++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(passed >> 32), 0, 1);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[at++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < KINDS; i++) {
        code[at++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)kinds[i].call, (unsigned char)(KINDS - i), 0);
    }
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    const struct sock_fprog program = {.len = at, .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static long number_of(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

/* At the start, since the program may not open it once it is in its sandbox; with a number that
 * none of its own files gets. */
static void open_report(const char *path) {
    const int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (file < 0) return;
    report = fcntl(file, F_DUPFD_CLOEXEC, FIRST_REPORT);
    close(file);
}

__attribute__((constructor)) static void begin(void) {
    fail_at = number_of("FAULT_AT");
    fail_on = getenv("FAULT_ON") != NULL;
    most_bytes = number_of("FAULT_SHORT");
    open_report(getenv("FAULT_REPORT"));
    struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSYS, &action, NULL) != 0 || !filter_calls()) {
        fputs("failing_calls: the kernel does not let system calls be filtered\n", stderr);
        _exit(77);
    }
}

__attribute__((destructor)) static void end(void) {
    const long count = atomic_load(&calls), injected = atomic_load(&faults);
    const int kind = atomic_load(&failed);
    fail_at = 0;
    most_bytes = 0;
    if (report >= 0)
        dprintf(report, "%ld %ld %d\n", count, injected, kind < 0 ? -1 : kinds[kind].call);
}
