"""How LNS-Net learns one picture: a loss, a step, and the fifty steps that the paper takes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spamlab.lnsnet import (
    Network,
    adaptive_factor,
    boundary_factor,
    clustering,
    contour_map,
    estimate,
    near_seeds,
    reconstruction,
    rescale,
    sample,
    standardise,
)
from spamlab.lnsnet.gradients import remember
from spamlab.training.lnsnet_recipe import LNSNetRecipe


class View(NamedTuple):
    """A picture as it is learned from; a portrait one is transposed.

    Attributes
    ----------
    x : (1, 5, H, W) Tensor
        What `standardise` gave.
    contours : (H, W) Tensor
        B, from `contour_map`.
    """

    x: Tensor
    contours: Tensor


def view(colour: NDArray[np.float32], contours: str = "sobel", device: torch.device | str = "cpu") -> View:
    """Prepare a picture in Lab, (H, W, 3), to be learned from."""
    colour = colour.transpose(1, 0, 2) if colour.shape[0] > colour.shape[1] else colour
    found = torch.from_numpy(contour_map(colour, contours))
    return View(standardise(colour).to(device), found.to(device))


def loss(network: Network, seen: View, recipe: LNSNetRecipe, Z: Tensor | None = None) -> Tensor:
    """Return what is to become small: L_c + beta L_r, or L_c alone.

    Parameters
    ----------
    network : Network
        Its `shift` says whether seeds walk.
    seen : View
    recipe : LNSNetRecipe
        Variant 3 rescales the gradients.
    Z : (1, 20, H, W) Tensor, optional
        Features that stay as they are, while seeds alone learn: there is nothing to paint then.
    """
    value = 0.0
    if Z is None:
        Z = network(seen.x)
        Y = network.decoder(Z)
        if recipe.variant == 3:
            Y = rescale(Y, boundary_factor(seen.contours, recipe.threshold))
        value = recipe.beta * reconstruction(Y, seen.x, recipe.phi)
        if recipe.variant == 3:
            Z = rescale(Z, adaptive_factor(network.decoder.weight, network.memory))
    seeds = estimate(network.seeds, Z, recipe.n_segments, network.shift)
    near = near_seeds(tuple(Z.shape[2:]), seeds.end.detach(), recipe.near)
    return value + clustering(Z[0].flatten(1).T, sample(Z, seeds.end), near)


def step(
    network: Network,
    optimizer: torch.optim.Optimizer,
    seen: View,
    recipe: LNSNetRecipe,
    Z: Tensor | None = None,
) -> float:
    """Take one step on one picture and return the loss before it; with `Z`, the seed layer alone learns."""
    network.seeds.requires_grad_(Z is not None)  # with Z, no gradient reaches the other parts
    value = loss(network, seen, recipe, Z)
    optimizer.zero_grad(set_to_none=True)  # what is frozen has no gradient, so Adam leaves it alone
    value.backward()
    optimizer.step()
    network.requires_grad_(True)
    return float(value.detach())


def learn(
    network: Network,
    optimizer: torch.optim.Optimizer,
    seen: View,
    recipe: LNSNetRecipe,
    tick: Callable[[], object] | None = None,
) -> list[float]:
    """Learn one picture: first the features, then the seeds; then it is remembered.

    ``tick()`` is called after each step.

    Returns
    -------
    list of float
        The losses of the steps, those of the features first.
    """
    losses, Z = [], None
    for number in range(recipe.features + recipe.seeds * (network.shift > 0)):
        if number == recipe.features:
            with torch.no_grad():
                Z = network(seen.x)
        losses.append(step(network, optimizer, seen, recipe, Z))
        if tick is not None:
            tick()
    network.memory.copy_(remember(network.decoder.weight, network.memory, recipe.share))
    return losses
