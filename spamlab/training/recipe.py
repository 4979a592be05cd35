"""What decides a training, in plain numbers; loads without torch, so that help texts are quick."""

import math
from dataclasses import dataclass

from spamlab._arguments import number, whole_number


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Attributes
    ----------
    rate : float
        Learning rate of Adam after the warm-up; it falls to 1% of it along half a cosine.
    warm_up : int
        Steps in which it rises from 0.
    steps : int, optional
        The last step.
    budget : float, optional
        Minutes of training in all, those before a stop counted in. What is reached first ends the training.
    average : float
        The averaged weights keep this share of themselves in each step (less in the first steps).
    validate : float
        Minutes between validations, which also save the state.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.
    """

    rate: float = 2e-3
    warm_up: int = 100
    steps: int | None = None
    budget: float | None = None
    average: float = 0.998
    validate: float = 5.0

    def __post_init__(self):
        number("rate", self.rate, "a learning rate above 0; 0.002 is usual", above=0)
        whole_number("warm_up", self.warm_up, "1 or more steps; 100 is usual", 1)
        if self.steps is not None:
            whole_number("steps", self.steps, "1 or more steps", 1)
        if self.budget is not None:
            number("budget", self.budget, "minutes, above 0; 30 is usual", above=0)
        if number("average", self.average, "a share from 0 to below 1; 0.998 is usual", low=0) >= 1:
            raise ValueError(f"average={self.average}, expected a share from 0 to below 1; 0.998 is usual")
        number("validate", self.validate, "minutes, 0 or more (0: after every step); 5 is usual", low=0)

    def progress(self, step: int, seconds: float) -> float:
        """Return the share of the training that is done, in [0, 1]."""
        by_steps = step / self.steps if self.steps else 0.0
        by_time = seconds / (60 * self.budget) if self.budget else 0.0
        return min(1.0, max(by_steps, by_time))

    def rate_at(self, step: int, progress: float) -> float:
        """Return the learning rate of a step."""
        cosine = 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2
        return self.rate * min(1.0, (step + 1) / self.warm_up) * cosine


@dataclass(frozen=True)
class Common:
    """What decides any training on pieces of pictures, besides the data and the schedule.

    Attributes
    ----------
    start : str
        A file of weights to begin with; "" begins anew.
    widths : tuple of int
        Channels of each scale of the network.
    size, count : int
        Side of a training piece in pixels, and pieces per step in each process.
    annotators : int
        Annotations per piece.
    scale : (float, float, float)
        Spread, lowest and highest enlargement; the paper of SSN: 0.75, 0.75, 3.
    step : (float, float)
        Range of the grid interval in pixels, drawn per step; the paper of SSN: 20.
    compactness : (float, float)
        Range of SLIC's m, drawn per step. The log validates at its middle.
    n_iter : int
        Rounds of clustering; the paper of SSN: 5.
    regular : float
        Weight of the compactness loss.
    reduction : {"mean", "sum"}
        Of the compactness loss.
    seed : int
        Of the weights, the pieces and everything else.
    precision : {"auto", "float32", "bfloat16"}
        Of the network; "auto" is bfloat16 on a GPU.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.
    """

    start: str = ""
    widths: tuple[int, ...] = (32, 64, 64)
    size: int = 200
    count: int = 4
    annotators: int = 3
    scale: tuple[float, float, float] = (0.75, 0.75, 3.0)
    step: tuple[float, float] = (16.0, 40.0)
    compactness: tuple[float, float] = (10.0, 20.0)
    n_iter: int = 5
    regular: float = 1e-5
    reduction: str = "mean"
    seed: int = 0
    precision: str = "auto"

    def __post_init__(self):
        if len(self.widths) == 0:
            raise ValueError("widths is empty, expected the channels of each scale; (32, 64, 64) is usual")
        for width in self.widths:
            whole_number("widths", width, "1 or more channels at each scale; (32, 64, 64) is usual", 1)
        whole_number("size", self.size, "16 or more pixels; 200 is usual", 16)
        for name in ("count", "annotators", "n_iter"):
            whole_number(name, getattr(self, name), "1 or more", 1)
        number("scale", self.scale[0], "a spread of 0 or more first; 0.75 is usual", low=0)
        _check_range("scale", self.scale[1:], above=0)
        _check_range("step", self.step, low=2)
        _check_range("compactness", self.compactness, above=0)
        number("regular", self.regular, "a weight of 0 or more; 1e-5 is usual", low=0)
        whole_number("seed", self.seed, "0 or more", 0)
        check_word("reduction", self.reduction, ("mean", "sum"))
        check_word("precision", self.precision, ("auto", "float32", "bfloat16"))


@dataclass(frozen=True)
class Recipe(Common):
    """Everything that decides what SSN learns: `Common`, and two attributes more.

    Attributes
    ----------
    ending : {"linear", "relu", "norm"}
        How the network's features end; the paper: "relu", that of SPAM: "norm". See `Network`.
    inputs : {3, 5}
        What the network sees: colour, or colour and position as scaled in F (the paper).
    """

    ending: str = "linear"
    inputs: int = 3

    def __post_init__(self):
        super().__post_init__()
        if self.inputs not in (3, 5):
            raise ValueError(f"inputs={self.inputs}, expected 3 (colour) or 5 (colour and position)")
        check_word("ending", self.ending, ("linear", "relu", "norm"))


@dataclass(frozen=True)
class SPAMRecipe(Recipe):
    """Everything that decides what SPAM learns: that of SSN, with another compactness.

    The paper of SPAM: eta = 7.5, that is a compactness of 28.8; a grid interval of 20; the weight 1e-5 on the
    mean of the compactness loss, whose gradient is far too small to be felt. That of the sum is about as
    large as that of the reconstruction loss, and grows with `count`; it made nothing better, see
    data/checkpoints/README.md.
    """

    compactness: tuple[float, float] = (25.0, 45.0)


@dataclass(frozen=True)
class SegmentsRecipe(Common):
    """Everything that decides what superpixels and segments learn: `Common`, and the switches of the paper.

    Attributes
    ----------
    norm, shared, concat
        See `spamlab.segments.Network`.
    detached : bool
        Whether the pair loss leaves the superpixels alone: no gradient of it goes through the assignment.
    pairs, superpixels : float
        Weights of the pair loss, and of SSN's reconstruction loss. The paper has the pair loss alone.
    """

    norm: str = "group8"
    shared: bool = False
    concat: bool = True
    detached: bool = False
    pairs: float = 1.0
    superpixels: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        if len(self.widths) != 3:
            raise ValueError(f"widths={self.widths}, expected the channels of three scales")
        check_word("norm", self.norm, ("group8", "group32", "batch"))
        for name in ("pairs", "superpixels"):
            number(name, getattr(self, name), "a weight of 0 or more; 1 is usual", low=0)


def _check_range(name: str, values: tuple[float, float], **limit: float) -> None:
    (word, bound), *_ = limit.items()
    expected = f"two numbers {'above' if word == 'above' else 'of at least'} {bound:g}, the lower first"
    for value in values:
        number(name, value, expected, **limit)
    if values[0] > values[1]:
        raise ValueError(f"{name}={values[0]:g} to {values[1]:g}, expected {expected}")


def check_word(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a value that is none of the known words."""
    if value not in known:
        raise ValueError(f"{name}={value!r}, expected one of {', '.join(known)}")
