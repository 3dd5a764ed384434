#include "train/history.h"

const char *train_phase_name(enum train_phase phase) {
    static const char *const names[TRAIN_PHASES] = {
        "text", "imagined", "frozen", "learns", "self-critical, imagined", "self-critical"};
    return names[phase];
}
