#include "text/neutral.h"

#include <stdbool.h>
#include <string.h>

/* Roles that clothes show without a guess (queen, nun, santa), words for no person (snowman,
 * batman) and names are left unchanged. */
static const struct neutral_noun nouns[] = {
    {"person", "people", NULL, "person", "people"},
    {"man", "men", NULL, "person", "people"},
    {"woman", "women", NULL, "person", "people"},
    {"guy", "guys", NULL, "person", "people"},
    {"lady", "ladies", NULL, "person", "people"},
    {"gentleman", "gentlemen", NULL, "person", "people"},
    {"male", "males", NULL, "person", "people"},
    {"female", "females", NULL, "person", "people"},
    {"dude", "dudes", NULL, "person", "people"},
    {"fellow", "fellows", NULL, "person", "people"},
    {"bloke", "blokes", NULL, "person", "people"},
    {"gal", "gals", NULL, "person", "people"},
    {"teenager", "teenagers", NULL, "person", "people"},
    {"teen", "teens", NULL, "person", "people"},

    {"child", "children", NULL, "child", "children"},
    {"boy", "boys", NULL, "child", "children"},
    {"girl", "girls", NULL, "child", "children"},
    {"lad", "lads", NULL, "child", "children"},
    {"lass", "lasses", NULL, "child", "children"},
    {"youngster", "youngsters", NULL, "child", "children"},
    {"schoolboy", "schoolboys", NULL, "schoolchild", "schoolchildren"},
    {"schoolgirl", "schoolgirls", NULL, "schoolchild", "schoolchildren"},

    {"son", "sons", NULL, "child", "children"},
    {"daughter", "daughters", NULL, "child", "children"},
    {"parent", "parents", NULL, "parent", "parents"},
    {"mother", "mothers", NULL, "parent", "parents"},
    {"father", "fathers", NULL, "parent", "parents"},
    {"mom", "moms", NULL, "parent", "parents"},
    {"mum", "mums", NULL, "parent", "parents"},
    {"mommy", "mommies", NULL, "parent", "parents"},
    {"dad", "dads", NULL, "parent", "parents"},
    {"daddy", "daddies", NULL, "parent", "parents"},
    {"grandmother", "grandmothers", NULL, "grandparent", "grandparents"},
    {"grandfather", "grandfathers", NULL, "grandparent", "grandparents"},
    {"grandma", "grandmas", NULL, "grandparent", "grandparents"},
    {"grandpa", "grandpas", NULL, "grandparent", "grandparents"},
    {"brother", "brothers", NULL, "sibling", "siblings"},
    {"sister", "sisters", NULL, "sibling", "siblings"},
    {"uncle", "uncles", NULL, "relative", "relatives"},
    {"aunt", "aunts", NULL, "relative", "relatives"},
    {"nephew", "nephews", NULL, "relative", "relatives"},
    {"niece", "nieces", NULL, "relative", "relatives"},
    {"husband", "husbands", NULL, "spouse", "spouses"},
    {"wife", "wives", NULL, "spouse", "spouses"},
    {"boyfriend", "boyfriends", NULL, "partner", "partners"},
    {"girlfriend", "girlfriends", NULL, "partner", "partners"},
    {"bride", "brides", NULL, "newlywed", "newlyweds"},
    {"groom", "grooms", NULL, "newlywed", "newlyweds"},
    {"bridegroom", "bridegrooms", NULL, "newlywed", "newlyweds"},
    {"bridesmaid", "bridesmaids", "wedding", "attendant", "attendants"},

    {"actress", "actresses", NULL, "actor", "actors"},
    {"ballerina", "ballerinas", "ballet", "dancer", "dancers"},
    {"cowboy", "cowboys", NULL, "cowhand", "cowhands"},
    {"cowgirl", "cowgirls", NULL, "cowhand", "cowhands"},
    {"hostess", "hostesses", NULL, "host", "hosts"},
    {"showgirl", "showgirls", NULL, "dancer", "dancers"},
    {"stewardess", "stewardesses", "flight", "attendant", "attendants"},
    {"waiter", "waiters", NULL, "server", "servers"},
    {"waitress", "waitresses", NULL, "server", "servers"},
};

