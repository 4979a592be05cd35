"""SAM against the straightforward procedure of sam_by_the_book.py, on random weights."""

import numpy as np
import pytest
import sam_by_the_book as book
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spamlab.data import load_image
from spamlab.models import Filters, Sam, sam_masks
from spamlab.models.cleaning import clean, suppress
from spamlab.models.decoder import DOUBT, Decoder
from spamlab.models.encoder import embed, prepare
from spamlab.models.filters import stable_box
from spamlab.models.generate import generate
from spamlab.models.proposals import as_xy, grid
from spamlab.models.upsampling import Cut, Frame

SIDE = 14  # points
CHOSEN = {"min_stability": 0.8, "max_overlap": 0.9, "min_area": 3000}


@pytest.fixture(scope="module")
def image():
    return np.rint(load_image("coffee") * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def tiny():
    return book.random_sam()


@pytest.fixture(scope="module")
def predictions(tiny, image):
    return list(book.predict(tiny, image, SIDE))


@pytest.fixture(scope="module")
def expected(tiny, image, predictions):
    return by_the_book(tiny, image, predictions, SIDE)


def by_the_book(model, image, predictions, n):
    """Return thresholds, and what the straightforward procedure makes of them."""
    iou = float(torch.cat([scores.flatten() for _, scores, *_ in predictions]).quantile(0.3))
    limits = {"iou": iou, "stability": 0.8, "nms": 0.9, "least": 3000}
    return iou, *book.generate(model, image, n, **limits, predictions=predictions)


class Given:
    """Stands for the decoder: predictions that are at hand; tokens are the numbers of points."""

    doubt = 0.0

    def __init__(self, predictions, frame):
        points, scores, logits, _ = zip(*predictions, strict=True)
        self.scores, self.logits = torch.cat(scores), torch.cat(logits)
        self.points = as_xy(frame, np.concatenate(points)[:, ::-1])

    def prompt(self, points, labels, boxes):
        return (points - self.points).abs().sum(2).argmin(1)

    def look(self, tokens):
        quality = self.scores[tokens]
        return torch.cat([torch.full((len(tokens), 1), 9.0), quality], 1), torch.zeros(len(tokens), 4), tokens

    def draw(self, masks, keys):
        return self.logits[keys]


def by_given(predictions, shape, side, n, filters, **options):
    frame = Frame(shape, side, side // 4)
    return generate(Given(predictions, frame), frame, n, filters, **options)


def same(found, expected, score=1e-5):
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.mask == theirs["mask"]).all()
        assert ours.predicted_iou == pytest.approx(theirs["iou"], abs=1e-5)
        assert ours.stability_score == pytest.approx(theirs["stability"], abs=score, nan_ok=True)
        assert ours.point == pytest.approx(theirs["point"])


@pytest.mark.parametrize("batch", [1, 5])
def test_same_logits_give_the_same_masks(tiny, image, predictions, expected, batch):
    iou, masks, removed = expected
    assert len(masks) >= 20
    assert min(removed[step] for step in ("iou", "stability", "nms", "cleaned")) >= 5
    same(by_given(predictions, image.shape[:2], 256, SIDE, Filters(iou, **CHOSEN), batch=batch), masks)


def test_same_weights_give_the_same_masks(tiny, image, expected):
    iou, masks, _ = expected
    same(sam_masks(image, tiny, SIDE, min_iou=iou, precision="float32", progress=False, **CHOSEN), masks)


def test_slimsam(image):
    """The size of the default network."""
    model = book.random_slimsam()
    predictions = list(book.predict(model, image, 8))
    iou = float(torch.cat([scores.flatten() for _, scores, *_ in predictions]).quantile(0.2))
    masks, removed = book.generate(model, image, 8, iou, 0.8, nms=0.97, predictions=predictions)
    assert len(masks) >= 20 and min(removed[step] for step in ("iou", "stability", "nms")) >= 5
    filters = {"min_iou": iou, "min_stability": 0.8, "max_overlap": 0.97, "min_area": 0}
    same(by_given(predictions, image.shape[:2], 1024, 8, Filters(**filters)), masks)
    same(sam_masks(image, model, 8, precision="float32", progress=False, **filters), masks)


def test_thresholds_of_zero_keep_all(tiny, image):
    predictions = list(book.predict(tiny, image, 5))
    masks, _ = book.generate(tiny, image, 5, 0, 0, nms=1, predictions=predictions)
    filters = Filters(0, 0, max_overlap=1)
    assert len(masks) == 3 * 5**2
    same(by_given(predictions, image.shape[:2], 256, 5, filters), masks)


def test_embedding_and_logits_are_those_of_transformers(tiny, image):
    pixels, _ = book.prepare(tiny, image)
    points = torch.tensor([[[20.0, 90.0]], [[200.0, 31.5]], [[128.0, 128.0]]], dtype=torch.float64)
    with torch.inference_mode():
        assert torch.equal(prepare((image / 255).astype(np.float32), 256), pixels)
        embedding = embed(tiny, pixels)
        torch.testing.assert_close(embedding, tiny.get_image_embeddings(pixels), atol=1e-5, rtol=1e-5)
        theirs = tiny(image_embeddings=embedding, input_points=points[None])
        decoder = Decoder(tiny, embedding)
        quality, masks, keys = decoder.look(decoder.prompt(points, torch.ones(3, 1), None))
        logits = decoder.draw(masks[:, 1:], keys)
        again = decoder.again(points)
    torch.testing.assert_close(quality[:, 1:], theirs.iou_scores[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(logits, theirs.pred_masks[0], atol=DOUBT * float(logits.abs().max()), rtol=0)
    torch.testing.assert_close(again, theirs.pred_masks[0], atol=1e-6 * float(logits.abs().max()), rtol=0)


def test_bfloat16_is_near(tiny, image):
    exact, rough = (
        Sam(image, tiny, name).masks((100, 200), several=True) for name in ("float32", "bfloat16")
    )
    for a, b in zip(exact, rough, strict=True):
        assert a.predicted_iou == pytest.approx(b.predicted_iou, abs=0.05)
        assert (a.mask != b.mask).mean() < 0.1


def test_a_chosen_object_as_transformers_sees_it(tiny, image):
    pixels, seen = book.prepare(tiny, image)
    scale = seen[0] / image.shape[0], seen[1] / image.shape[1]
    xy = [[200 * scale[1], 100 * scale[0]], [10 * scale[1], 300 * scale[0]]]
    corners = [[50 * scale[1], 40 * scale[0], 349 * scale[1], 299 * scale[0]]]
    theirs = tiny(
        pixel_values=pixels,
        input_points=torch.tensor([[xy]], dtype=torch.float64),
        input_labels=torch.tensor([[[1, 0]]]),
        input_boxes=torch.tensor([corners], dtype=torch.float64),
        multimask_output=False,
    )
    logits = book.enlarge(theirs.pred_masks[0, 0].detach(), 256, seen, image.shape[:2])[0].numpy()
    sam = Sam(image, tiny, "float32")
    (found,) = sam.masks([(100, 200), (300, 10)], [1, 0], box=(40, 50, 300, 350))
    assert (found.mask == (logits > 0)).mean() > 0.9999
    assert found.predicted_iou == pytest.approx(float(theirs.iou_scores.detach()), abs=1e-4)
    assert found.point == (100, 200)
    three = sam.masks((100, 200))
    assert len(three) == 3 and len(sam.masks(box=(40, 50, 300, 350))) == 1
    assert [m.predicted_iou for m in three] == sorted((m.predicted_iou for m in three), reverse=True)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ({}, "expected points"),
        ({"labels": [1], "box": (0, 0, 5, 5)}, "expected points"),
        ({"points": (341, 0)}, r"341.*within a picture of 341 x 512"),
        ({"points": (0, 0), "labels": [2]}, r"\[2\] for 1 points"),
        ({"points": [(0, 0), (1, 1)], "labels": [1]}, "2 points"),
        ({"points": np.empty((0, 2))}, "at least one point"),
        ({"box": (5, 5, 5, 9)}, "top < bottom"),
        ({"box": (0, 0, 342, 9)}, "within a picture"),
    ],
)
def test_wrong_prompts(tiny, image, prompt, words):
    with pytest.raises(ValueError, match=words):
        Sam(image, tiny, "float32").masks(**prompt)


def test_fast_asks_less_and_finds_some(tiny, image, expected):
    asked = []
    given = {"min_iou": expected[0], "precision": "float32", "progress": False, **CHOSEN}
    plain = sam_masks(image, tiny, SIDE, **given)
    prompt = Decoder.prompt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Decoder, "prompt", lambda self, *a: asked.append(len(a[0])) or prompt(self, *a))
        quick = sam_masks(image, tiny, SIDE, fast=True, **given)
    assert sum(asked) < SIDE**2 and len(quick) > 0
    points = {each.point for each in plain}
    assert any(each.point in points for each in quick)


