"""Segments of tiny random networks, against the same by hand; objects; what goes wrong."""

import itertools
import sys

import numpy as np
import pytest
import tiny_networks
import torch
from PIL import Image
from skimage.transform import resize

from spamlab import models
from spamlab.data import load_image
from spamlab.models import hub
from spamlab.models.pictures import enlarge, how_of, prepare
from spamlab.objects import from_classes

HOW = {"size": {"height": 96, "width": 128}, "resample": 2, **tiny_networks.COLOURS}
KINDS = ("mask2former", "oneformer", "detr")
SEEDS = (0, 1, 2)
LIMITS = {"min_score": 0.3, "min_share": 0.1}  # random networks are certain of little


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    top = tmp_path_factory.mktemp("networks")
    names = [(kind, seed) for kind in KINDS for seed in SEEDS]
    return {(kind, seed): tiny_networks.save(kind, top / f"{kind}{seed}", HOW, seed) for kind, seed in names}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAMLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "segments"


@pytest.fixture(scope="module")
def image():
    return load_image("coffee", 91)  # 61 x 91


def module():
    return sys.modules["spamlab.models.panoptic"]  # the name below models is that of the function


def spelled():
    """Return "the task is panoptic" letter by letter, as the numbers of the tiny tokenizer."""
    said = ["<|startoftext|>"]
    for word in ("the", "task", "is", "panoptic"):
        said += [*word[:-1], f"{word[-1]}</w>"]
    said.append("<|endoftext|>")
    numbers = [tiny_networks.WORDS.index(each) for each in said]
    return torch.tensor([numbers + [0] * (tiny_networks.TASK_LENGTH - len(numbers))])


def answer_by_hand(kind, seed, image):
    """Return what each query says: shares of classes, (Q, C + 1), and chances of its mask, (Q, H, W)."""
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8)).resize((128, 96), Image.BILINEAR)
    pixels = np.asarray(picture) / 255 - tiny_networks.COLOURS["image_mean"]
    pixels = torch.tensor(pixels / tiny_networks.COLOURS["image_std"]).permute(2, 0, 1)[None].float()
    task = {"task_inputs": spelled()} if kind == "oneformer" else {}
    with torch.no_grad():
        answer = tiny_networks.network(kind, seed)(pixels, **task)
    logits, masks = (
        (answer.logits, answer.pred_masks)
        if kind == "detr"
        else (answer.class_queries_logits, answer.masks_queries_logits)
    )
    coarse = masks[0].permute(1, 2, 0).double().numpy()
    fine = resize(coarse, image.shape[:2], order=1, mode="edge", anti_aliasing=False)
    return torch.softmax(logits[0].double(), 1).numpy(), 1 / (1 + np.exp(-fine.transpose(2, 0, 1)))


def segments_by_hand(shares, chances, min_score, min_share):
    """Return the owner of each pixel, the classes and the scores, in whole arrays."""
    scores, classes = shares.max(axis=1), shares.argmax(axis=1)
    kept = (classes < shares.shape[1] - 1) & (scores > min_score)
    order = [query for query in np.argsort(-scores) if kept[query]]
    assert order, "choose another seed, this network sees nothing"
    winner = np.argmax(chances[order] * scores[order][:, None, None], axis=0)
    segments, found = np.full(winner.shape, -1), []
    for place, query in enumerate(order):
        mask = chances[query] >= 0.5
        own = mask & (winner == place)
        if own.sum() > min_share * mask.sum():
            segments[own] = len(found)
            found.append(query)
    return segments, classes[found], scores[found]


@pytest.mark.parametrize("kind", KINDS)
def test_segments_are_those_by_hand(folders, image, kind):
    n_segments = 0
    for seed in SEEDS:
        found = models.panoptic(image, folders[kind, seed], **LIMITS)
        segments, classes, scores = segments_by_hand(*answer_by_hand(kind, seed, image), **LIMITS)
        np.testing.assert_array_equal(found.classes, classes)
        np.testing.assert_allclose(found.scores, scores, atol=1e-3)
        assert found.segments.shape == image.shape[:2] and found.segments.dtype == np.int32
        assert (found.segments == segments).mean() > 0.995, "but for rounding they agree"
        assert found.names == tiny_networks.NAMES
        n_segments += len(classes)
    assert n_segments > 3, "otherwise this compares nothing"


@pytest.mark.parametrize("kind", KINDS)
def test_what_queries_say(folders, image, kind):
    shares, chances = answer_by_hand(kind, 1, image)
    folder = folders[kind, 1]
    logits, masks = module().ask(hub.load(folder, "panoptic"), prepare(image, how_of(folder)), folder)
    np.testing.assert_allclose(torch.softmax(logits, 1), shares, atol=1e-4)
    fine = torch.stack([enlarge(each, image.shape[:2]) for each in masks]).sigmoid()
    np.testing.assert_allclose(fine, chances, atol=5e-3)
    others = [np.abs(chances - np.roll(chances, places, axis=0)).max() for places in range(1, len(chances))]
    assert min(others) > 2e-2, "masks of one query are not those of another"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(33, 57), (120, 31), (1, 9)])
