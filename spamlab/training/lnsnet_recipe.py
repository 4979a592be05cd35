"""What decides a training of LNS-Net, in plain numbers; loads without torch."""

from dataclasses import dataclass

from spamlab._arguments import number, whole_number
from spamlab.training.recipe import check_word


@dataclass(frozen=True)
class LNSNetRecipe:
    """Everything that decides what LNS-Net learns.

    Attributes
    ----------
    variant : {1, 2, 3}
        LNS-1: seeds on the grid. LNS-2: seeds that walk. LNS-3: and gradients rescaled.
    contours : {"sobel", "canny"}
        Where gradients turn round, see `spamlab.lnsnet.contour_map`.
    embedder : {"released", "paper"}
        See `spamlab.lnsnet.Network`.
    start : str
        A file of weights to begin with; "" begins anew.
    scale : float
        Pictures are learned with sides of this share. 1 in the paper; 0.5 takes a quarter of the time.
    n_segments : int
        The number K asked for.
    near : int
        Seeds that are near to a pixel.
    features, seeds : int
        Steps per picture: first embedder and decoder learn, then the layer that moves seeds.
    passes : int
        How often every picture comes; 1 in the paper.
    rate : float
        Learning rate of Adam.
    beta, phi : float
        Weights of the reconstruction loss, and of the position in it.
    share : float
        How much of the memory is renewed after each picture.
    threshold : float
        Contours are what is stronger. There, the error in position is made to grow, and it has no bound: with
        a low threshold or a high rate a training may run away.
    average : float
        The averaged weights keep this share of themselves after each picture. 0, as in the paper: they are
        those that the last picture left.
    seed : int
        Of the weights and of the order of the pictures.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range.
    """

    variant: int = 3
    contours: str = "sobel"
    embedder: str = "released"
    start: str = ""
    scale: float = 1.0
    n_segments: int = 100
    near: int = 9
    features: int = 40
    seeds: int = 10
    passes: int = 1
    rate: float = 3e-4
    beta: float = 10.0
    phi: float = 1.0
    share: float = 0.5
    threshold: float = 0.7
    average: float = 0.0
    seed: int = 0

    def __post_init__(self):
        whole_number("variant", self.variant, "1, 2 or 3", 1, 3)
        check_word("contours", self.contours, ("sobel", "canny"))
        check_word("embedder", self.embedder, ("released", "paper"))
        whole_number("n_segments", self.n_segments, "2 or more; 100 is usual", 2)
        for name in ("near", "features", "passes"):
            whole_number(name, getattr(self, name), "1 or more", 1)
        for name in ("seeds", "seed"):
            whole_number(name, getattr(self, name), "0 or more", 0)
        number("rate", self.rate, "a learning rate above 0; 0.0003 is usual", above=0)
        if number("scale", self.scale, "a share above 0, 1 at most", above=0) > 1:
            raise ValueError(f"scale={self.scale}, expected a share above 0, 1 at most")
        for name in ("beta", "phi"):
            number(name, getattr(self, name), "a weight of 0 or more", low=0)
        for name in ("share", "threshold", "average"):
            if number(name, getattr(self, name), "a share from 0 to 1", low=0) > 1:
                raise ValueError(f"{name}={getattr(self, name)}, expected a share from 0 to 1")