def test_grid_and_its_turn_to_xy():
    assert grid((10, 30), 2).tolist() == [[2.5, 7.5], [2.5, 22.5], [7.5, 7.5], [7.5, 22.5]]
    assert as_xy(Frame((10, 30), 60, 15), np.array([[2.5, 7.5]])).tolist() == [[15, 5]]


boxes = arrays(np.int64, (12, 4), elements=st.integers(0, 8)).map(
    lambda b: np.concatenate([np.minimum(b[:, :2], b[:, 2:]), np.maximum(b[:, :2], b[:, 2:])], 1)
)


@given(boxes, arrays(np.float32, 12, elements=st.sampled_from([0.1, 0.5, 0.9])), st.sampled_from([0.3, 0.7]))
def test_suppression(boxes, scores, limit):
    assert suppress(boxes, scores, limit).tolist() == book.suppress(boxes, scores, limit)


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.integers(0, 12))
def test_cleaning(mask, least):
    found, touched = clean(mask, least)
    expected, theirs = book.clean(mask, least) if mask.any() else (mask, False)
    assert (found == expected).all() and touched == theirs


sizes = st.tuples(st.integers(3, 70), st.integers(3, 70))


@given(arrays(np.float32, (8, 8), elements=st.floats(-3, 3, width=32)), sizes, st.sampled_from([0.5, 1.0]))
def test_measures_hold_what_is_true(logits, shape, level):
    frame = Frame(shape, 32, 8)
    exact = book.enlarge(torch.from_numpy(logits)[None], 32, frame.seen, shape)[0].numpy()
    cut = Cut.of(logits, -level)
    least, most = frame.measure(cut, -level, 0, level)
    for column, threshold in enumerate((level, -level)):
        assert least[column] <= (exact > threshold).sum() <= most[column]
    rows, cols = np.nonzero(exact > 0)
    if len(rows):
        box = [rows.min(), -rows.max(), cols.min(), -cols.max()]
        sign = [1, -1, 1, -1]
        assert (most[2:] * sign <= box).all() and (box <= least[2:] * sign).all()
    assert (frame.full(cut, -level) > -level).tolist() == (exact > -level).tolist()
    inside = exact > -level
    assert (frame.full(cut, -level)[inside] == exact[inside]).all()


