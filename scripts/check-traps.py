#!/usr/bin/env python3
"""Lists what scoring in a backend must never meet (docs/safety.md): in every function of libforge.so that the
forge_model_* entry points reach, an instruction that traps (ud2, brk), or a call that allocates, retains or aborts.
Prints the offenders and fails; else prints how many functions it has seen.

Not followed: swift_willThrowTyped, which looks for a hook that only test libraries set, and swift_getWitnessTable, by
which the first refusal in a process gets its error's witness table: out of the library's own data, as probe P6 shows.

    scripts/check-traps.py .build-ext-15/release/libforge.so
"""
import re
import subprocess
import sys

ENTRY = re.compile(r"forge_model_(measure|decode|info|column|label|score|predict|explain|prepare|feature)$")
FORBIDDEN = re.compile(r"(malloc|calloc|realloc|posix_memalign|abort|swift_(slow)?[aA]lloc\w*|swift_(bridgeObject)?[rR]etain\w*|"
                       r"swift_once|swift_unexpectedError\w*|swift_getGenericMetadata)(@plt)?$")
LEAVES = re.compile(r".*@plt$|swift_willThrowTyped|swift_getWitnessTable$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)(?:\s+([0-9a-f]+)\b)?")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def read_functions(library):
    """Address -> (name, traps, addresses called or jumped to). What lies behind a symbol's end is a function of its own."""
    sizes = {}
    for line in output("nm", "-S", library):
        fields = line.split()
        if len(fields) == 4:
            sizes[int(fields[0], 16)] = int(fields[1], 16)
    functions, here, end = {}, None, 0
    for line in output("objdump", "-d", "--no-show-raw-insn", library):
        header = re.match(r"^([0-9a-f]+) <(.*)>:$", line)
        if header:
            here = int(header[1], 16)
            end = here + sizes.get(here, 1 << 40)
            functions[here] = [header[2], 0, set()]
            continue
        instruction = INSTRUCTION.match(line)
        if not instruction or here is None:
            continue
        address, operation, target = int(instruction[1], 16), instruction[2], instruction[3]
        if address >= end:
            here, end = address, 1 << 62
            functions[here] = [f"(unnamed at {address:x})", 0, set()]
        functions[here][1] += operation in ("ud2", "brk")
        if target and (operation.startswith(("call", "j")) or operation in ("b", "bl")):
            functions[here][2].add(int(target, 16))
        if operation.startswith("lea") and (taken := re.search(r"# ([0-9a-f]+) <", line)):
            functions[here][2].add(int(taken[1], 16))  # a closure's address: it may be called
    return functions


def main():
    functions = read_functions(sys.argv[1])
    queue = [address for address, function in functions.items() if ENTRY.match(function[0])]
    if len(queue) != 10:
        sys.exit(f"expected 10 entry points, found {len(queue)}")
    callers = dict.fromkeys(queue, "C")
    problems = []
    for address in queue:
        name, traps, targets = functions[address]
        if traps:
            problems.append(f"{traps} trap(s) in {name}, called by {callers[address]}")
        for target in sorted(targets):
            if target not in functions or target in callers:
                continue
            callers[target] = name
            callee = functions[target][0]
            if FORBIDDEN.match(callee):
                problems.append(f"{name}, called by {callers[address]}, calls {callee}")
            elif not LEAVES.match(callee):
                queue.append(target)
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(queue)} functions reached from forge_model_*: no trap, no allocation")


main()
