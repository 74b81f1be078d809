"""Goldens of calibrators from scikit-learn. Run from this folder; see README.md."""
import numpy as np
import pandas as pd
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression


def golden(name, values):
    with open(f"goldens/{name}.csv", "w") as file:
        file.writelines(f"{value:.17g}\n" for value in values)


data = pd.read_csv("data/binary_scores.csv")
truth, score = data["truth"].to_numpy(), data["score"].to_numpy()
isotonic = IsotonicRegression(out_of_bounds="clip").fit(score, truth)
golden("binary_scores.isotonic_x", isotonic.X_thresholds_)
golden("binary_scores.isotonic_y", isotonic.y_thresholds_)
for name, x in (("probability", score), ("margin", 10 * score - 3)):
    sigmoid = _SigmoidCalibration().fit(x, truth)
    golden(f"binary_scores.platt_{name}", sigmoid.predict(x))