/* Prefixes of -man, -woman, -men or -women. The plural is unused here. */
static const struct neutral_noun compounds[] = {
    {"base", "", "base", "player", "players"},
    {"bats", "", NULL, "batter", "batters"},
    {"business", "", NULL, "businessperson", "businesspeople"},
    {"camera", "", "camera", "operator", "operators"},
    {"crafts", "", NULL, "artisan", "artisans"},
    {"crew", "", "crew", "member", "members"},
    {"fire", "", NULL, "firefighter", "firefighters"},
    {"fisher", "", NULL, "fisher", "fishers"},
    {"grooms", "", "wedding", "attendant", "attendants"},
    {"gun", "", NULL, "shooter", "shooters"},
    {"handy", "", NULL, "repairer", "repairers"},
    {"horse", "", NULL, "rider", "riders"},
    {"mail", "", "mail", "carrier", "carriers"},
    {"oars", "", NULL, "rower", "rowers"},
    {"police", "", "police", "officer", "officers"},
    {"post", "", "mail", "carrier", "carriers"},
    {"repair", "", NULL, "repairer", "repairers"},
    {"sales", "", NULL, "salesperson", "salespeople"},
    {"service", "", "service", "member", "members"},
    {"sport", "", NULL, "athlete", "athletes"},
    {"sports", "", NULL, "athlete", "athletes"},
    {"stunt", "", "stunt", "performer", "performers"},
    {"swords", "", "sword", "fighter", "fighters"},
    {"work", "", NULL, "worker", "workers"},
};

static const struct neutral_pronoun pronouns[] = {
    {"he", "they", "it"},
    {"she", "they", "it"},
    {"him", "them", "it"},
    {"his", "their", "its"},
    {"her", "their", "its"},
    {"hers", "theirs", "its"},
    {"himself", "themselves", "itself"},
    {"herself", "themselves", "itself"},
};

static const struct {
    const char *word, *to;
} others[] = {
    {"man-made", "artificial"},
    {"manmade", "artificial"},
    {"mankind", "humankind"},
};

static const char *const ages[] = {
    "young", "younger", "youngest", "old",  "older",    "oldest",     "elder",       "elderly",
    "aged",  "teenage", "teenaged", "teen", "youthful", "adolescent", "middle-aged", NULL};

static const char *const babies[] = {"baby", "toddler", "infant", "kid", NULL};

static const char *const people[] = {"adult",         "adults",        "kid",
                                     "kids",          "couple",        "couples",
                                     "baby",          "babies",        "toddler",
                                     "toddlers",      "artist",        "artists",
                                     "athlete",       "athletes",      "bicyclist",
                                     "bicyclists",    "biker",         "bikers",
                                     "boxer",         "boxers",        "catcher",
                                     "catchers",      "cheerleader",   "cheerleaders",
                                     "climber",       "climbers",      "cyclist",
                                     "cyclists",      "dancer",        "dancers",
                                     "golfer",        "golfers",       "gymnast",
                                     "gymnasts",      "hiker",         "hikers",
                                     "hunter",        "hunters",       "jogger",
                                     "joggers",       "kayaker",       "kayakers",
                                     "motorcyclist",  "motorcyclists", "musician",
                                     "musicians",     "officer",       "officers",
                                     "owner",         "owners",        "performer",
                                     "performers",    "photographer",  "photographers",
                                     "pitcher",       "pitchers",      "player",
                                     "players",       "racer",         "racers",
                                     "rider",         "riders",        "rollerblader",
                                     "rollerbladers", "runner",        "runners",
                                     "scout",         "scouts",        "singer",
                                     "singers",       "skateboarder",  "skateboarders",
                                     "skater",        "skaters",       "skier",
                                     "skiers",        "snowboarder",   "snowboarders",
                                     "soldier",       "soldiers",      "surfer",
                                     "surfers",       "swimmer",       "swimmers",
                                     "student",       "students",      "teammate",
                                     "teammates",     "archer",        "archers",
                                     "tourist",       "tourists",      "trainer",
                                     "trainers",      "worker",        "workers",
                                     "wrestler",      "wrestlers",     NULL};

static const char *const sports[] = {"baseball", "basketball", "football", "gymnastics", "hockey",
                                     "lacrosse", "rugby",      "soccer",   "softball",   "team",
                                     "teams",    "tennis",     "track",    "volleyball", NULL};

static const char *const animals[] = {
    "animal",    "bear",       "beagle",    "bird",     "birds",     "bull",     "bulldog",
    "camel",     "cat",        "cats",      "collie",   "cow",       "deer",     "dalmatian",
    "doberman",  "dog",        "dogs",      "donkey",   "duck",      "ducks",    "elephant",
    "fox",       "goat",       "goats",     "goose",    "greyhound", "horse",    "horses",
    "husky",     "kitten",     "lab",       "labrador", "lamb",      "lion",     "monkey",
    "pig",       "pony",       "poodle",    "pug",      "puppies",   "puppy",    "rabbit",
    "retriever", "rottweiler", "schnauzer", "seagull",  "sheep",     "shepherd", "spaniel",
    "squirrel",  "swan",       "terrier",   "tiger",    "wolf",      NULL};

