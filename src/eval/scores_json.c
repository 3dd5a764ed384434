#include "eval/scores_json.h"

cJSON *scores_json(const struct scores *scores, caption_error *error) {
    static const char *const bleu_names[4] = {"BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"};
    cJSON *object = cJSON_CreateObject();
    bool ok = object;
    for (size_t i = 0; i < 4; i++) {
        ok = ok && cJSON_AddNumberToObject(object, bleu_names[i], scores->bleu[i]);
    }
    ok = ok && cJSON_AddNumberToObject(object, "ROUGE-L", scores->rouge_l) &&
         cJSON_AddNumberToObject(object, "CIDEr", scores->cider);
    if (ok) return object;
    cJSON_Delete(object);
    error_memory(error, "the scores");
    return NULL;
}
