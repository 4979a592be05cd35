"""Rebuild data/images from the pictures of scikit-image; print the sizes and sums for the table.

Run ``python data/make_images.py [folder]``. The bytes of a PNG depend on the version of Pillow and
its compressor: another SHA-256 does not mean another picture.
"""

import hashlib
import sys
from pathlib import Path

import skimage.data
from PIL import Image

MAX_SIDE = 512
NAMES = {  # file name: function of skimage.data
    "astronaut": "astronaut",
    "camera": "camera",
    "chelsea": "chelsea",
    "coffee": "coffee",
    "coins": "coins",
    "gravel": "gravel",
    "retina": "retina",
    "rocket": "rocket",
    "tissue": "immunohistochemistry",
}


def picture(name: str) -> Image.Image:
    """Return one picture, 8-bit RGB or grey, its long side at most MAX_SIDE pixels."""
    image = Image.fromarray(getattr(skimage.data, NAMES[name])())
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS, reducing_gap=None)
    return image


def main(folder: Path) -> None:
    """Write every picture to `folder` as PNG, and print one line for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        image, file = picture(name), folder / f"{name}.png"
        image.save(file, optimize=True)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        print(f"{file.name}  {image.height} x {image.width}  {digest}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images")