static const char *const functions[] = {
    "a",       "about",   "above",   "across",  "after",      "against", "along",   "also",
    "among",   "an",      "and",     "another", "are",        "around",  "as",      "at",
    "away",    "because", "before",  "behind",  "being",      "below",   "beneath", "beside",
    "besides", "between", "both",    "but",     "by",         "down",    "during",  "for",
    "from",    "had",     "has",     "have",    "her",        "his",     "if",      "in",
    "inside",  "into",    "is",      "it",      "its",        "like",    "near",    "nearby",
    "next",    "of",      "off",     "on",      "onto",       "or",      "out",     "outside",
    "over",    "past",    "so",      "than",    "that",       "the",     "their",   "them",
    "then",    "these",   "they",    "this",    "those",      "through", "to",      "together",
    "too",     "toward",  "towards", "under",   "underneath", "until",   "up",      "was",
    "were",    "when",    "where",   "which",   "while",      "whilst",  "who",     "whose",
    "with",    "without", NULL};

static const char *const verbs[] = {
    "climb",  "climbing", "doing",   "fall",    "falling", "go",       "going",    "holding",
    "holds",  "jump",     "jumping", "kiss",    "looking", "looks",    "playing",  "plays",
    "riding", "running",  "sit",     "sitting", "smiling", "stand",    "standing", "swim",
    "taking", "talking",  "walk",    "walking", "watch",   "watching", "wearing",  NULL};

static const char *const costumes[] = {"attire", "boots", "clothes", "clothing", "costume", "gear",
                                       "hat",    "hats",  "outfit",  "outfits",  "suit",    NULL};

static const char *const *const sets[NEUTRAL_SETS] = {
    [NEUTRAL_AGES] = ages,     [NEUTRAL_BABIES] = babies,     [NEUTRAL_PEOPLE] = people,
    [NEUTRAL_SPORTS] = sports, [NEUTRAL_ANIMALS] = animals,   [NEUTRAL_FUNCTIONS] = functions,
    [NEUTRAL_VERBS] = verbs,   [NEUTRAL_COSTUMES] = costumes,
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

_Static_assert(COUNT(nouns) + COUNT(compounds) == NEUTRAL_NOUNS, "neutral.h counts them");

static bool is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

/* The length of the word without -man, -woman, -men or -women; 0 if it does not end so. */
static size_t stem_of(const char *word, bool *is_plural) {
    static const char *const endings[] = {"woman", "women", "man", "men"};
    const size_t length = strlen(word);
    for (size_t i = 0; i < COUNT(endings); i++) {
        const size_t ending = strlen(endings[i]);
        if (length <= ending || !is(word + length - ending, endings[i])) continue;
        *is_plural = i % 2 == 1;
        return length - ending;
    }
    return 0;
}

static const struct neutral_noun *find_compound(const char *word, bool *is_plural) {
    const size_t stem = stem_of(word, is_plural);
    for (size_t i = 0; stem > 0 && i < COUNT(compounds); i++) {
        const char *known = compounds[i].singular;
        if (strlen(known) == stem && memcmp(word, known, stem) == 0) return &compounds[i];
    }
    return NULL;
}

const struct neutral_noun *neutral_noun_find(const char *word, bool *is_plural) {
    for (size_t i = 0; i < COUNT(nouns); i++) {
        *is_plural = is(word, nouns[i].plural);
        if (*is_plural || is(word, nouns[i].singular)) return &nouns[i];
    }
    return find_compound(word, is_plural);
}

static const struct neutral_noun *said_of(const struct neutral_noun *table, size_t count,
                                          const char *word, bool *is_plural) {
    for (size_t i = 0; i < count; i++) {
        *is_plural = is(word, table[i].to_plural);
        if (*is_plural || is(word, table[i].to_singular)) return &table[i];
    }
    return NULL;
}

const struct neutral_noun *neutral_noun_of(const char *word, bool *is_plural) {
    const struct neutral_noun *noun = said_of(nouns, COUNT(nouns), word, is_plural);
    return noun ? noun : said_of(compounds, COUNT(compounds), word, is_plural);
}

const struct neutral_pronoun *neutral_pronoun_find(const char *word) {
    for (size_t i = 0; i < COUNT(pronouns); i++)
        if (is(word, pronouns[i].word)) return &pronouns[i];
    return NULL;
}

const char *neutral_other_word(const char *word) {
    for (size_t i = 0; i < COUNT(others); i++)
        if (is(word, others[i].word)) return others[i].to;
    return word;
}

bool neutral_is_in(enum neutral_set set, const char *word) {
    for (const char *const *known = sets[set]; *known; known++)
        if (is(word, *known)) return true;
    return false;
}

bool neutral_ends_in(const char *word, const char *ending) {
    const size_t length = strlen(word), size = strlen(ending);
    return length > size && is(word + length - size, ending);
}

const char *neutral_article(const char *word) {
    static const char *const like_y[] = {"uni", "use", "usu", "eu", "one"};
    for (size_t i = 0; i < sizeof like_y / sizeof *like_y; i++)
        if (strncmp(word, like_y[i], strlen(like_y[i])) == 0) return "a";
    return strchr("aeiou", word[0]) ? "an" : "a";
}

const char *neutral_plural_verb(char *verb) {
    static const char *const irregular[][2] = {
        {"is", "are"}, {"'s", "'re"}, {"was", "were"}, {"has", "have"}, {"does", "do"}};
    static const char *const es[] = {"ches", "shes", "sses", "xes", "zzes", "oes"};
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++)
        if (is(verb, irregular[i][0])) return irregular[i][1];
    size_t length = strlen(verb);
    if (!neutral_ends_in(verb, "s") || neutral_ends_in(verb, "ss")) return verb;
    verb[--length] = '\0';
    if (length > 3 && neutral_ends_in(verb, "ie")) {
        memcpy(verb + length - 2, "y", 2);
        return verb;
    }
    for (size_t i = 0; i < sizeof es / sizeof *es; i++) {
        const size_t size = strlen(es[i]) - 1;
        if (length > size && memcmp(verb + length - size, es[i], size) == 0)
            verb[length - 1] = '\0';
    }
    return verb;
}

