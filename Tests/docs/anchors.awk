# The anchors that GitHub gives to a Markdown file's headings, one a line.
/^```/ { fenced = !fenced }
!fenced && /^#+ / {
    sub(/^#+ +/, "")
    gsub(/\[|\]\([^)]*\)/, "")
    heading = tolower($0)
    gsub(/[^a-z0-9 _-]/, "", heading)
    gsub(/ /, "-", heading)
    print heading
}