def test_any_size(folders, kind, shape):
    found = models.panoptic(np.random.default_rng(0).random((*shape, 3)), folders[kind, 0], **LIMITS)
    assert found.segments.shape == shape
    assert set(np.unique(found.segments)) - {-1} == set(range(len(found.classes)))


# ---- who gets a pixel; pictures of one row, masks of one cell per pixel, so that nothing is enlarged


def settle(queries, **settings):
    """Settle queries (class or None for nothing, score, chances of pixels); return lists."""
    logits = torch.full((len(queries), 4), -torch.inf)
    for row, (name, score, _) in zip(logits, queries, strict=True):
        row[3 if name is None else name] = np.log(score)
        row[2 if name == 0 or name is None else 0] = np.log(1 - score)
    chances = torch.tensor([chances for _, _, chances in queries], dtype=torch.float64)
    masks = torch.log(chances / (1 - chances))[:, None]
    given = {"min_score": 0.5, "min_share": 0.8, "join": []} | settings
    found = module().settle(logits, masks, (1, chances.shape[1]), **given)
    return found["segments"][0].tolist(), found["classes"].tolist(), found["scores"].tolist()


def test_the_most_certain_query_takes_a_pixel():
    first, second = (1, 0.9, [0.9, 0.9, 0.1, 0.1]), (0, 0.6, [0.2, 0.2, 0.9, 0.9])
    for queries in ([first, second], [second, first]):
        segments, classes, scores = settle(queries)
        assert segments == [0, 0, 1, 1] and classes == [1, 0]
        np.testing.assert_allclose(scores, [0.9, 0.6], atol=1e-6)


def test_the_score_counts_too():
    """At the third pixel the less certain query has the higher chance, 0.8 to 0.6, but 0.48 to 0.54."""
    queries = [(1, 0.9, [0.9, 0.9, 0.6, 0.1]), (0, 0.6, [0.1, 0.1, 0.8, 0.9])]
    assert settle(queries, min_share=0.4)[0] == [0, 0, 0, 1]


def test_what_no_mask_holds_is_nobodys():
    assert settle([(1, 0.9, [0.9, 0.4, 0.1])]) == ([0, -1, -1], [1], pytest.approx([0.9], abs=1e-6))
    beaten = [(1, 0.9, [0.9, 0.45]), (0, 0.6, [0.1, 0.55])]  # 0.405 to 0.33 at the second pixel
    assert settle(beaten)[:2] == ([0, -1], [1]), "the mask that holds it does not win it"


def test_a_mask_that_lost_its_pixels_is_dropped():
    queries = [(1, 0.9, [0.9, 0.9, 0.9, 0.1]), (0, 0.6, [0.6, 0.6, 0.6, 0.9])]
    assert settle(queries)[:2] == ([0, 0, 0, -1], [1]), "1 of 4 pixels is left"
    assert settle(queries, min_share=0.2)[:2] == ([0, 0, 0, 1], [1, 0])
    assert settle(queries, min_share=0.25)[:2] == ([0, 0, 0, -1], [1]), "more than the share is asked for"
    surer = [(1, 0.7, [0.55, 0.55, 0.9]), (0, 0.6, [0.9, 0.9, 0.1])]  # of its class, not of its pixels
    assert settle(surer) == ([0, 0, -1], [0], pytest.approx([0.6], abs=1e-6))


def test_queries_for_nothing_and_doubtful_ones_are_left_out():
    queries = [(None, 0.9, [0.9, 0.9]), (1, 0.5, [0.9, 0.9]), (2, 0.7, [0.1, 0.9])]
    assert settle(queries)[:2] == ([-1, 0], [2])
    assert settle(queries, min_score=0.71) == ([-1, -1], [], [])
    assert settle([(1, 0.5, [0.9, 0.9])]) == ([-1, -1], [], []), "more than the score is asked for"


def test_classes_can_be_joined():
    queries = [(1, 0.6, [0.9, 0.1, 0.1]), (2, 0.8, [0.1, 0.9, 0.1]), (1, 0.9, [0.1, 0.1, 0.9])]
    assert settle(queries)[:2] == ([2, 1, 0], [1, 2, 1])
    assert settle(queries, join=[1]) == ([0, 1, 0], [1, 2], pytest.approx([0.9, 0.8], abs=1e-6))
    assert settle(queries, join=[2])[:2] == ([2, 1, 0], [1, 2, 1])
    queries = [(0, 0.9, [0.9, 0.1, 0.1, 0.1]), (2, 0.8, [0.1, 0.9, 0.1, 0.1])]
    queries += [(1, 0.7, [0.1, 0.1, 0.9, 0.1]), (2, 0.6, [0.1, 0.1, 0.1, 0.9])]
    for order in itertools.permutations(range(4)):
        found = settle([queries[place] for place in order], join=[2, 0])
        assert found == ([0, 1, 2, 1], [0, 2, 1], pytest.approx([0.9, 0.8, 0.7], abs=1e-6))


