#include "decode/endings.h"

/* The list that ImageCaptioning.pytorch forbids as "bad endings" (articles, prepositions, forms of
 * "to be"), with the rest of each class. Words that do end sentences people write stay out of it,
 * though they are prepositions too: "looks down", "walk by", "jumps over", "stands outside", "sits
 * behind", "her", "him". */
static const char *const never_last_words[] = {
    /* articles and determiners */
    "a", "an", "the", "this", "that", "these", "those", "some", "every", "each",
    /* possessives */
    "his", "its", "their", "my", "your", "our", "whose",
    /* prepositions */
    "in", "on", "of", "at", "to", "for", "from", "with", "without", "into", "onto", "upon", "under",
    "near", "beside", "between", "among", "amongst", "against", "across", "along", "through",
    "throughout", "during", "before", "after", "toward", "towards", "about", "within", "via", "per",
    "atop", "amid", "alongside",
    /* conjunctions and relatives */
    "and", "or", "but", "nor", "than", "as", "like", "while", "whilst", "when", "where", "if",
    "because", "although", "though", "whereas", "until", "who", "whom", "which", "so",
    /* auxiliary verbs and adverbs of degree */
    "is", "are", "am", "was", "were", "be", "been", "being", "has", "have", "had", "having", "does",
    "do", "very"};

void endings_mark(const struct vocabulary *vocabulary, bool *never_last) {
    for (size_t i = 0; i < sizeof never_last_words / sizeof *never_last_words; i++) {
        size_t word = vocabulary_find(vocabulary, never_last_words[i]);
        if (word != VOCABULARY_UNK) never_last[word] = true;
    }
}
