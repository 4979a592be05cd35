"""Make the picture of README: ``python .github/make_readme_picture.py``."""

from pathlib import Path

from spamlab.data import load_image
from spamlab.plot import mean_colours, show
from spamlab.slic import slic

image = load_image("coffee")
labels = slic(image, 200)
show(
    image,
    (image, labels),
    mean_colours(image, labels),
    text=f"A photograph, its {labels.max() + 1} superpixels, and each painted in its mean colour.",
).save(Path(__file__).with_name("readme.jpg"))
