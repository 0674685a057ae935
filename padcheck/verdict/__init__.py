"""The mechanism: a box against a reference spec, and what would explain the difference.

Rules:
1. A measured box is run on one probe and its output, rounded, compared with the oracle's by
   `==`; a predicted one is compared tap by tap (`records.same_function`).
2. Every cause offers counterfactual specs; one is live if it reproduces the output exactly.
   Faults of some axes only, and two faults together, are tried when nothing simpler fits.
3. Live counterfactuals of different causes are told apart at another input size, where they
   differ. What fails there is out. Those that differ at no size are one function under two
   names, and the name that comes first in `causes.PRECEDENCE` is used.
4. One cause left: proven. Several: ambiguous, naming the rivals. None: unexplained (PAD999).
5. A box that does not do what its own rule predicts is a diverging framework (PAD998).
"""

from padcheck.verdict.judgement import Judgement, unverified
from padcheck.verdict.measured import judge
from padcheck.verdict.predicted import judge_predicted
from padcheck.verdict.suspects import Suspect

__all__ = ["Judgement", "Suspect", "judge", "judge_predicted", "unverified"]
