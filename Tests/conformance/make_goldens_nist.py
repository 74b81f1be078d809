#!/usr/bin/env python3
"""Writes NIST's Statistical Reference Datasets for linear regression (public domain, https://www.itl.nist.gov/div898/strd/):
data/nist_*.csv, powers of x as columns of their own, and goldens/nist_*.csv with a row of coefficient and standard error for
each term, the intercept first.

The goldens are least squares in exact rational arithmetic, and are compared with the values that NIST certifies. Wampler's y are
made of their formulas; Longley's table is data/longley.csv.
"""
import decimal
import fractions
import pathlib

import numpy as np
import pandas as pd

here = pathlib.Path(__file__).parent
F = fractions.Fraction
decimal.getcontext().prec = 60

NORRIS = """0.1 0.2 338.8 337.4 118.1 118.2 888.0 884.6 9.2 10.1 228.1 226.5 668.5 666.3 998.5 996.3 449.1 448.6 778.9 777.0
559.2 558.2 0.3 0.4 0.1 0.6 778.1 775.5 668.8 666.9 339.3 338.0 448.9 447.5 10.8 11.6 557.7 556.0 228.3 228.1 998.0 995.8
888.8 887.6 119.6 120.2 0.3 0.3 0.6 0.3 557.6 556.8 339.3 339.1 888.0 887.2 998.5 999.0 778.9 779.0 10.2 11.1 117.6 118.3
228.9 229.2 668.4 669.1 449.2 448.9 0.2 0.5"""
PONTIUS = """0.11019 0.21956 0.32949 0.43899 0.54803 0.65694 0.76562 0.87487 0.98292 1.09146 1.20001 1.30822 1.41599 1.52399
1.63194 1.73947 1.84646 1.95392 2.06128 2.16844 0.11052 0.22018 0.32939 0.43886 0.54798 0.65739 0.76596 0.87474 0.98300
1.09150 1.20004 1.30818 1.41613 1.52408 1.63159 1.73965 1.84696 1.95445 2.06177 2.16829"""
FILIP = """0.8116 -6.860120914 0.9072 -4.324130045 0.9052 -4.358625055 0.9039 -4.358426747 0.8053 -6.955852379
0.8377 -6.661145254 0.8667 -6.355462942 0.8809 -6.118102026 0.7975 -7.115148017 0.8162 -6.815308569 0.8515 -6.519993057
0.8766 -6.204119983 0.8885 -5.853871964 0.8859 -6.109523091 0.8959 -5.79832982 0.8913 -5.482672118 0.8959 -5.171791386
0.8971 -4.851705903 0.9021 -4.517126416 0.909 -4.143573228 0.9139 -3.709075441 0.9199 -3.499489089 0.8692 -6.300769497
0.8872 -5.953504836 0.89 -5.642065153 0.891 -5.031376979 0.8977 -4.680685696 0.9035 -4.329846955 0.9078 -3.928486195
0.7675 -8.56735134 0.7705 -8.363211311 0.7713 -8.107682739 0.7736 -7.823908741 0.7775 -7.522878745 0.7841 -7.218819279
0.7971 -6.920818754 0.8329 -6.628932138 0.8641 -6.323946875 0.8804 -5.991399828 0.7668 -8.781464495 0.7633 -8.663140179
0.7678 -8.473531488 0.7697 -8.247337057 0.77 -7.971428747 0.7749 -7.676129393 0.7796 -7.352812702 0.7897 -7.072065318
0.8131 -6.774174009 0.8498 -6.478861916 0.8741 -6.159517513 0.8061 -6.835647144 0.846 -6.53165267 0.8751 -6.224098421
0.8856 -5.910094889 0.8919 -5.598599459 0.8934 -5.290645224 0.894 -4.974284616 0.8957 -4.64454848 0.9047 -4.290560426
0.9129 -3.885055584 0.9209 -3.408378962 0.9219 -3.13200249 0.7739 -8.726767166 0.7681 -8.66695597 0.7665 -8.511026475
0.7703 -8.165388579 0.7702 -7.886056648 0.7761 -7.588043762 0.7809 -7.283412422 0.7961 -6.995678626 0.8253 -6.691862621
0.8602 -6.392544977 0.8809 -6.067374056 0.8301 -6.684029655 0.8664 -6.378719832 0.8834 -6.065855188 0.8898 -5.752272167
0.8964 -5.132414673 0.8963 -4.811352704 0.9074 -4.098269308 0.9119 -3.66174277 0.9228 -3.2644011"""
WAMPLER = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048, -2048, 1838, -2048, 2048, -2048, 2523,
           -2048, 2048, -2048, 759]
