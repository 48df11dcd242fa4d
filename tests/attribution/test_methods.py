"""What every method keeps, and what scores must and must not be."""

import numpy as np
import pytest
import torch

from tests.attribution.toys import Toy, linear_data, small_net
from versionmatch import plugins, testing
from versionmatch.attribution.context import Context
from versionmatch.attribution.methods.bounded import UnlearnBounded
from versionmatch.attribution.methods.gradients import EkfacInfluence, GradDot, TracIn, Trak
from versionmatch.attribution.methods.groups import GroupUnlearn
from versionmatch.attribution.methods.likeness import Embedding, Hidden, Ngram, RandomScores
from versionmatch.attribution.methods.unlearning import UnlearnDiagonal, UnlearnEkfac
from versionmatch.attribution.metrics import Truth, lds, spearman
from versionmatch.attribution.reference.adapters import TransformerModel
from versionmatch.attribution.reference.melodies import edited, mash_up
from versionmatch.attribution.reference.stored import Trained
from versionmatch.attribution.reference.transformer import TuneTransformer
from versionmatch.attribution.weights import restored
from versionmatch.conformance import ConformanceError
from versionmatch.errors import CapabilityError, IntegrityError, LimitError

QUICK = {"unlearn-bounded": {"max_steps": 3, "draws": 2, "query_draws": 4}}


def scores(method, context, query, candidates=None):
    ids = context.corpus.ids if candidates is None else candidates
    return method.score(context, method.fit(context), query, ids)


@pytest.mark.parametrize("name", [n for n in plugins.names("attributors") if n not in {"embedding", "tracin"}])
def test_method_conforms(name, denoiser, outsiders):
    method = plugins.find("attributors", name)(**QUICK.get(name, {}))
    testing.check_attributor(method, denoiser, dict(list(outsiders.items())[:2]))


def test_tracin_conforms(transformer, outsiders):
    testing.check_attributor(TracIn(), transformer, dict(list(outsiders.items())[:1]))


@pytest.mark.parametrize("fixture", ["transformer", "denoiser"])
def test_the_reference_models_conform(fixture, request, outsiders):
    testing.check_adapter(request.getfixturevalue(fixture), outsiders)


class Forgetful(Ngram):
    """A method that breaks a rule: it leaves the weights moved."""

    def score(self, context, fitted, query, candidates):
        with torch.no_grad():
            next(iter(context.model.params().values())).add_(1e-3)
        return super().score(context, fitted, query, candidates)


def test_a_method_that_leaves_weights_moved_does_not_conform(trained, outsiders):
    net = TuneTransformer(trained.params)
    net.load_state_dict(trained.net.state_dict())
    model = TransformerModel(Trained(net, trained.params, trained.tunes, 0))
    with pytest.raises(ConformanceError, match="bit for bit"):
        testing.check_attributor(Forgetful(), model, dict(list(outsiders.items())[:1]))


class Batched(Toy):
    """An adapter that breaks a rule: an item's loss depends on its batch."""

    def losses(self, batch, draws, *, mask_pad):
        found = super().losses(batch, draws, mask_pad=mask_pad)
        return found - found.mean()


def test_an_adapter_whose_losses_depend_on_the_batch_does_not_conform():
    model = Batched(small_net(), *linear_data(6, 4))
    with pytest.raises(ConformanceError, match="do not depend on the others of its batch"):
        testing.check_adapter(model, {"q": [1, 2, 3, 4, 5]})


def test_a_toy_of_sixty_lines_conforms():
    testing.check_adapter(Toy(small_net(), *linear_data(6, 4), noise=0.1), {"q": [1, 2, 3, 4, 5], "r": [0, 0, 1, 0, 1]})


