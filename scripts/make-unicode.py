#!/usr/bin/env python3
"""Writes Sources/CForgeMath/forge_unicode_table.h: what the text encoder must know of Unicode to see the words that
scikit-learn's TfidfVectorizer sees, that is `re.findall(r"(?u)\\b\\w\\w+\\b", text.lower())`. Everything is asked of Python's own
str.lower and re, so the table's Unicode version is that of the Python which runs this.

    scripts/make-unicode.py > Sources/CForgeMath/forge_unicode_table.h
"""
import re
import sys
import unicodedata

WORD, CASED, IGNORABLE, PAIRS = 1, 2, 4, 8
DOTTED_I, SIGMA = 0x130, 0x3A3  # the two that are lower-cased by more than a table


def properties(code):
    """(flags, what lower-casing adds to the code)"""
    text = chr(code)
    lower = text.lower()
    if code != DOTTED_I:
        assert len(lower) == 1, hex(code)
    flags = WORD if re.match(r"\w", text) else 0
    # A capital sigma becomes a final one behind a cased letter, case-ignorable characters between them.
    if (text + "Σ").lower().endswith("ς"):
        flags |= CASED
    elif ("A" + text + "Σ").lower().endswith("ς"):
        flags |= IGNORABLE
    return flags, 0 if code == DOTTED_I else ord(lower[0]) - code


def runs():
    """(first, flags, delta): codes from `first` on; with PAIRS every second one, the first among them, has the delta."""
    table = [properties(code) if not 0xD800 <= code <= 0xDFFF else (0, 0) for code in range(0x110000)]
    code = 0
    while code < len(table):
        flags, delta = table[code]
        end = code + 1
        while end < len(table) and table[end] == (flags, delta):
            end += 1
        if delta == 1 and end == code + 1 and end < len(table) and table[end] == (flags, 0):
            while end + 1 < len(table) and table[end] == (flags, 0) and table[end + 1] == (flags, 1):
                end += 2
            if table[end] == (flags, 0):
                end += 1
            yield code, flags | PAIRS, delta
        else:
            yield code, flags, delta
        code = end


def main():
    entries = list(runs())
    print(f"// Made by scripts/make-unicode.py from Unicode {unicodedata.unidata_version}: do not edit.")
    print("#pragma once")
    print("#include <stdint.h>\n")
    print(f"enum {{ FORGE_WORD = {WORD}, FORGE_CASED = {CASED}, FORGE_CASE_IGNORABLE = {IGNORABLE}, FORGE_CASE_PAIRS = {PAIRS} }};\n")
    print("// Codes from `first` up to the next entry's; with FORGE_CASE_PAIRS only every second one, `first` among them, has the delta.")
    print("typedef struct ForgeCodes {")
    print("    uint32_t first;")
    print("    int32_t flags, delta;")
    print("} ForgeCodes;\n")
    print(f"static const ForgeCodes forge_codes[{len(entries)}] = {{")
    line = "   "
    for first, flags, delta in entries:
        item = f" {{0x{first:X}, {flags}, {delta}}},"
        if len(line) + len(item) > 120:
            print(line)
            line = "   "
        line += item
    print(line)
    print("};")


main()
