"""Tells decoys from real answers as well as it can; runs where scikit-learn is: ``python classify.py FILE``.

``FILE`` has rows for each kind of answer (JSON). Two classifiers, a random forest and gradient boosting, learn from
four fifths of the paths and are asked about the last fifth, five times. What is printed (JSON) is the AUC of the better
one, for each family of features and all together, and for real answers alone with labels by a coin: what chance gives.
"""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

Row = dict[str, object]
GOAL = ["time", "head", "body"]
"""Families of features that the goal is about."""
MISSING = -1.0
FOLDS = 5


def table(rows: list[dict[str, dict[str, float]]], families: list[str]) -> np.ndarray:
    """Return the features of some families as numbers; what an answer does not have is -1."""
    names = sorted({f"{family} {name}" for row in rows for family in families for name in row[family]}) or ["none"]
    places = {name: number for number, name in enumerate(names)}
    out = np.full((len(rows), len(names)), MISSING)
    for number, row in enumerate(rows):
        for family in families:
            for name, value in row[family].items():
                out[number, places[f"{family} {name}"]] = value
    return out


def auc(numbers: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> float:
    """Return the area under the curve of the better classifier, on paths that it has not seen.

    Both classes weigh the same in each fifth: where there is nothing to learn, their shares must not tell.
    """
    best = 0.0
    for model in (
        RandomForestClassifier(200, min_samples_leaf=4, class_weight="balanced", random_state=1, n_jobs=2),
        HistGradientBoostingClassifier(
            max_iter=80, learning_rate=0.06, min_samples_leaf=15, class_weight="balanced", random_state=1
        ),
    ):
        told = cross_val_predict(model, numbers, labels, groups=groups, cv=GroupKFold(FOLDS), method="predict_proba")
        best = max(best, float(roc_auc_score(labels, told[:, 1])))
    return best


def main() -> None:
    """Print AUCs by kind of answer and family of features."""
    out: dict[str, dict[str, float]] = {}
    for kind, rows in json.loads(Path(sys.argv[1]).read_text()).items():
        found = [row["features"] for row in rows]
        labels = np.array([int(row["decoy"]) for row in rows])
        groups = np.array([zlib.crc32(row["group"].encode()) for row in rows])
        result = {family: auc(table(found, [family]), labels, groups) for family in found[0]}
        result["all"] = auc(table(found, GOAL), labels, groups)
        real = labels == 0
        coin = np.random.default_rng(1).integers(0, 2, int(real.sum()))
        result["chance"] = auc(table(found, GOAL)[real], coin, np.arange(int(real.sum())))
        out[kind] = result
    print(json.dumps(out))


if __name__ == "__main__":
    main()
