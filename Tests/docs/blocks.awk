# Turns a Markdown file into a psql script with the same line numbers, so that psql's errors name the document's lines:
#   ```sql               a block whose statements must succeed; results go to LINE.out
#   ```sql error FG006   one statement that must fail with that SQLSTATE
#   ```text output       what the block before it prints; kept in LINE.expected
# Everything else becomes an empty line. The list of blocks, `LINE SQLSTATE`, goes to the file `list`.
# The end of each block echoes `LINE SQLSTATE-as-it-was`; a block that is not reported did not end. `place` is where files go.
/^```sql( error [0-9A-Z]+)?$/ {
    block = NR; state = $3 == "" ? "00000" : $3; inside = "sql"
    print block, state > (place "/list")
    printf "\\set ON_ERROR_STOP %s \\\\ \\o %s/%d.out\n", state == "00000" ? "on" : "off", place, block
    next
}
/^```sql/ { print FILENAME ":" NR ": a fence that says neither sql nor sql error SQLSTATE" > "/dev/stderr"; exit 1 }
/^```text output$/ { inside = "output"; printf "" > (place "/" block ".expected"); print ""; next }
/^```$/ && inside == "sql" { inside = ""; printf "\\o \\\\ \\echo %d :SQLSTATE\n", block; next }
/^```/ { inside = ""; print ""; next }
inside == "sql" { print; next }
inside == "output" { print > (place "/" block ".expected") }
{ print "" }