enum { MOST_ADJECTIVES = 2 };

static const char *const numbers[] = {"no",    "one",   "two",  "three", "four",   "five",  "six",
                                      "seven", "eight", "nine", "ten",   "eleven", "twelve"};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* "the two blond children": words[start .. adjectives) are the number or determiner,
 * words[adjectives .. head) are adjectives, words[head] is the noun. */
struct phrase {
    size_t start, adjectives, head;
    size_t number; /* 0: unknown */
    const struct neutral_noun *noun;
    bool is_plural;
};

static size_t number_of(const char *word) {
    if (is(word, "a") || is(word, "an") || is(word, "another")) return 1;
    for (size_t n = 1; n < NUMBERS; n++)
        if (is(word, numbers[n])) return n;
    return 0;
}

/* Determiners without a number that may precede a plural. */
static bool is_vague(const char *word) {
    static const char *const vague[] = {"the",   "several", "many", "some", "few",     "these",
                                        "those", "their",   "its",  "all",  "various", "multiple"};
    for (size_t i = 0; i < sizeof vague / sizeof *vague; i++)
        if (is(word, vague[i])) return true;
    return false;
}

static bool may_be_adjective(const char *word) {
    bool is_plural;
    return !neutral_is_in(NEUTRAL_FUNCTIONS, word) && !neutral_is_in(NEUTRAL_ANIMALS, word) &&
           !neutral_is_in(NEUTRAL_PEOPLE, word) && !neutral_noun_of(word, &is_plural) &&
           !neutral_ends_in(word, "s") && number_of(word) == 0 && !is_vague(word);
}

static bool has_determiner(const struct phrase *phrase) {
    return phrase->adjectives > phrase->start;
}

/* Reads the number or determiner at phrase->start. */
static void read_number(const char **words, size_t count, struct phrase *phrase) {
    size_t at = phrase->start;
    phrase->number = number_of(words[at]);
    if (phrase->number > 0 || is_vague(words[at])) at++;
    if (at < count && phrase->number == 1 && is(words[at], "few")) {
        phrase->number = 0;
        at++;
    }
    if (at < count && at > phrase->start && is(words[at], "other")) at++;
    phrase->adjectives = at;
}

/* The phrase that begins at `start`, if one does. */
static bool read_phrase(const char **words, size_t count, size_t start, struct phrase *phrase) {
    *phrase = (struct phrase){.start = start};
    if (start >= count) return false;
    read_number(words, count, phrase);
    for (size_t at = phrase->adjectives; at < count && at - phrase->adjectives <= MOST_ADJECTIVES;
         at++) {
        phrase->noun = neutral_noun_of(words[at], &phrase->is_plural);
        phrase->head = at;
        if (phrase->noun) break;
        if (!may_be_adjective(words[at])) return false;
        /* "smiling" is one of "a smiling child" alone: "holding child and child" */
        if (!has_determiner(phrase) && neutral_ends_in(words[at], "ing")) return false;
    }
    if (!phrase->noun) return false;
    const bool one = !phrase->is_plural && (!has_determiner(phrase) || is(words[start], "the"));
    if (one) phrase->number = 1;
    return true;
}

