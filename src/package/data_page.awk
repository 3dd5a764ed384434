# Prints caption-data(5) from the part "Data" of the training guide: awk -f data_page.awk src/train/README.md

# Code as roff takes it: quotes stay straight, "-" is the character of flags.
function code(text) {
    gsub(/\\\|/, "|", text)
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    return text
}

# Text of the guide, with `code` in bold.
function roff(text,    parts, count, i, line) {
    count = split(text, parts, "`")
    for (i = 1; i <= count; i++) line = line (i % 2 ? parts[i] : "\\fB" code(parts[i]) "\\fR")
    return (line ~ /^[.']/ ? "\\&" : "") line
}

# A row of a table: what the format is called, and what it looks like.
function print_row(row,    place) {
    gsub(/^\| | \|$/, "", row)
    place = index(row, " | ")
    print ".TP\n" roff(substr(row, 1, place - 1)) "\n" roff(substr(row, place + 3))
}

# A command, or a line of one, as it is.
function print_command(line) {
    print ".PP\n.nf\n" code(substr(line, 5)) "\n.fi"
}

BEGIN {
    print ".\\\" Made from src/train/README.md.\n.TH CAPTION-DATA 5 \"\" \"caption\" \"File Formats\""
    print ".SH NAME\ncaption\\-data \\- photos with captions, as caption train and caption eval read them"
    print ".SH DESCRIPTION"
}
/^#/ { wanted = $0 == "## Data"; next }
!wanted || /^\| format/ || /^\|---/ { next }
/^\|/ { print_row($0); next }
/^    / { print_command($0); next }
/^$/ { print ".PP"; next }
{ print roff($0) }
END { print ".SH SEE ALSO\n.BR caption\\-train (1),\n.BR caption\\-eval (1),\n.BR caption\\-score (1)" }