# ---- class map and objects


@pytest.fixture
def found():
    segments = np.repeat(np.int32([[0, 0, 0, 1, 1, -1, 2, 2, 0, 0]]), 4, axis=0)
    return models.Panoptic(segments, np.int32([3, 3, 1]), np.float32([0.9, 0.8, 0.7]), tiny_networks.NAMES)


def test_class_map(found):
    assert found.class_map()[0].tolist() == [3, 3, 3, 3, 3, 255, 1, 1, 3, 3]
    assert found.class_map(9).max() == 9 and found.class_map().dtype == np.int32
    for ignore, name in ((3, "tree"), (2, "dog")):  # in another picture a dog may be there
        with pytest.raises(ValueError, match=f"ignore={ignore} is '{name}' here, .* give 5 or more"):
            found.class_map(ignore)
    nothing = models.Panoptic(np.full((2, 3), -1, np.int32), np.int32([]), np.float32([]), found.names)
    assert (nothing.class_map() == 255).all()


def test_objects(found):
    """Two trees that touch are two objects, as are two pieces of one; nobody's pixels are uncertain."""
    assert found.objects(min_area=0)[0].tolist() == [1, 1, 1, 2, 2, 0, 3, 3, 4, 4]
    by_class = from_classes(found.class_map(), ignore=255, min_area=0)
    assert by_class[0].tolist() == [1, 1, 1, 1, 1, 0, 2, 2, 3, 3]
    assert (found.objects(uncertain=3, min_area=0)[0, 2:4] == 0).all()
    assert found.objects(min_area=8)[0].tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0], "8 pixels are not more"


# ---- what is kept, and what goes wrong


def test_results_are_kept(folders, own_cache, image, monkeypatch):
    first = models.panoptic(image, folders["detr", 0], **LIMITS)
    with monkeypatch.context() as patch:
        patch.setattr(module(), "ask", None)  # the second time nothing is computed
        again = models.panoptic(image, folders["detr", 0], **LIMITS)
    for name in ("segments", "classes", "scores"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
        assert getattr(again, name).dtype == getattr(first, name).dtype
    assert len(list(own_cache.iterdir())) == 1
    models.panoptic(image, folders["detr", 1], **LIMITS)
    for other in ({"min_score": 0.4}, {"min_share": 0.2}, {"join": [1]}):
        models.panoptic(image, folders["detr", 0], **LIMITS | other)
    models.panoptic(image[::-1], folders["detr", 0], **LIMITS, keep=False)
    assert len(list(own_cache.iterdir())) == 5


def test_what_is_not_here_is_not_downloaded(image, monkeypatch):
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(FileNotFoundError) as caught:
        models.panoptic(image)
    said = str(caught.value)
    assert "spamlab.models.fetch('facebook/mask2former-swin-tiny-coco-panoptic')" in said
    assert "preprocessor_config.json" in said and "from_felzenszwalb, which needs no weights" in said


def test_another_kind_of_network(image, tmp_path):
    folder = tiny_networks.save("segformer", tmp_path / "other", HOW)
    with pytest.raises(ValueError, match="type 'segformer', expected 'detr' or 'mask2former' or 'oneformer'"):
        models.panoptic(image, folder)


def test_oneformer_needs_its_tokenizer(folders, image, tmp_path):
    folder = tiny_networks.save("oneformer", tmp_path / "silent", HOW)
    (folder / "merges.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"neither tokenizer\.json nor vocab\.json and merges\.txt"):
        models.panoptic(image, folder)
    other = answer_by_hand("oneformer", 0, image)[0]
    numbers = hub.tokens(folders["oneformer", 0], "the task is semantic", tiny_networks.TASK_LENGTH)
    assert (numbers != spelled()).any() and len(other), "another task is told in other numbers"


@pytest.mark.parametrize("wrong", [{"min_score": 1.5}, {"min_share": -0.1}, {"min_score": float("nan")}])
def test_wrong_arguments(image, wrong):
    with pytest.raises(ValueError, match="expected a share from 0 to 1"):
        models.panoptic(image, **wrong)


def test_classes_to_join_are_numbers(image):
    with pytest.raises(TypeError, match="join='sky', expected a whole number: numbers of classes"):
        models.panoptic(image, join=["sky"])
    with pytest.raises(ValueError, match="join=-1, expected numbers of classes"):
        models.panoptic(image, join=[-1])
