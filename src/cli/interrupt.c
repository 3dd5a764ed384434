#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

/* A signal handler can speak to the program in no other way. */
static volatile sig_atomic_t came;

static void remember(int number) {
    (void)number;
    came = 1;
}

void interrupt_listen(void) {
    struct sigaction action = {.sa_handler = remember};
    /* A write that is under way goes on: half a row would be lost otherwise. */
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) /* not under nohup */
        sigaction(SIGHUP, &action, NULL);
}

bool interrupt_came(void) {
    return came != 0;
}