def test_what_a_model_cannot_do_is_said_before_anything_is_computed():
    from versionmatch.attribution.attribute import attribute

    class Untouchable(Toy):
        def losses(self, batch, draws, *, mask_pad):
            raise AssertionError("nothing may be computed")

    model = Untouchable(small_net(), *linear_data(6, 4))
    with pytest.raises(CapabilityError, match=r"'tracin' needs checkpoints, which the model 'toy' does not offer"):
        attribute(Context(model, model.corpus), {"q": [1, 2, 3, 4, 5]}, "tracin")
    with pytest.raises(CapabilityError, match="'embedding' needs embedding"):
        Embedding().fit(Context(model, model.corpus))


def test_an_embedding_may_be_any_function_of_a_batch(transformer, outsiders):
    context = Context(transformer, transformer.trained.corpus, embed=lambda b: np.eye(4)[[len(i) % 4 for i in b.ids]])
    query = transformer.read(dict(list(outsiders.items())[:1]))
    assert scores(Embedding(), context, query).values.shape == (len(context.corpus),)


def test_weights_are_put_back_bit_for_bit_when_the_work_fails(transformer):
    before = {n: p.detach().clone() for n, p in transformer.params().items()}

    def fail():
        with restored(transformer) as weights:
            weights.move(torch.ones(sum(p.numel() for p in before.values())), 0.37)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert all(torch.equal(p, before[n]) for n, p in transformer.params().items())


def test_weights_that_are_no_numbers_are_told():
    model = Toy(small_net(), *linear_data(6, 4))
    with torch.no_grad():
        model.params()["0.bias"][0] = float("nan")
    with pytest.raises(IntegrityError, match="could not be put back"), restored(model):
        pass


def test_with_the_same_noise_before_and_after_a_tiny_step_changes_next_to_nothing(noisy, outsiders):
    """With other noise the difference of two noises drowns it, however small the step."""
    query = noisy.model.read(dict(list(outsiders.items())[:1]))
    same = scores(UnlearnDiagonal(rise=1e-3, draws=4), noisy, query)
    other = scores(UnlearnDiagonal(rise=1e-3, draws=4, same_noise=False), noisy, query)
    assert np.abs(same.values).max() < 2e-3
    assert np.abs(other.values).mean() > 20 * np.abs(same.values).mean()
    assert same.by_draw.shape == (len(noisy.corpus), 4)


def test_the_loss_of_the_output_rises_by_the_share_that_was_asked(context, noisy, outsiders):
    from versionmatch.attribution.losses import batch_losses

    for each in (context, noisy):
        query = each.model.read(dict(list(outsiders.items())[:1]))
        for method in (UnlearnEkfac(rise=0.1), UnlearnDiagonal(rise=0.1)):
            before = batch_losses(each, query, each.draws(64, "query"), mask_pad=True).mean()
            assert scores(method, each, query).facts["rise"] == pytest.approx(0.1 * before, rel=0.011)


def test_an_items_own_influence_is_the_largest_which_proves_nothing(context):
    """Every method passes this one, likeness of tokens too: it is shown, and never leant on."""
    item = context.corpus.ids[7]
    for method in (Ngram(), Hidden(), GradDot(), EkfacInfluence(), UnlearnDiagonal(), UnlearnEkfac()):
        found = scores(method, context, context.model.load([item]))
        assert found.values.argmax() == 7, method.name


@pytest.mark.parametrize("method", [Ngram(), UnlearnEkfac()], ids=lambda m: m.name)
def test_a_piece_edited_in_two_fifths_of_its_notes_leads_to_its_source(method, context):
    tunes = context.model.trained.tunes
    found = [
        scores(method, context, context.model.read({"e": edited(tunes[i], 0.4, id="e", seed=i)})) for i in range(8)
    ]
    assert np.mean([row.values.argmax() == i for i, row in enumerate(found)]) >= 0.75


def test_a_mash_up_leads_to_both_its_sources(context):
    tunes = context.model.trained.tunes
    hits = []
    for i in range(6):
        query = context.model.read({"m": mash_up(tunes[i], tunes[i + 20], id="m")})
        top = np.argsort(-scores(UnlearnEkfac(), context, query).values)[:4]
        hits.append(len({i, i + 20} & set(top.tolist())) / 2)
    assert np.mean(hits) >= 0.75


