#include "report/caption_page_parts.h"

const char caption_filter[] =
    "<form id=\"filter\" role=\"search\" hidden>\n"
    "<label for=\"words\">Filter</label>\n"
    "<input id=\"words\" type=\"search\" placeholder=\"words of captions or file names\" "
    "autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\">\n"
    "<output for=\"words\" aria-live=\"polite\"></output>\n"
    "</form>\n";

const char caption_filter_style[] =
    "#filter{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;align-items:center;"
    "gap:.5rem .75rem;margin:1.5rem 0 1.25rem;padding:.75rem 0;background:var(--paper);"
    "border-bottom:1px solid var(--rule)}\n"
    "#filter[hidden]{display:none}\n"
    "#filter label{font-weight:600}\n"
    "#filter input{flex:1 1 14rem;min-width:0;max-width:32rem;min-height:2.75rem;padding:.4rem "
    ".8rem;border:1px solid var(--muted);border-radius:.5rem;background:var(--card);"
    "color:inherit;font:inherit}\n"
    "#filter input::placeholder{color:var(--muted);opacity:1}\n"
    "#filter output{color:var(--muted);font-variant-numeric:tabular-nums}\n"
    "@media (max-width:600px){#filter label{display:none}#filter output{flex:1 0 100%}}\n"
    "@media print{#filter{display:none}}\n";

/* A photo stays where all words are parts of its caption, tags or path; accents and case do not
 * count. The texts are gathered when they are first asked for, and only what changes is touched. */
const char caption_filter_script[] =
    "\"use strict\";\n"
    "(() => {\n"
    "  const form = document.getElementById(\"filter\");\n"
    "  const input = form.querySelector(\"input\");\n"
    "  const output = form.querySelector(\"output\");\n"
    "  const cards = [...document.querySelectorAll(\".photos>li\")];\n"
    "  if (cards.length === 0) return;\n"
    "  const plain = (text) => text.normalize(\"NFD\").replace(/\\p{M}/gu, "
    "\"\").toLowerCase();\n"
    "  let texts;\n"
    "  const gather = () => cards.map((card) => plain([...card.querySelectorAll(\n"
    "    \".said,.tags,.name\")].map((part) => part.textContent).join(\"\\n\")));\n"
    "  const count = (number) => number.toLocaleString(\"en\");\n"
    "  const filter = () => {\n"
    "    if (!texts) texts = gather();\n"
    "    const words = plain(input.value).split(/\\s+/).filter((word) => word);\n"
    "    let shown = 0;\n"
    "    cards.forEach((card, i) => {\n"
    "      const hidden = !words.every((word) => texts[i].includes(word));\n"
    "      if (card.hidden !== hidden) card.hidden = hidden;\n"
    "      if (!hidden) shown++;\n"
    "    });\n"
    "    output.value = words.length === 0 ? \"\" :\n"
    "      count(shown) + \" of \" + count(cards.length) +\n"
    "      (cards.length === 1 ? \" photo\" : \" photos\");\n"
    "  };\n"
    "  input.addEventListener(\"input\", filter);\n"
    "  form.addEventListener(\"submit\", (event) => event.preventDefault());\n"
    "  form.hidden = false;\n"
    "  if (input.value) filter(); /* a browser remembers what was typed */\n"
    "})();\n";