# The last coefficient and its standard error, as certified.
CERTIFIED = {
    "norris": (1.00211681802045, 0.429796848199937e-3), "pontius": (-0.316081871345029e-14, 0.486652849992036e-16),
    "noint1": (2.07438016528926, 0.165289256198347e-1), "noint2": (0.727272727272727, 0.420827318078432e-1),
    "filip": (-0.402962525080404e-4, 0.896632837373868e-5), "longley": (1829.15146461355, 455.478499142212),
    "wampler1": (1, 0), "wampler2": (0.1e-4, 0), "wampler3": (1, 0.112324854679312), "wampler4": (1, 11.2324854679312),
    "wampler5": (1, 1123.24854679312),
}


def solve(x, y):
    """Exact least squares: coefficients and standard errors."""
    p, n = len(x[0]), len(y)
    gram = [[sum(r[i] * r[j] for r in x) for j in range(p)] for i in range(p)]
    rows = [gram[i] + [F(int(i == j)) for j in range(p)] for i in range(p)]
    for k in range(p):
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(p):
            if i != k:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k])]
    inverse = [row[p:] for row in rows]
    right = [sum(r[i] * v for r, v in zip(x, y)) for i in range(p)]
    beta = [sum(a * b for a, b in zip(row, right)) for row in inverse]
    rss = sum((v - sum(a * b for a, b in zip(r, beta))) ** 2 for r, v in zip(x, y))
    variances = [rss / (n - p) * inverse[i][i] for i in range(p)]
    return [float(b) for b in beta], [float((decimal.Decimal(v.numerator) / v.denominator).sqrt()) for v in variances]


def write(name, x, y, columns, intercept=True):
    """x: rows of exact numbers, without the constant."""
    design = [[F(1)] * intercept + row for row in x]
    found = solve(design, y)
    for ours, theirs in zip((found[0][-1], found[1][-1]), CERTIFIED[name]):
        assert abs(ours - theirs) <= 2e-14 * max(abs(theirs), 1e-300) or ours == theirs, (name, ours, theirs)
    np.savetxt(here / "goldens" / f"nist_{name}.csv", np.column_stack(found), fmt="%.17g", delimiter=",")
    frame = pd.DataFrame([[float(v) for v in row] for row in x], columns=columns)
    frame["target"] = [float(v) for v in y]
    frame.to_csv(here / "data" / f"nist_{name}.csv", index=False, float_format="%.17g")


def powers(x, degree):
    return [[v ** k for k in range(1, degree + 1)] for v in x], [f"x{k}" for k in range(1, degree + 1)]


def pairs(text):
    numbers = [F(word) for word in text.split()]
    return numbers[1::2], numbers[::2]


x, y = pairs(NORRIS)
write("norris", *[powers(x, 1)[0], y, ["x1"]])
x = [F(150000 * (1 + i % 20)) for i in range(40)]
write("pontius", powers(x, 2)[0], [F(word) for word in PONTIUS.split()], ["x1", "x2"])
write("noint1", [[F(v)] for v in range(60, 71)], [F(v) for v in range(130, 141)], ["x1"], intercept=False)
write("noint2", [[F(4)], [F(5)], [F(6)]], [F(3), F(4), F(4)], ["x1"], intercept=False)
x, y = pairs(FILIP)
write("filip", powers(x, 10)[0], y, powers(x, 10)[1])
x = [F(i) for i in range(21)]
line = [sum(v ** k for k in range(6)) for v in x]
write("wampler1", powers(x, 5)[0], line, powers(x, 5)[1])
write("wampler2", powers(x, 5)[0], [sum((v / 10) ** k for k in range(6)) for v in x], powers(x, 5)[1])
for name, factor in [("wampler3", 1), ("wampler4", 100), ("wampler5", 10_000)]:
    write(name, powers(x, 5)[0], [v + factor * d for v, d in zip(line, WAMPLER)], powers(x, 5)[1])
longley = pd.read_csv(here / "data/longley.csv", dtype=str)
write("longley", [[F(v) for v in row[:-1]] for row in longley.to_numpy()], [F(v) for v in longley["target"]], list(longley.columns[:-1]))
(here / "data/nist_longley.csv").unlink()