/* Where no word gives the number, the phrase begins behind a word that cannot belong to it; NULL:
 * it begins the sentence. */
static bool may_begin(const char *before, const struct phrase *phrase) {
    if (has_determiner(phrase) || !before) return true;
    return neutral_is_in(NEUTRAL_FUNCTIONS, before) && number_of(before) == 0 && !is_vague(before);
}

/* "a blond child and child", "a blond child and a blond child", not "a blond child and a child". */
static bool same_people(const char **words, const struct phrase *a, const struct phrase *b) {
    const size_t adjectives = b->head - b->adjectives;
    if (a->noun != b->noun) return false;
    if (adjectives == 0 && !has_determiner(b) && !a->noun->before) return true;
    if (adjectives != a->head - a->adjectives) return false;
    for (size_t i = 0; i < adjectives; i++)
        if (!is(words[a->adjectives + i], words[b->adjectives + i])) return false;
    return true;
}

/* Writes the determiners of both phrases together to how[2]; returns how many. `number` is the sum,
 * 0 where one number is unknown: then the determiners of that phrase stay. */
static size_t join_numbers(const char **words, const struct phrase *a, const struct phrase *b,
                           size_t number, const char **how) {
    size_t count = 0;
    if (number > 0) {
        if (is(words[a->start], "the")) how[count++] = "the";
        how[count++] = numbers[number];
        if (is(words[a->start], "another")) how[count++] = "other";
        return count;
    }
    const struct phrase *vague = a->number == 0 ? a : b;
    while (count < 2 && vague->start + count < vague->adjectives) {
        how[count] = words[vague->start + count];
        count++;
    }
    return count;
}

/* Writes one phrase over the end of both; returns where it begins. */
static size_t write_joined(const char **words, const struct phrase *a, const struct phrase *b,
                           size_t number) {
    const char *how[2], *adjectives[MOST_ADJECTIVES];
    const size_t determiners = join_numbers(words, a, b, number, how);
    const size_t adjective_count = a->head - a->adjectives;
    for (size_t i = 0; i < adjective_count; i++) adjectives[i] = words[a->adjectives + i];
    const size_t start = b->head - adjective_count - determiners;
    size_t at = start;
    for (size_t i = 0; i < determiners; i++) words[at++] = how[i];
    for (size_t i = 0; i < adjective_count; i++) words[at++] = adjectives[i];
    words[at] = a->noun->to_plural;
    return start;
}

/* "a person or a person": the first is enough. Returns where it then begins. */
static size_t drop_second(const char **words, const struct phrase *a, const struct phrase *b) {
    const size_t start = a->start + (b->head - a->head);
    memmove(words + start, words + a->start, (a->head + 1 - a->start) * sizeof *words);
    return start;
}

/* Joins the phrase with one that follows it, if they are of the same people. What is left ends
 * where both ended, so that the words behind them stay where they are. Returns where it begins. */
static size_t join(const char **words, size_t count, const struct phrase *a) {
    const size_t next = a->head + 1;
    const bool either = next < count && is(words[next], "or");
    const bool both = next < count && is(words[next], "and");
    struct phrase b;
    if (!read_phrase(words, count, next + (either || both), &b) || !same_people(words, a, &b))
        return a->start;
    if (b.head + 1 < count && is(words[b.head + 1], "'s")) return a->start;
    if (either) return a->is_plural == b.is_plural ? drop_second(words, a, &b) : a->start;
    const size_t number = a->number && b.number ? a->number + b.number : 0;
    const bool other = has_determiner(a) && is(words[a->adjectives - 1], "other");
    if (number >= NUMBERS || other) return a->start;
    return write_joined(words, a, &b, number);
}

size_t neutral_phrases_join(const char **words, size_t count) {
    size_t done = 0;
    for (size_t start = 0; start < count;) {
        const char *before = done > 0 ? words[done - 1] : NULL;
        struct phrase phrase;
        size_t joined = start;
        if (read_phrase(words, count, start, &phrase) && may_begin(before, &phrase))
            joined = join(words, count, &phrase);
        if (joined == start)
            words[done++] = words[start++];
        else
            start = joined;
    }
    return done;
}