def test_what_is_in_doubt_is_asked_again(tiny, image, expected):
    """A decoder that is a little wrong gives the same masks, since it knows how wrong it may be."""
    draw = Decoder.draw

    def wrong(self, *given):
        logits = draw(self, *given)
        noise = torch.Generator().manual_seed(0)  # the same in whatever order threads come
        error = torch.randn(logits.shape, generator=noise).clamp(-1, 1)
        return logits + 0.5 * self.doubt * logits.abs().amax((2, 3), True) * error

    given = {"min_iou": expected[0], "precision": "float32", "progress": False, "batch": 8, **CHOSEN}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spamlab.models.decoder.DOUBT", 2.0**-9)  # so large that it shows
        patch.setattr(Decoder, "draw", wrong)
        same(sam_masks(image, tiny, SIDE, **given), expected[1], score=0.01)
        patch.setattr("spamlab.models.generate.settle", lambda decoder, frame, found, filters: found)
        unsettled = sam_masks(image, tiny, SIDE, **given)
    differ = [(a.mask != b["mask"]).sum() for a, b in zip(unsettled, expected[1], strict=True)]
    assert sum(differ) > 0, "without asking again the noise shows"


@given(arrays(np.float32, (8, 8), elements=st.integers(-2, 2).map(float)), sizes)
def test_decisions_at_the_threshold_are_exact(logits, shape):
    """Whole numbers put many pixels exactly on a threshold."""
    frame = Frame(shape, 32, 8)
    exact = book.enlarge(torch.from_numpy(logits)[None], 32, frame.seen, shape)[0]
    inner, outer = (exact > 1).sum(dtype=torch.int32), (exact > -1).sum(dtype=torch.int32)
    for limit in (0.25, 0.5, float(inner / outer)):
        found = stable_box(frame, Cut.of(logits, -1.0), Filters(min_stability=limit))
        if limit > 0 and not bool(inner / outer >= limit):
            assert found is None
        elif limit > 0:
            x0, y0, x1, y1 = book.boxes_of([exact > 0])[0].int().tolist()
            assert found == (y0, x0, y1, x1)