def test_scores_of_random_weights_are_other_scores(trained, outsiders):
    """Model randomisation: what does not change when the weights do is not about the model."""
    torch.manual_seed(440)
    models = [
        TransformerModel(trained),
        TransformerModel(Trained(TuneTransformer(trained.params), trained.params, trained.tunes, 0)),
    ]
    contexts = [Context(m, m.trained.corpus) for m in models]
    for method, same in ((Ngram(), True), (UnlearnEkfac(), False), (EkfacInfluence(), False)):
        rows = [[scores(method, c, c.model.read({k: v})).values for k, v in outsiders.items()] for c in contexts]
        agreement = np.mean([spearman(a[:, None], b[:, None])[0] for a, b in zip(*rows, strict=True)])
        assert (agreement > 0.999) if same else (agreement < 0.5), (method.name, agreement)


def test_random_scores_predict_nothing():
    rng = np.random.default_rng(440)
    members = np.stack([rng.permutation(100) < 50 for _ in range(60)])
    weights = rng.normal(size=(30, 100))
    truth = Truth(members, -(members @ weights.T)[:, None, :])
    model = Toy(small_net(), *linear_data(100, 4))
    context = Context(model, model.corpus)
    found = [scores(RandomScores(), context, model.read({f"q{i}": [1, 2, 3, 4, 5]})).values for i in range(30)]
    assert abs(lds(np.stack(found), truth)) < 0.06
    assert lds(weights, truth) == pytest.approx(1.0)


def test_holders_sums_are_what_unlearning_the_holder_cost(context, outsiders):
    method = GroupUnlearn()
    fitted = method.fit(context)
    query = context.model.read(dict(list(outsiders.items())[:1]))
    found = dict(zip(context.corpus.ids, method.score(context, fitted, query, context.corpus.ids).values, strict=True))
    for holder, ids in context.corpus.of_holders().items():
        size, direction = fitted.steps[holder]
        with restored(context.model) as weights, torch.no_grad():
            before = context.model.losses(query, context.draws(1, "score"), mask_pad=False).item()
            weights.move(direction, size)
            after = context.model.losses(query, context.draws(1, "score"), mask_pad=False).item()
        assert sum(found[i] for i in ids) == pytest.approx(after - before, abs=1e-6)


def test_bounded_unlearning_stops_once_the_loss_has_risen_enough(context, outsiders):
    query = context.model.read(dict(list(outsiders.items())[:1]))
    found = scores(UnlearnBounded(rise=0.02, rate=1e-3), context, query)
    assert 0 < found.facts["rise"] < 0.5
    assert found.facts["steps"] < 60


def test_the_ridge_of_trak_keeps_a_sketch_wider_than_the_corpus_from_saying_nothing(context, outsiders):
    query = context.model.read(dict(list(outsiders.items())[:1]))
    exact = scores(GradDot(), context, query).values
    wide = scores(Trak(dim=2048, ridge=100.0), context, query).values  # all ridge: the product of the sketches
    assert spearman(exact[:, None], wide[:, None])[0] > 0.9


def test_gradients_that_do_not_fit_name_the_limit(context):
    from versionmatch.attribution.sketch import Gradients, SketchSpec

    with pytest.raises(LimitError, match="max_gib"):
        Gradients(context, SketchSpec(max_gib=1e-6))


def test_held_out_pieces_hardly_change(transformer, outsiders):
    pieces = list(outsiders.items())
    held_out = (transformer.read(dict(pieces[1:])),)
    context = Context(transformer, transformer.trained.corpus, held_out=held_out)
    found = scores(UnlearnEkfac(), context, transformer.read(dict(pieces[:1])))
    assert abs(found.facts["collateral"]) < 0.25
