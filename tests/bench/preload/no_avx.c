/* Loaded before a peer whose cpuid instructions were replaced by ud2 (without_avx.py): it answers
 * them as the processor does, but for AVX and all that needs it, so that the peer takes its kernels
 * for SSE4. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <cpuid.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

enum { LEAF_FEATURES = 1, LEAF_MORE = 7, LEAF_STATE = 13 };

/* Of leaf 1: FMA, XSAVE and its use by the system, AVX, F16C. */
static const unsigned avx_bits = 1u << 12 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 29;

/* Of leaf 7: AVX2, AVX-512 (F, DQ, IFMA, PF, ER, CD, BW, VL), BMI1 and 2, whose instructions have
 * the encoding of AVX. */
static const unsigned avx2_bits = 1u << 3 | 1u << 5 | 1u << 8 | 1u << 16 | 1u << 17 | 1u << 21 |
                                  1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31;

static void answer(unsigned leaf, unsigned part, unsigned out[4]) {
    __cpuid_count(leaf, part, out[0], out[1], out[2], out[3]);
    if (leaf == LEAF_FEATURES) out[2] &= ~avx_bits;
    if (leaf == LEAF_MORE && part == 0) {
        out[1] &= ~avx2_bits;
        out[2] = out[3] = 0;
    } else if (leaf == LEAF_MORE || leaf == LEAF_STATE) {
        memset(out, 0, 4 * sizeof *out);
    }
}

static void on_illegal(int signal_number, siginfo_t *info, void *context) {
    static const unsigned char ud2[2] = {0x0f, 0x0b};
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    unsigned out[4];
    (void)info;
    if (memcmp((const void *)registers[REG_RIP], ud2, sizeof ud2) != 0) {
        signal(signal_number, SIG_DFL);
        return;
    }
    answer((unsigned)registers[REG_RAX], (unsigned)registers[REG_RCX], out);
    registers[REG_RAX] = out[0];
    registers[REG_RBX] = out[1];
    registers[REG_RCX] = out[2];
    registers[REG_RDX] = out[3];
    registers[REG_RIP] += (greg_t)sizeof ud2;
}

__attribute__((constructor)) static void begin(void) {
    struct sigaction action = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGILL, &action, NULL);
}
